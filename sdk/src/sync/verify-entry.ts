import { decodeBody } from '../codec/body.js';
import type { EpochKey } from '../crypto/epoch-key.js';
import { openFrame, verifyFrameSignature } from '../crypto/envelope.js';
import type { FrameHeader } from '../crypto/frame-header.js';
import { hashFrame, parseFrame, type Frame } from '../crypto/frame.js';
import { equalBytes } from '../bytes.js';
import type { EntryBody } from '../model/body.js';
import type { BudgetId } from '../model/ids.js';
import { foldStatements, type Members } from '../model/members.js';
import { mayWrite } from '../model/roles.js';
import type { StoredEntry } from '../ports/remote-log.js';
import { err, ok, type Result } from '../result.js';
import type { LogPosition, VerifiedEntry } from './log-position.js';

/** The epoch keys that this device holds. */
export interface EpochKeys {
  /** The key of `epoch` that `kid` commits to, if it is here. */
  find(epoch: number, kid: Uint8Array): EpochKey | undefined;
}

/**
 * - `upgrade_required`, `key_missing`: this device cannot judge the entry; it stays.
 * - the others: the entry is not what a member appended at this point of the log.
 */
export type EntryFailureKind =
  | 'upgrade_required'
  | 'key_missing'
  | 'malformed'
  | 'copies_differ'
  | 'wrong_place'
  | 'not_a_member'
  | 'bad_signature'
  | 'wrong_device'
  | 'wrong_epoch'
  | 'not_authentic'
  | 'bad_statement';

export interface EntryFailure {
  readonly kind: EntryFailureKind;
  readonly message: string;
}

/** Whether waiting (for an upgrade, for a key) may cure the failure, so that nothing may be skipped. */
export const isUndecided = (failure: EntryFailure): boolean =>
  failure.kind === 'upgrade_required' || failure.kind === 'key_missing';

/** Checks one entry against everything that is verified before it. Pure. */
export function verifyEntry(
  entry: StoredEntry,
  before: LogPosition,
  budgetId: BudgetId,
  keys: EpochKeys,
): Result<VerifiedEntry, EntryFailure> {
  const parsed = parseFrame(entry.frame);
  if (!parsed.ok) return parsed;
  const frame = parsed.value;
  const placed = checkPlace(entry, frame, before, budgetId);
  if (!placed.ok) return placed;
  const { header } = frame;

  const key = keys.find(header.epoch, header.kid);
  if (!key) return fail('key_missing', 'this device does not hold the key of the entry');
  // The first entry states its author's key inside the seal; every other author is known.
  if (before.seq > 0) {
    const signed = checkAuthor(frame, before.members);
    if (!signed.ok) return signed;
  }
  const opened = openFrame(frame, key);
  if (!opened.ok) return fail('not_authentic', opened.error.message);
  const body = decodeBody(opened.value, header.device);
  if (!body.ok) return body;
  if (body.value.edits.some(({ base }) => base >= header.seq)) {
    return fail('malformed', 'an edit claims to have seen what came after it');
  }

  const members = foldStatements(before.members, body.value.statements, header);
  if (!members || header.kind !== kindOf(body.value)) {
    return fail('bad_statement', 'the entry says what its author may not say');
  }
  if (before.seq === 0) {
    const signed = checkAuthor(frame, members);
    if (!signed.ok) return signed;
  }
  const after = {
    seq: header.seq,
    hash: hashFrame(entry.frame),
    epoch: header.epoch,
    kid: header.kid,
    members,
    devices: withDevice(before.devices, header),
  };
  const { author, device, t } = header;
  return ok({ author, device, t, body: body.value, after });
}

/** An entry about people is marked as such in its signed header. */
export const kindOf = (body: EntryBody): 'edits' | 'membership' =>
  body.statements.length > 0 ? 'membership' : 'edits';

function checkPlace(
  entry: StoredEntry,
  { header }: Frame,
  before: LogPosition,
  budgetId: BudgetId,
): Result<void, EntryFailure> {
  if (
    entry.seq !== header.seq ||
    entry.epoch !== header.epoch ||
    entry.author !== header.author ||
    entry.t !== header.t ||
    !equalBytes(entry.prev, header.prev)
  ) {
    return fail('copies_differ', 'the fields beside the frame differ from its header');
  }
  if (
    header.budgetId !== budgetId ||
    header.seq !== before.seq + 1 ||
    !equalBytes(header.prev, before.hash)
  ) {
    return fail('wrong_place', 'the entry does not continue this log here');
  }
  if ((before.devices.get(header.device) ?? header.author) !== header.author) {
    return fail('wrong_device', 'the device belongs to another author');
  }
  const rightKey = before.kid === undefined || equalBytes(header.kid, before.kid);
  return header.epoch === before.epoch && rightKey
    ? ok()
    : fail('wrong_epoch', 'the entry is sealed under an epoch that is not in force');
}

function checkAuthor(frame: Frame, members: Members): Result<void, EntryFailure> {
  const member = members.get(frame.header.author);
  if (!member || !mayWrite(member.role)) {
    return fail('not_a_member', 'the author may not write at this point of the log');
  }
  return verifyFrameSignature(frame, member.keys.sign)
    ? ok()
    : fail('bad_signature', "the signature is not the author's");
}

/** Remembers whose device it is, so that nobody else can use up its counters. */
export function withDevice(
  devices: LogPosition['devices'],
  { device, author }: Pick<FrameHeader, 'device' | 'author'>,
): LogPosition['devices'] {
  return devices.has(device) ? devices : new Map(devices).set(device, author);
}

const fail = (kind: EntryFailureKind, message: string): Result<never, EntryFailure> =>
  err({ kind, message });
