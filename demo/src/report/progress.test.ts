import { describe, expect, it } from 'vitest';
import { createProgress } from './progress.js';

function run(isTTY: boolean): string {
  let text = '';
  let nowMs = 0;
  const progress = createProgress({ isTTY, write: (part) => (text += part) }, () => nowMs);
  progress.begin('Importing');
  progress.advance(1, 2);
  progress.advance(2, 2);
  nowMs = 1_240;
  progress.begin('Comparing');
  progress.note('All the same.');
  progress.end();
  return text;
}

describe('progress', () => {
  it('is one plain line a step where it goes to a file', () => {
    expect(run(false)).toBe('Importing 2/2 (1.2 s)\nComparing (0.0 s)\nAll the same.\n');
  });

  it('counts in place on a terminal', () => {
    expect(run(true)).toContain('\r\u001b[KImporting 1/2 ...\r\u001b[KImporting 2/2 ...');
  });
});
