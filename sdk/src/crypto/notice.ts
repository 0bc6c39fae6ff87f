import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { type Item, encodeCanonical } from '../codec/cbor.js';
import { type DecodeError, malformed, upgradeRequired } from '../codec/decode-error.js';
import { isName } from '../codec/value.js';
import { type BudgetId, isBudgetId } from '../model/ids.js';
import { type Result, err, ok } from '../result.js';
import { SIGNATURE_BYTES } from './frame.js';
import type { Identity } from './identity.js';
import { encodeLabelled } from './labelled.js';
import { KEYS_VERSION, isBytes, isCount, readArray } from './read-array.js';
import { sodium } from './sodium.js';

/** What a notice says: `uid` left, was removed, or deleted the budget. */
export type NoticeKind = 'left' | 'removed' | 'deleted';

/** Who signed a notice, and in which epoch the budget was then. */
export interface Notice {
  readonly by: string;
  readonly epoch: number;
}

export interface NoticeError {
  readonly kind: 'malformed' | 'wrong_notice' | 'bad_signature' | 'upgrade_required';
  readonly message: string;
}

interface NoticeContent extends Notice {
  readonly kind: NoticeKind;
  readonly budgetId: BudgetId;
  readonly uid: string;
}

interface ParsedNotice {
  readonly content: NoticeContent;
  readonly signature: Uint8Array;
}

const KINDS: readonly NoticeKind[] = ['left', 'removed', 'deleted'];
const MAX_UID_LENGTH = 128;
const WHAT = 'a notice';

/**
 * Says to whoever can no longer read the log that `uid` left, was removed or deleted the
 * budget. `epoch` is the one in force. All but removals are signed by `uid`; else it throws.
 */
export function makeNotice(input: {
  readonly kind: NoticeKind;
  readonly budgetId: BudgetId;
  readonly uid: string;
  readonly by: Identity;
  readonly epoch: number;
}): Uint8Array {
  const content: NoticeContent = { ...input, by: input.by.uid };
  const items = itemsOf(content);
  const bytes = encodeCanonical([...items, input.by.sign(encodeLabelled('notice', items))]);
  const parsed = parseNotice(bytes);
  if (!parsed.ok) throw new RangeError(`This notice cannot be made: ${parsed.error.message}`);
  return bytes;
}

/** The uid that `bytes` name as their signer, whose key is to verify them; not verified yet. */
export function readNoticeAuthor(bytes: Uint8Array): Result<string, DecodeError> {
  const parsed = parseNotice(bytes);
  return parsed.ok ? ok(parsed.value.content.by) : parsed;
}

/**
 * Who says so. `wrong_notice` if `bytes` are of another kind, budget or person;
 * `bad_signature` unless the holder of `bySignKey` (32 bytes, as the log gives it for the
 * signer) signed them. Whether the signer was an owner is for the caller to judge.
 */
export function verifyNotice(input: {
  readonly bytes: Uint8Array;
  readonly budgetId: BudgetId;
  readonly kind: NoticeKind;
  readonly uid: string;
  readonly bySignKey: Uint8Array;
}): Result<Notice, NoticeError> {
  const parsed = parseNotice(input.bytes);
  if (!parsed.ok) return parsed;
  const { content, signature } = parsed.value;
  const { kind, budgetId, uid, by, epoch } = content;
  if (kind !== input.kind || budgetId !== input.budgetId || uid !== input.uid) {
    return err({ kind: 'wrong_notice', message: 'The notice says something else.' });
  }
  const signed = encodeLabelled('notice', itemsOf(content));
  return sodium().crypto_sign_verify_detached(signature, signed, input.bySignKey)
    ? ok({ by, epoch })
    : err({ kind: 'bad_signature', message: 'The notice is not signed by whom it names.' });
}

function parseNotice(bytes: Uint8Array): Result<ParsedNotice, DecodeError> {
  const items = readArray(bytes, 7, WHAT);
  if (!items.ok) return items;
  const [code, budget, uid, by, epoch, signature] = items.value;
  if (!isCount(code, 0, 0xffff_ffff)) return malformed(WHAT);
  const kind = KINDS[code];
  if (kind === undefined) return upgradeRequired(WHAT);
  if (!isBytes(budget, 16)) return malformed(WHAT);
  const budgetId = bytesToHex(budget);
  if (!isBudgetId(budgetId)) return malformed(WHAT);
  if (!isName(uid, MAX_UID_LENGTH) || !isName(by, MAX_UID_LENGTH)) return malformed(WHAT);
  if (!isCount(epoch, 1, 0xffff_ffff) || !isBytes(signature, SIGNATURE_BYTES)) {
    return malformed(WHAT);
  }
  // Nobody leaves or deletes for another, and who removes stays.
  if ((kind === 'removed') === (uid === by)) return malformed(WHAT);
  return ok({ content: { kind, budgetId, uid, by, epoch }, signature });
}

function itemsOf({ kind, budgetId, uid, by, epoch }: NoticeContent): Item[] {
  return [KEYS_VERSION, KINDS.indexOf(kind), hexToBytes(budgetId), uid, by, epoch];
}
