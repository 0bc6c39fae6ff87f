import { decodeBody } from '../codec/body.js';
import type { EpochKey } from '../crypto/epoch-key.js';
import { openFrame, verifyFrameSignature } from '../crypto/envelope.js';
import type { FrameHeader } from '../crypto/frame-header.js';
import { hashFrame, parseFrame, type Frame } from '../crypto/frame.js';
import { openPreviousKey } from '../crypto/previous-key.js';
import { equalBytes } from '../bytes.js';
import type { EntryBody } from '../model/body.js';
import type { BudgetId } from '../model/ids.js';
import { isDigestStatement } from '../model/membership.js';
import type { Members } from '../model/people.js';
import { mayWrite } from '../model/roles.js';
import type { RemoteError, StoredEntry } from '../ports/remote-log.js';
import { err, ok, type Result } from '../result.js';
import { foldStatements } from './fold-statements.js';
import { advancePosition, type LogPosition, type VerifiedEntry } from './log-position.js';

/** The epoch keys that this device holds. */
export interface EpochKeys {
  /** The key of `epoch` that `kid` commits to, if it is here. */
  find(epoch: number, kid: Uint8Array): EpochKey | undefined;
  /** Keeps a key that was found on the way. */
  add(key: EpochKey): void;
  /** Asks for that key where this device could get it; afterwards `find` tells. */
  obtain(
    epoch: number,
    kid: Uint8Array,
    before: LogPosition,
    signal?: AbortSignal,
  ): Promise<Result<void, RemoteError>>;
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
  keys: Pick<EpochKeys, 'find'>,
): Result<VerifiedEntry, EntryFailure> {
  const parsed = parseFrame(entry.frame);
  if (!parsed.ok) return parsed;
  const frame = parsed.value;
  // Told from the signed header alone: inside, it would look like a body of a newer version.
  if (frame.header.kind === 'snapshot') return fail('wrong_place', 'a snapshot is no entry');
  const placed = checkPlace(entry, frame, before, budgetId);
  if (!placed.ok) return placed;
  const { header } = frame;

  // A newcomer states their key inside the seal; every other author is known.
  const isNewcomer = mayIntroduceItself(header, before);
  if (!isNewcomer) {
    const signed = checkAuthor(frame, before.members);
    if (!signed.ok) return signed;
  }
  const key = keys.find(header.epoch, header.kid);
  if (!key) return fail('key_missing', 'this device does not hold the key of the entry');
  const opened = openFrame(frame, key);
  if (!opened.ok) return fail('not_authentic', opened.error.message);
  const body = decodeBody(opened.value, header.device);
  if (!body.ok) return body;
  if (body.value.edits.some(({ base }) => base >= header.seq)) {
    return fail('malformed', 'an edit claims to have seen what came after it');
  }

  const people = foldStatements(before, body.value.statements, header);
  if (!people || !isWellFormed(body.value, header) || !keepsHistory(body.value, key)) {
    return fail('bad_statement', 'the entry says what its author may not say');
  }
  if (isNewcomer) {
    const signed = checkAuthor(frame, people.members);
    if (!signed.ok) return signed;
  }
  const said = { people, statements: body.value.statements };
  const after = advancePosition(before, header, hashFrame(entry.frame), said);
  const { author, device, t } = header;
  const { frame: bytes, at } = entry;
  return ok({ author, device, t, body: body.value, frame: bytes, at, after });
}

/** The first entry makes a member of its author, and so does the one by which a newcomer joins. */
const mayIntroduceItself = (header: FrameHeader, before: LogPosition): boolean =>
  !before.members.has(header.author) &&
  header.kind === 'membership' &&
  header.epoch === before.epoch;

/** Whoever joins later reads history by the key that the start of an epoch encloses. */
function keepsHistory({ statements: [first] }: EntryBody, key: EpochKey): boolean {
  if (first?.type !== 'epoch_started') return true;
  const previous = { epoch: first.previousEpoch, kid: first.previousKid };
  const opened = openPreviousKey(first.previousKey, key, previous);
  if (opened.ok) opened.value.wipe();
  return opened.ok;
}

/** What is said of the state comes without a change of it. */
const isWellFormed = (body: EntryBody, { kind }: FrameHeader): boolean =>
  kind === kindOf(body) && (body.edits.length === 0 || !body.statements.some(isDigestStatement));

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
  const device = before.devices.get(header.device);
  if (device && (device.author !== header.author || device.revoked)) {
    return fail('wrong_device', 'the device was revoked, or belongs to another author');
  }
  const startsEpoch = before.seq > 0 && header.epoch > before.epoch && header.kind === 'membership';
  const rightKey = before.kid === undefined || equalBytes(header.kid, before.kid);
  return startsEpoch || (header.epoch === before.epoch && rightKey)
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

const fail = (kind: EntryFailureKind, message: string): Result<never, EntryFailure> =>
  err({ kind, message });
