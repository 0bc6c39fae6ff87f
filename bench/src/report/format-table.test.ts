import { expect, it } from 'vitest';
import { formatTable } from './format-table.js';

it('says by how much every figure has changed, nested ones too', () => {
  const baseline = { writes: 100, peers: { blob: { writes: 10 } } };
  const table = formatTable({ writes: 150, peers: { blob: { writes: 10 } }, reads: 3 }, baseline);
  const [, writes, blob, reads] = table.split('\n');
  expect(writes).toMatch(/writes +150 +100 +\+50 %/);
  expect(blob).toMatch(/peers\.blob\.writes +10 +10 +=/);
  expect(reads?.trim()).toMatch(/^reads +3$/);
});
