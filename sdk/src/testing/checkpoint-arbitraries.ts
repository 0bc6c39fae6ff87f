import fc from 'fast-check';
import { decodeCanonical, encodeCanonical } from '../codec/cbor.js';
import { emptyBudgetState, foldEdit, type BudgetState } from '../model/budget-state.js';
import type { Edit, Op, Value } from '../model/edit.js';
import { type DeviceId, isDeviceId } from '../model/ids.js';
import type { EditOrigin } from '../model/op-context.js';
import type { Checkpoint } from '../sync/checkpoint.js';
import type { LogPosition } from '../sync/log-position.js';

export const DEVICES: readonly DeviceId[] = ['a1', 'b2', 'c3'].map((byte) => {
  const id = byte.repeat(16);
  return isDeviceId(id) ? id : bad(id);
});
export const AUTHORS: readonly string[] = ['ann', 'ann', '\uFEFFbob Ä'];

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
/** As an entry brings them: what CBOR has no other form for has become one. */
const value: fc.Arbitrary<Value> = fc
  .letrec<{ value: Value }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      fc.constantFrom<Value>(
        null,
        true,
        false,
        '',
        0,
        2 ** 53 - 1,
        1 - 2 ** 53,
        2 ** 53,
        1e300,
        5e-324,
      ),
      fc.maxSafeInteger(),
      fc.integer({ min: -2000, max: 2000 }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      text,
      fc.uint8Array({ maxLength: 8 }),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(text, tie('value'), { maxKeys: 3 }),
    ),
  }))
  .value.map((made) => decodeCanonical(encodeCanonical(made)) ?? null);

const name = fc.oneof(
  fc.constantFrom('amount', 'note', 'payee', '__proto__', 'Ä', '1'),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 }),
);
const collection = fc.constantFrom('transactions', 'envelopes', 'ß𝄞', '__proto__');
const id = fc.oneof(
  fc.constantFrom('r1', 'r2', 'r3', 'r4', '__proto__'),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
);
const fields = fc
  .array(fc.tuple(name, value), { maxLength: 5 })
  .map((entries) => Object.fromEntries(entries));
const amount = fc.oneof(fc.integer({ min: 1, max: 50 }), fc.constant(2 ** 53 - 1));
const by = fc.tuple(amount, fc.boolean()).map(([most, isLess]) => (isLess ? -most : most));
const op: fc.Arbitrary<Op> = fc.oneof(
  fc.record({ type: fc.constant('put' as const), collection, id, fields }),
  fc.record({ type: fc.constant('set' as const), collection, id, field: name, value }),
  fc.record({ type: fc.constant('increment' as const), collection, id, field: name, by }),
  fc.record({ type: fc.constant('remove' as const), collection, id }),
);
const draft = fc.record({
  device: fc.nat(DEVICES.length - 1),
  skipped: fc.oneof(fc.constant(0), fc.nat(1000)),
  later: fc.oneof(fc.nat(2), fc.nat(100_000), fc.constant(2 ** 52)),
  earlier: fc.nat(5000),
  logical: fc.oneof(fc.constant(0), fc.nat(2 ** 32 - 1)),
  unseen: fc.nat(4),
  sameEntry: fc.boolean(),
  ops: fc.array(op, { minLength: 1, maxLength: 6 }),
});
type Draft = typeof draft extends fc.Arbitrary<infer D> ? D : never;

/** An edit, and the entry that it came in. */
export interface LoggedEdit {
  readonly edit: Edit;
  readonly origin: EditOrigin;
}

/** A log's edits, as devices make them: counters go up, times and what was seen need not. */
export const editsArbitrary: fc.Arbitrary<readonly LoggedEdit[]> = fc
  .array(draft, { maxLength: 25 })
  .map(logDrafts);

function logDrafts(drafts: readonly Draft[]): readonly LoggedEdit[] {
  const counters = new Map<DeviceId, number>();
  let seq = 0;
  let timeMs = 1_700_000_000_000;
  return drafts.map(({ device: row, skipped, later, earlier, logical, unseen, sameEntry, ops }) => {
    const device = DEVICES[row] ?? bad('device');
    if (!sameEntry || seq === 0) seq += 1;
    timeMs = Math.min(timeMs + later, Number.MAX_SAFE_INTEGER);
    const counter = (counters.get(device) ?? 0) + 1 + skipped;
    counters.set(device, counter);
    const stamp = { wallMs: timeMs - earlier, logical };
    const base = Math.max(0, seq - 1 - unseen);
    const origin = { author: AUTHORS[row] ?? '', seq, entryTimeMs: timeMs };
    return { edit: { device, counter, stamp, base, ops }, origin };
  });
}

export function foldEdits(edits: readonly LoggedEdit[], onto: BudgetState): BudgetState {
  for (const { edit, origin } of edits) foldEdit(onto, edit, origin);
  return onto;
}

function bad(what: string): never {
  throw new Error(`bad ${what}`);
}

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });
const hexId = fc.constantFrom('00'.repeat(16), 'f0'.repeat(16), '7a'.repeat(16));
const count = fc.oneof(fc.nat(9), fc.maxSafeNat());
const role = fc.constantFrom('owner' as const, 'editor' as const, 'viewer' as const);
const keys = fc.record({ sign: bytes(32), box: bytes(32) });
const uid = fc.constantFrom('ann', 'bob', 'Ä', 'u'.repeat(128));
const members = fc.uniqueArray(
  fc.tuple(uid, fc.record({ role, keys, identityVersion: count, sinceEpoch: count })),
  { selector: ([who]) => who },
);
const invites = fc.uniqueArray(
  fc.tuple(hexId, fc.record({ role, by: uid, expiresAt: count, keys })),
  { selector: ([invite]) => invite },
);
const devices = fc.uniqueArray(
  fc.tuple(
    fc.constantFrom(...DEVICES),
    fc.record(
      { author: uid, name: fc.constantFrom('Phone', 'ß'), revoked: fc.constant(true) },
      { requiredKeys: ['author'] },
    ),
  ),
  { selector: ([device]) => device },
);
const position: fc.Arbitrary<LogPosition> = fc.record({
  seq: count,
  hash: bytes(32),
  epoch: count,
  kid: fc.option(bytes(32), { nil: undefined }),
  previousEpoch: count,
  epochStartedAt: count,
  peopleHash: bytes(32),
  digests: fc.record({ seq: count, disputed: fc.array(count, { maxLength: 16 }) }),
  members: members.map((entries) => new Map(entries)),
  invites: invites.map((entries) => new Map(entries)),
  devices: devices.map((entries) => new Map(entries)),
});
export const checkpointArbitrary: fc.Arbitrary<Checkpoint> = fc.record(
  {
    state: editsArbitrary.map((edits) => foldEdits(edits, emptyBudgetState())),
    position,
    peopleFrames: fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 4 }),
    attested: fc.record({ seq: count.map((seq) => Math.max(1, seq)), author: uid }),
  },
  { requiredKeys: ['state', 'position', 'peopleFrames'] },
);
