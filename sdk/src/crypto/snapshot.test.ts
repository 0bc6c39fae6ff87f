import { beforeAll, describe, expect, it } from 'vitest';
import { equalBytes } from '../bytes.js';
import { encodeCanonical } from '../codec/cbor.js';
import { type BudgetId, type DeviceId, isBudgetId, isDeviceId } from '../model/ids.js';
import { MAX_CHUNK_BYTES, MAX_CHUNKS } from '../ports/snapshots.js';
import { createSeededRandom } from '../testing/seeded-random.js';
import { sealFrame, verifyFrameSignature } from './envelope.js';
import { type EpochKey, createEpochKey } from './epoch-key.js';
import { type Frame, SIGNATURE_BYTES, parseFrame } from './frame.js';
import { type Identity, createIdentity } from './identity.js';
import {
  type ChunkPlace,
  cutSnapshot,
  joinSnapshot,
  openSnapshotChunk,
  sealSnapshotChunk,
} from './snapshot-chunk.js';
import { openSnapshotHeader, sealSnapshotHeader } from './snapshot-header.js';
import { loadSodium } from './sodium.js';

const aBudget = (id: string): BudgetId => (isBudgetId(id) ? id : expect.fail());
const DEVICE: DeviceId = ((id) => (isDeviceId(id) ? id : expect.fail()))('d'.repeat(32));
const BUDGET_ID = aBudget('b'.repeat(32));
const random = createSeededRandom(3);
const place: ChunkPlace = { seq: 40, nonce: new Uint8Array(8).fill(7), index: 1, count: 3 };
const slice = random.bytes(300);

let epochKey: EpochKey;
let ann: Identity;

beforeAll(async () => {
  await loadSodium();
  epochKey = createEpochKey(new Uint8Array(32).fill(1), BUDGET_ID, 2);
  ann = createIdentity('ann', { sign: random.bytes(32), box: random.bytes(32) });
});

describe('a sealed chunk', () => {
  it('opens at its place, and shows nothing of what is inside', () => {
    const chunk = sealSnapshotChunk(slice, place, epochKey, random);
    expect(openSnapshotChunk(chunk, place, epochKey)).toEqual({ ok: true, value: slice });
    expect(chunk.length).toBe(24 + slice.length + 16);
  });

  it.each<[string, Partial<ChunkPlace>]>([
    ['of another position', { seq: 41 }],
    ['of another snapshot', { nonce: new Uint8Array(8).fill(8) }],
    ['swapped with another', { index: 2 }],
    ['of a snapshot with more chunks', { count: 4 }],
  ])('is refused where it is %s', (_name, change) => {
    const chunk = sealSnapshotChunk(slice, place, epochKey, random);
    expect(outcome(chunk, { ...place, ...change })).toBe('not_authentic');
  });

  it('is refused under another key, in another epoch and in another budget', () => {
    const chunk = sealSnapshotChunk(slice, place, epochKey, random);
    const one = new Uint8Array(32).fill(1);
    const others = [
      createEpochKey(new Uint8Array(32).fill(2), BUDGET_ID, 2),
      createEpochKey(one, BUDGET_ID, 3),
      createEpochKey(one, aBudget('c'.repeat(32)), 2),
    ];
    expect(others.map((key) => outcome(chunk, place, key))).toEqual(
      others.map(() => 'not_authentic'),
    );
  });

  it('is refused wherever a bit of it differs, and at every other length', () => {
    const chunk = sealSnapshotChunk(slice, place, epochKey, random);
    const outcomes = new Set<string>([outcome(Uint8Array.of(...chunk, 0))]);
    for (let at = 0; at < chunk.length; at += 1) {
      const changed = Uint8Array.from(chunk);
      changed[at] = (changed[at] ?? 0) ^ 1;
      outcomes.add(outcome(changed)).add(outcome(chunk.subarray(0, at)));
    }
    expect(outcomes).toEqual(new Set(['not_authentic']));
  });

  function outcome(chunk: Uint8Array, at = place, key = epochKey): string {
    const opened = openSnapshotChunk(chunk, at, key);
    return opened.ok ? 'ok' : opened.error.kind;
  }
});

describe('cutting a snapshot', () => {
  it.each([1, 255, 256, 257, 100_000, 889_999, 890_000, 890_001, 1_000_000, 2_700_000])(
    'of %i bytes loses none, and every chunk can be stored',
    (length) => {
      const bytes = Uint8Array.from({ length }, (_, at) => (at % 255) + 1);
      const slices = cutSnapshot(bytes);
      const stored = slices.map((part, index) =>
        sealSnapshotChunk(part, { ...place, index, count: slices.length }, epochKey, random),
      );
      expect(Math.max(...stored.map((chunk) => chunk.length))).toBeLessThanOrEqual(MAX_CHUNK_BYTES);
      const joined = joinSnapshot(slices, length) ?? expect.fail();
      expect(equalBytes(joined, bytes)).toBe(true);
      expect(joinSnapshot(slices, length - 1)).toBeUndefined();
    },
  );

  it('says little of how long it is', () => {
    const lengths = [30_000, 30_100, 30_200].map((length) =>
      cutSnapshot(new Uint8Array(length)).map((part) => part.length),
    );
    expect(lengths).toEqual([[30_720], [30_720], [30_720]]);
  });

  it('joins nothing that was cut in another way', () => {
    const slices = cutSnapshot(new Uint8Array(1_000_000).fill(1));
    const [first = slice, last = slice] = slices;
    expect(joinSnapshot([first], 1_000_000)).toBeUndefined();
    expect(joinSnapshot([last, first], 1_000_000)).toBeUndefined();
    expect(joinSnapshot([...slices, new Uint8Array(256)], 1_000_000)).toBeUndefined();
    expect(joinSnapshot([first, last.subarray(1)], 1_000_000)).toBeUndefined();
    expect(joinSnapshot([], 1)).toBeUndefined();
  });
});

