/**
 * Commits to the store at a path without end, and says what was acknowledged: a stand-in for an
 * app that is killed. Batch n puts `batch/n/0` to `batch/n/4`, and n into `last`.
 */
import { createNodeStore } from '../node/index.js';

const [path = ''] = process.argv.slice(2);
const store = createNodeStore(path);
const read = await store.get('last');
if (!read.ok) throw new Error(read.error.message);
const text = (value: number): Uint8Array => new TextEncoder().encode(String(value));
let last = read.value ? Number(new TextDecoder().decode(read.value)) : 0;

for (;;) {
  const batch = last + 1;
  const put = new Map([['last', text(batch)]]);
  for (let part = 0; part < 5; part += 1) {
    // Some of them longer than what LevelDB buffers before it writes.
    const length = batch % 7 === 0 ? 40_000 : 100;
    put.set(`batch/${String(batch)}/${String(part)}`, new Uint8Array(length).fill(batch & 255));
  }
  const expected = last === 0 ? undefined : text(last);
  const done = await store.commit({ expect: new Map([['last', expected]]), put });
  if (!done.ok) throw new Error(done.error.message);
  process.stdout.write(`${String(batch)}\n`);
  last = batch;
}
