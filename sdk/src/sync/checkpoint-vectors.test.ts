import { readFileSync } from 'node:fs';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { inflateSync } from 'fflate';
import { beforeAll, describe, expect, it } from 'vitest';
import { createEpochKey } from '../crypto/epoch-key.js';
import { joinSnapshot, openSnapshotChunk } from '../crypto/snapshot-chunk.js';
import { loadSodium } from '../crypto/sodium.js';
import { findRecord } from '../model/budget-state.js';
import type { BudgetId, DeviceId } from '../model/ids.js';
import { readRecord } from '../model/record.js';
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint-codec.js';

interface SnapshotVector {
  readonly epochKey: string;
  readonly budgetId: BudgetId;
  readonly epoch: number;
  readonly device: DeviceId;
  readonly kid: string;
  readonly hash: string;
  readonly peopleHash: string;
  readonly frame: string;
  readonly t: number;
  readonly record: { readonly collection: string; readonly id: string; readonly fields: unknown };
  readonly raw: string;
  readonly checkpoint: string;
  readonly place: { seq: number; nonce: string; index: number; count: number };
  readonly chunk: string;
}

const file = new URL('../../../docs/test-vectors/snapshot.json', import.meta.url);
const vector = JSON.parse(readFileSync(file, 'utf8')) as SnapshotVector;
const bytes = hexToBytes(vector.checkpoint);

beforeAll(loadSodium);

/* If one fails, apps in other languages, and older versions of this one, read other bytes. */
describe('the published vector of a snapshot', () => {
  it('is read, and written again with the same content', () => {
    const decoded = decodeCheckpoint(bytes, 10_000);
    if (!decoded.ok) return expect.fail(decoded.error.message);
    const { state, position, peopleFrames, attested } = decoded.value;
    expect(readRecord(findRecord(state, vector.record) ?? expect.fail())).toEqual(
      vector.record.fields,
    );
    expect(state.latestStamp).toEqual({ wallMs: vector.t, logical: 0 });
    expect([...state.applied]).toEqual([[vector.device, 2]]);
    expect(position).toMatchObject({ seq: 3, epoch: vector.epoch, epochStartedAt: vector.t });
    const { hash, peopleHash, kid = expect.fail(), devices } = position;
    const { hash: h, peopleHash: p, kid: k } = vector;
    expect([hash, peopleHash, kid].map(bytesToHex)).toEqual([h, p, k]);
    expect([...devices]).toEqual([[vector.device, { author: 'ann', name: 'Phone' }]]);
    expect(peopleFrames.map(bytesToHex)).toEqual([vector.frame]);
    expect(attested).toBeUndefined();
    const again = encodeCheckpoint(decoded.value);
    expect(bytesToHex(inflateSync(again.subarray(9)))).toBe(vector.raw);
  });

  it('is what its chunk holds', () => {
    const key = createEpochKey(hexToBytes(vector.epochKey), vector.budgetId, vector.epoch);
    const place = { ...vector.place, nonce: hexToBytes(vector.place.nonce) };
    const slice = openSnapshotChunk(hexToBytes(vector.chunk), place, key);
    if (!slice.ok) return expect.fail(slice.error.message);
    expect(joinSnapshot([slice.value], bytes.length)).toEqual(bytes);
  });
});