describe("a snapshot's header", () => {
  const content = {
    nonce: new Uint8Array(8).fill(7),
    totalBytes: 50_000_000,
    chunkHashes: Array.from({ length: MAX_CHUNKS }, () => random.bytes(32)),
    stateDigest: random.bytes(32),
  };
  const headHash = new Uint8Array(32).fill(9);
  const seal = (change: Partial<typeof content> = {}): Uint8Array =>
    sealSnapshotHeader({
      ...{ seq: 40, device: DEVICE, t: 5, headHash, epochKey, identity: ann, random },
      ...content,
      ...change,
    });

  it('tells what was stated, of as many chunks as a snapshot may have', () => {
    const frame = parsed(seal());
    expect(openSnapshotHeader(frame, epochKey)).toEqual({ ok: true, value: content });
    expect(verifyFrameSignature(frame, ann.publicKeys.sign)).toBe(true);
    expect(frame.header).toMatchObject({
      kind: 'snapshot',
      seq: 40,
      author: 'ann',
      prev: headHash,
    });
  });

  it('does not open wherever a bit of it differs, nor at a shorter length', () => {
    const frame = seal();
    const opened: number[] = [];
    for (let at = 0; at < frame.length; at += 1) {
      const changed = Uint8Array.from(frame);
      changed[at] = (changed[at] ?? 0) ^ 1;
      for (const bytes of [changed, frame.subarray(0, at)]) {
        const read = parseFrame(bytes);
        if (!read.ok || !verifyFrameSignature(read.value, ann.publicKeys.sign)) continue;
        opened.push(at);
      }
      const read = parseFrame(changed);
      if (at >= frame.length - SIGNATURE_BYTES || !read.ok) continue;
      if (openSnapshotHeader(read.value, epochKey).ok) opened.push(at);
    }
    expect(opened).toEqual([]);
  });

  it('does not open under the key of another epoch', () => {
    const later = createEpochKey(new Uint8Array(32).fill(1), BUDGET_ID, 3);
    expect(outcome(parsed(seal()), later)).toBe('wrong_key');
  });

  it('is refused as an entry of another kind, and an entry as a header', () => {
    const relabelled = Uint8Array.from(seal());
    relabelled[6] = 1;
    expect(outcome(parsed(relabelled))).toBe('malformed');
    relabelled[6] = 3;
    expect(outcome(parsed(relabelled))).toBe('ok');
    const entry = Uint8Array.from(sealPlain('edits', good()));
    expect(outcome(parsed(entry))).toBe('malformed');
    entry[6] = 3;
    expect(outcome(parsed(entry))).toBe('not_authentic');
  });

  it('asks for a newer app at another version or more items, and refuses what is no header', () => {
    const [, ...rest] = good();
    const outcomes = [
      good(),
      [2, ...rest],
      [...good(), 0],
      good().slice(0, 4),
      good({ nonce: new Uint8Array(7) }),
      good({ totalBytes: 0 }),
      good({ chunkHashes: [] }),
      good({ chunkHashes: Array.from({ length: MAX_CHUNKS + 1 }, () => new Uint8Array(32)) }),
      good({ chunkHashes: [new Uint8Array(31)] }),
      good({ stateDigest: new Uint8Array(33) }),
    ].map((items) => outcome(parsed(sealPlain('snapshot', items))));
    expect(outcomes).toEqual([
      'ok',
      ...['upgrade_required', 'upgrade_required'],
      ...Array.from({ length: 7 }, () => 'malformed'),
    ]);
  });

  it('is not written where readers would refuse it', () => {
    expect(() => seal({ chunkHashes: [] })).toThrow(RangeError);
    expect(() => seal({ nonce: new Uint8Array(9) })).toThrow(RangeError);
  });

  const good = (change: Partial<typeof content> = {}) => {
    const { nonce, totalBytes, chunkHashes, stateDigest } = { ...content, ...change };
    return [1, nonce, totalBytes, chunkHashes, stateDigest];
  };

  function sealPlain(kind: 'edits' | 'snapshot', items: ReturnType<typeof good>): Uint8Array {
    const plaintext = encodeCanonical(items);
    const at = { kind, seq: 40, device: DEVICE, t: 5, prev: headHash };
    return sealFrame({ ...at, plaintext, epochKey, identity: ann, random });
  }

  function parsed(bytes: Uint8Array): Frame {
    const result = parseFrame(bytes);
    return result.ok ? result.value : expect.fail(result.error.message);
  }

  function outcome(frame: Frame, key = epochKey): string {
    const opened = openSnapshotHeader(frame, key);
    return opened.ok ? 'ok' : opened.error.kind;
  }
});
