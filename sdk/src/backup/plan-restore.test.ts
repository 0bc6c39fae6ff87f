import { describe, expect, it } from 'vitest';
import { encodeEdit } from '../codec/edit.js';
import { isDeviceId } from '../model/ids.js';
import { MAX_EDIT_BYTES } from '../sync/seal-edits.js';
import { planRestore } from './plan-restore.js';

const device = 'd'.repeat(32);

describe('planning a restore', () => {
  it('makes edits that the log takes, also of a record that grew beyond what one edit holds', () => {
    if (!isDeviceId(device)) throw new Error('that is a device id');
    const long = 'x'.repeat(90_000);
    const large = { a: long, b: long, c: long, d: long, e: 1 };
    const many = Array.from({ length: 5_000 }, (_, n) => [`id-${String(n)}`, { n }] as const);
    const wanted = new Map([['notes', [['large', large] as const, ...many]]]);
    const { parts, written } = planRestore(wanted, new Map(), false);
    expect(written).toBe(5_001);
    for (const ops of parts) {
      const edit = { device, counter: 1, stamp: { wallMs: 1, logical: 0 }, base: 0, ops };
      expect(encodeEdit(edit).length).toBeLessThanOrEqual(MAX_EDIT_BYTES);
    }
    const ofLarge = parts.flat().filter(({ id }) => id === 'large');
    const fields = ofLarge.flatMap((op) =>
      op.type === 'put' ? Object.keys(op.fields) : op.type === 'set' ? [op.field] : [],
    );
    expect(ofLarge[0]?.type).toBe('put');
    expect(fields.sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
  });
});
