import { describe, expect, it } from 'vitest';
import type { DemoResult, Removal } from './demo-result.js';
import { formatResult } from './format-result.js';

const result: DemoResult = {
  records: 314,
  people: 2,
  converged: true,
  firestore: { reads: 30, writes: 20, deletes: 0, rulesReads: 40 },
  signals: { count: 25, maxBytes: 121 },
  conflicts: 1,
  editToPeerMs: { p50: 40, p99: 90.5 },
};
const removed: Removal = {
  person: 'Cleo',
  role: 'viewer',
  told: true,
  denied: true,
  keepsEarlier: true,
  opensLater: false,
  othersConverged: true,
};

describe('the result for people', () => {
  it('says of what part of the run the counts are', () => {
    const text = formatResult(result);
    expect(text.match(/\*$/gm)).toHaveLength(3);
    expect(text).toMatch(/\* .*without the edits one by one$/);
  });

  it('has nothing to say of a removal where nobody was removed', () => {
    expect(formatResult(result)).not.toContain('remov');
    expect(formatResult({ ...result, removed })).toContain('Cleo, viewer: told, denied');
  });

  it.each<Partial<Removal>>([
    { told: false },
    { denied: false },
    { keepsEarlier: false },
    { opensLater: true },
    { othersConverged: false },
  ])('shows at a glance what went wrong: %j', (wrong) => {
    expect(formatResult({ ...result, removed })).not.toMatch(/[A-Z]{3}/);
    expect(formatResult({ ...result, removed: { ...removed, ...wrong } })).toMatch(/[A-Z]{3}/);
  });
});
