import { beforeAll, describe, expect, it } from 'vitest';
import { generateEpochKey } from '../crypto/epoch-key.js';
import { generateIdentity } from '../crypto/identity.js';
import { loadSodium } from '../crypto/sodium.js';
import type { Edit } from '../model/edit.js';
import { isBudgetId, isDeviceId } from '../model/ids.js';
import { MAX_COMMIT_BYTES, MAX_ENTRIES_PER_COMMIT, MAX_FRAME_BYTES } from '../ports/remote-log.js';
import { createSeededRandom } from '../testing/seeded-random.js';
import { LOG_START } from './log-position.js';
import { MAX_EDIT_BYTES, planBodies, sealEntries } from './seal-edits.js';

const random = createSeededRandom(1);

/** Edits of incompressible bytes, so that frames get as large as they can. */
const editsOf = (count: number, bytes: number): Edit[] =>
  Array.from({ length: count }, (_, index) => {
    const device = 'd'.repeat(32);
    if (!isDeviceId(device)) throw new Error('that is a device id');
    const fields = { blob: random.bytes(bytes) };
    return {
      device,
      counter: index + 1,
      stamp: { wallMs: 1, logical: index },
      base: 0,
      ops: [{ type: 'put', collection: 'c', id: String(index), fields }],
    };
  });

beforeAll(loadSodium);

describe('a push', () => {
  it('of many small edits is one entry', () => {
    expect(planBodies(editsOf(1_000, 50))).toHaveLength(1);
  });

  it('keeps the order of edits and splits none', () => {
    const edits = editsOf(9, 100_000);
    const planned = planBodies(edits).flatMap((body) => body.edits);
    expect(planned).toEqual(edits.slice(0, planned.length));
    expect(planned.length).toBeGreaterThan(1);
  });

  it("stays within production's limits however much is pending", () => {
    const budgetId = 'b'.repeat(32);
    const device = 'd'.repeat(32);
    if (!isBudgetId(budgetId) || !isDeviceId(device)) throw new Error('those are ids');
    const epochKey = generateEpochKey(random, budgetId, 1);
    const identity = generateIdentity('u'.repeat(128), random);
    const bodies = planBodies(editsOf(40, MAX_EDIT_BYTES - 200));
    const sealed = sealEntries(
      bodies,
      { ...LOG_START, seq: 1, kid: epochKey.kid },
      { device, epochKey, t: 1 },
      { identity, random },
    );
    const sizes = sealed.map(({ entry }) => entry.frame.length);
    expect(sealed).toHaveLength(MAX_ENTRIES_PER_COMMIT);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(MAX_FRAME_BYTES);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(MAX_COMMIT_BYTES);
  });
});
