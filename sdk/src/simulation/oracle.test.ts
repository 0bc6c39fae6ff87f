import { describe, expect, it } from 'vitest';
import type { Edit, Op } from '../model/edit.js';
import { isDeviceId } from '../model/ids.js';
import type { DecodedEntry } from './decode-log.js';
import { foldPlainly } from './oracle.js';

/* A wrong oracle would call a wrong merge right: these are worked out by hand. */

const entry = (
  seq: number,
  by: { device: string; counter: number; base: number; wallMs: number },
  ...ops: Op[]
): DecodedEntry => {
  const device = by.device.repeat(32);
  if (!isDeviceId(device)) throw new Error('that is a device id');
  const { counter, base, wallMs } = by;
  const edit: Edit = { device, counter, base, stamp: { wallMs, logical: 0 }, ops };
  return { seq, author: by.device, t: 1_000, edits: [edit] };
};

const jar = { collection: 'jars', id: 'j' };
const put = (coins: number): Op => ({ type: 'put', ...jar, fields: { coins } });
const add = (by: number): Op => ({ type: 'increment', ...jar, field: 'coins', by });

describe('the plain fold that devices are held against', () => {
  it('adds what the writer had not seen, and not what they had', () => {
    const log = [
      entry(1, { device: 'a', counter: 1, base: 0, wallMs: 1 }, put(10)),
      entry(2, { device: 'a', counter: 2, base: 1, wallMs: 2 }, add(5)),
      entry(3, { device: 'b', counter: 1, base: 1, wallMs: 3 }, add(7)),
      entry(4, { device: 'b', counter: 2, base: 2, wallMs: 4 }, put(100)),
      entry(5, { device: 'a', counter: 3, base: 2, wallMs: 5 }, add(1)),
    ];
    expect(foldPlainly(log).get('jars/j')).toEqual({ coins: 101 });
  });

  it('counts a repeated edit once, and cuts a clock that is ahead to the time of its entry', () => {
    const ahead = entry(1, { device: 'a', counter: 1, base: 0, wallMs: 9_000 }, put(1));
    const later = entry(2, { device: 'b', counter: 1, base: 1, wallMs: 1_001 }, put(2));
    const log = [ahead, { ...later, t: 1_001 }, { ...ahead, seq: 3 }];
    expect(foldPlainly(log).get('jars/j')).toEqual({ coins: 2 });
  });

  it('shows nothing of what was removed last', () => {
    const log = [
      entry(1, { device: 'a', counter: 1, base: 0, wallMs: 1 }, put(1)),
      entry(2, { device: 'a', counter: 2, base: 1, wallMs: 2 }, { type: 'remove', ...jar }),
      entry(3, { device: 'b', counter: 1, base: 1, wallMs: 3 }, add(7)),
    ];
    expect(foldPlainly(log).has('jars/j')).toBe(false);
  });
});
