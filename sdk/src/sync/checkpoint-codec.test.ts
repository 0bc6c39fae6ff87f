import { deflateSync, inflateSync } from 'fflate';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyBudgetState } from '../model/budget-state.js';
import { readRecord } from '../model/record.js';
import {
  checkpointArbitrary,
  editsArbitrary,
  foldEdits,
} from '../testing/checkpoint-arbitraries.js';
import { makeHouseholdCheckpoint } from '../testing/household-checkpoint.js';
import type { Checkpoint } from './checkpoint.js';
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint-codec.js';
import { LOG_START } from './log-position.js';
import { digestConfirmed, digestState } from './state-digest.js';

const MAX_BYTES = 64 * 1024 * 1024;

function decoded(encoded: Uint8Array): Checkpoint {
  const result = decodeCheckpoint(encoded, MAX_BYTES);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

/** The same map, filled in the opposite order, however deep. */
function reversed<K, V>(map: ReadonlyMap<K, V>): Map<K, V> {
  return new Map(
    [...map].reverse().map(([key, item]): [K, V] => {
      if (item instanceof Map) return [key, reversed(item) as V];
      if (typeof item !== 'object' || item === null || !('fields' in item)) return [key, item];
      return [key, { ...item, fields: reversed(item.fields as Map<unknown, unknown>) }];
    }),
  );
}

function outcome(encoded: Uint8Array, maxBytes = MAX_BYTES): string {
  const result = decodeCheckpoint(encoded, maxBytes);
  return result.ok ? 'ok' : result.error.kind;
}

describe('a checkpoint', () => {
  it('comes back with all that it held, so that a device goes on where it stopped', () => {
    fc.assert(
      fc.property(checkpointArbitrary, (before) => {
        const after = decoded(encodeCheckpoint(before));
        expect(after).toEqual(before);
        expect(digestConfirmed(after.state, after.position)).toEqual(
          digestConfirmed(before.state, before.position),
        );
        for (const [held, records] of before.state.collections) {
          for (const [key, record] of records) {
            const found = after.state.collections.get(held)?.get(key) ?? expect.fail();
            expect(readRecord(found)).toEqual(readRecord(record));
          }
        }
      }),
      { numRuns: 80 },
    );
  });

  it('folds what comes later like the device that took it', () => {
    fc.assert(
      fc.property(editsArbitrary, fc.nat(25), (edits, cut) => {
        const whole = foldEdits(edits, emptyBudgetState());
        const state = foldEdits(edits.slice(0, cut), emptyBudgetState());
        const resumed = decoded(encodeCheckpoint({ state, position: LOG_START, peopleFrames: [] }));
        foldEdits(edits.slice(cut), resumed.state);
        expect(digestState(resumed.state)).toBe(digestState(whole));
      }),
      { numRuns: 80 },
    );
  });

  it('is the same bytes in whatever order its maps were filled', () => {
    fc.assert(
      fc.property(checkpointArbitrary, ({ state, position: at, ...rest }) => {
        const again = {
          ...rest,
          state: {
            ...state,
            collections: reversed(state.collections),
            applied: reversed(state.applied),
          },
          position: {
            ...at,
            members: reversed(at.members),
            invites: reversed(at.invites),
            devices: reversed(at.devices),
          },
        };
        expect(encodeCheckpoint(again)).toEqual(encodeCheckpoint({ ...rest, state, position: at }));
      }),
      { numRuns: 40 },
    );
  });

  it('takes less than 25 bytes for a transaction, so that a newcomer does not wait', () => {
    const encoded = encodeCheckpoint(makeHouseholdCheckpoint(10_000));
    expect(encoded.length / 10_000).toBeLessThan(25);
    expect(decoded(encoded).state.collections.get('transactions')?.size).toBe(10_000);
  });
});

describe('bytes that are no checkpoint', () => {
  const small = encodeCheckpoint(makeHouseholdCheckpoint(6));

  it('ask for a newer app where one wrote them, whatever follows', () => {
    const newer = Uint8Array.from(small);
    newer[4] = 2;
    expect(outcome(newer)).toBe('upgrade_required');
    expect(outcome(newer.fill(0xff, 5))).toBe('upgrade_required');
  });

  it('are refused at every shorter length, and with one byte more inside', () => {
    for (let length = 0; length < small.length; length += 1) {
      expect(outcome(small.subarray(0, length))).toBe('malformed');
    }
    expect(outcome(repack((raw) => Uint8Array.of(...raw, 0)))).toBe('malformed');
  });

  it('are refused before they inflate beyond what was allowed or announced', () => {
    const rawLength = new DataView(small.buffer).getUint32(5);
    expect(outcome(small, rawLength)).toBe('ok');
    expect(outcome(small, rawLength - 1)).toBe('malformed');
    const claims = Uint8Array.from(small);
    new DataView(claims.buffer).setUint32(5, 60 * 1024 * 1024);
    expect(outcome(claims)).toBe('malformed');
    new DataView(claims.buffer).setUint32(5, rawLength - 1);
    expect(outcome(claims)).toBe('malformed');
  });

  it('never throw, whichever byte of them differs', () => {
    const seen = new Set<string>();
    const raw = rawOf(small);
    for (let at = 0; at < raw.length; at += 1) {
      for (const flip of [1, 0xff]) {
        seen.add(
          outcome(
            repack((whole) => {
              const changed = Uint8Array.from(whole);
              changed[at] = (changed[at] ?? 0) ^ flip;
              return changed;
            }),
          ),
        );
      }
    }
    expect(seen).toEqual(new Set(['ok', 'malformed']));
  });

  it('never throw, whatever they are', () => {
    fc.assert(
      fc.property(
        checkpointArbitrary,
        fc.uint8Array({ maxLength: 60 }),
        fc.nat(),
        (made, noise, at) => {
          outcome(noise);
          const encoded = encodeCheckpoint(made);
          const changed = Uint8Array.from(encoded);
          changed.set(noise.subarray(0, 5), at % (encoded.length - 5));
          outcome(changed);
          const raw = rawOf(encoded);
          raw.set(noise.subarray(0, 3), at % Math.max(1, raw.length - 3));
          outcome(withRaw(raw));
          outcome(withRaw(noise));
        },
      ),
      { numRuns: 120 },
    );
  });

  const rawOf = (encoded: Uint8Array): Uint8Array => inflateSync(encoded.subarray(9));

  function repack(change: (raw: Uint8Array) => Uint8Array): Uint8Array {
    return withRaw(change(rawOf(small)));
  }

  function withRaw(raw: Uint8Array): Uint8Array {
    const deflated = deflateSync(raw, { level: 1 });
    const whole = Uint8Array.of(...small.subarray(0, 9), ...deflated);
    new DataView(whole.buffer).setUint32(5, raw.length);
    return whole;
  }
});
