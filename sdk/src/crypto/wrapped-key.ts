import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { type Item, encodeCanonical } from '../codec/cbor.js';
import { type DecodeError, malformed } from '../codec/decode-error.js';
import { isName } from '../codec/value.js';
import { type BudgetId, isBudgetId } from '../model/ids.js';
import { type Result, ok } from '../result.js';
import { EPOCH_KEY_BYTES } from './epoch-key.js';
import { NONCE_BYTES, SIGNATURE_BYTES, TAG_BYTES } from './frame.js';
import { HASH_BYTES } from './frame-header.js';
import { encodeLabelled } from './labelled.js';
import { KEYS_VERSION, isBytes, isCount, readArray } from './read-array.js';

/** What a wrap says of itself, bound by its seal and signed by who made it. */
export interface WrapContext {
  readonly budgetId: BudgetId;
  readonly epoch: number;
  /** 32 bytes that commit to the wrapped key. */
  readonly kid: Uint8Array;
  /** The uid of the member it is for, or the name of an invite's identity. */
  readonly recipient: string;
  /** The X25519 key it is wrapped for. */
  readonly recipientBox: Uint8Array;
  /** The uid of the member who wrapped it. */
  readonly wrapper: string;
  /** The public half of the X25519 pair that was made for this wrap and forgotten. */
  readonly ephemeral: Uint8Array;
}

/** A wrap taken apart; nothing is verified yet. */
export interface WrappedKey {
  readonly context: WrapContext;
  readonly nonce: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly signature: Uint8Array;
}

export const BOX_KEY_BYTES = 32;
const MAX_UID_LENGTH = 128;
const WHAT = 'a wrapped key';

/** `upgrade_required` for a newer form; `malformed` for whatever else is not exactly a wrap. */
export function parseWrappedKey(bytes: Uint8Array): Result<WrappedKey, DecodeError> {
  const items = readArray(bytes, 11, WHAT);
  if (!items.ok) return items;
  const [budget, epoch, kid, recipient, recipientBox, wrapper, ephemeral, ...sealed] = items.value;
  const [nonce, ciphertext, signature] = sealed;
  if (!isBytes(budget, 16) || !isCount(epoch, 1, 0xffff_ffff)) return malformed(WHAT);
  const budgetId = bytesToHex(budget);
  if (!isBudgetId(budgetId) || !isBytes(kid, HASH_BYTES)) return malformed(WHAT);
  if (!isName(recipient, MAX_UID_LENGTH) || !isName(wrapper, MAX_UID_LENGTH)) {
    return malformed(WHAT);
  }
  if (!isBytes(recipientBox, BOX_KEY_BYTES) || !isBytes(ephemeral, BOX_KEY_BYTES)) {
    return malformed(WHAT);
  }
  if (!isBytes(nonce, NONCE_BYTES) || !isBytes(ciphertext, EPOCH_KEY_BYTES + TAG_BYTES)) {
    return malformed(WHAT);
  }
  if (!isBytes(signature, SIGNATURE_BYTES)) return malformed(WHAT);
  const context = { budgetId, epoch, kid, recipient, recipientBox, wrapper, ephemeral };
  return ok({ context, nonce, ciphertext, signature });
}

export function encodeWrappedKey(wrap: WrappedKey): Uint8Array {
  const { context, nonce, ciphertext, signature } = wrap;
  const items = [...contextItems(context), nonce, ciphertext, signature];
  const bytes = encodeCanonical([KEYS_VERSION, ...items]);
  const read = parseWrappedKey(bytes);
  if (!read.ok) throw new RangeError(`This wrap cannot be encoded: ${read.error.message}`);
  return bytes;
}

/** What seal and key of a wrap bind. */
export function encodeWrapContext(context: WrapContext): Uint8Array {
  return encodeLabelled('wrap key', [KEYS_VERSION, ...contextItems(context)]);
}

/** What the wrapper signs: everything but the signature. */
export function encodeSignedWrap({ context, nonce, ciphertext }: WrappedKey): Uint8Array {
  return encodeLabelled('wrap', [KEYS_VERSION, ...contextItems(context), nonce, ciphertext]);
}

function contextItems(context: WrapContext): Item[] {
  const { budgetId, epoch, kid, recipient, recipientBox, wrapper, ephemeral } = context;
  return [hexToBytes(budgetId), epoch, kid, recipient, recipientBox, wrapper, ephemeral];
}
