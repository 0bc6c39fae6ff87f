import { beforeAll, describe, expect, it } from 'vitest';
import { encodeBody } from '../codec/body.js';
import { sealFrame } from '../crypto/envelope.js';
import { createEpochKey, type EpochKey } from '../crypto/epoch-key.js';
import type { FrameKind } from '../crypto/frame-header.js';
import { parseFrame } from '../crypto/frame.js';
import { createIdentity, type Identity } from '../crypto/identity.js';
import { sealSnapshotHeader } from '../crypto/snapshot-header.js';
import { loadSodium } from '../crypto/sodium.js';
import type { EntryBody } from '../model/body.js';
import { type BudgetId, type DeviceId, isBudgetId, isDeviceId } from '../model/ids.js';
import type { StoredEntry } from '../ports/remote-log.js';
import { createSeededRandom } from '../testing/seeded-random.js';
import { LOG_START, type LogPosition } from './log-position.js';
import { type EpochKeys, verifyEntry } from './verify-entry.js';

const BUDGET_ID: BudgetId = ((id) => (isBudgetId(id) ? id : expect.fail()))('b'.repeat(32));
const DEVICE: DeviceId = ((id) => (isDeviceId(id) ? id : expect.fail()))('d'.repeat(32));
const T = 1_700_000_000_000;
const random = createSeededRandom(1);

let epochKey: EpochKey;
let ann: Identity;
let keys: Pick<EpochKeys, 'find'>;
let founded: LogPosition;

beforeAll(async () => {
  await loadSodium();
  epochKey = createEpochKey(random.bytes(32), BUDGET_ID, 1);
  ann = createIdentity('ann', { sign: random.bytes(32), box: random.bytes(32) });
  keys = { find: () => epochKey };
  const statements = [{ type: 'genesis' as const, keys: ann.publicKeys }];
  const first = verify(seal('membership', LOG_START, { edits: [], statements }), LOG_START);
  founded = first.ok ? first.value.after : expect.fail(first.error.message);
});

function seal(kind: FrameKind, before: LogPosition, body: EntryBody): Uint8Array {
  const at = { kind, seq: before.seq + 1, device: DEVICE, t: T, prev: before.hash };
  return sealFrame({ ...at, plaintext: encodeBody(body), epochKey, identity: ann, random });
}

function verify(frame: Uint8Array, before: LogPosition) {
  const parsed = parseFrame(frame);
  if (!parsed.ok) throw new Error(parsed.error.message);
  const { seq, epoch, author, t, prev } = parsed.value.header;
  const entry: StoredEntry = { seq, epoch, author, t, at: t, prev, frame };
  return verifyEntry(entry, before, BUDGET_ID, keys);
}

function outcome(frame: Uint8Array): string {
  const verified = verify(frame, founded);
  return verified.ok ? 'ok' : verified.error.kind;
}

/* Members who put one in the place of an entry could otherwise stop or change every reader. */
describe('a frame of a snapshot in the place of an entry', () => {
  it('is refused where the same body as edits is taken', () => {
    const body: EntryBody = { edits: [], statements: [] };
    expect(outcome(seal('edits', founded, body))).toBe('ok');
    expect(outcome(seal('snapshot', founded, body))).toBe('wrong_place');
  });

  it('is refused, and no newer app is asked for, where it is a real header', () => {
    const header = sealSnapshotHeader({
      seq: founded.seq + 1,
      device: DEVICE,
      t: T,
      headHash: founded.hash,
      epochKey,
      identity: ann,
      nonce: random.bytes(8),
      totalBytes: 1,
      chunkHashes: [random.bytes(32)],
      stateDigest: random.bytes(32),
      random,
    });
    expect(outcome(header)).toBe('wrong_place');
  });
});
