import type { BudgetId } from '../model/ids.js';
import { type Result, err, ok } from '../result.js';
import { openBytes, sealBytes } from './aead.js';
import { type EpochKey, createEpochKey, lendKeyBytes } from './epoch-key.js';
import { SIGNATURE_BYTES } from './frame.js';
import { type Identity, agreeOnSecret, multiply } from './identity.js';
import { type RandomBytes, sodium } from './sodium.js';
import {
  BOX_KEY_BYTES,
  type WrapContext,
  type WrappedKey,
  encodeSignedWrap,
  encodeWrapContext,
  encodeWrappedKey,
  parseWrappedKey,
} from './wrapped-key.js';

export interface BadPublicKeyError {
  readonly kind: 'bad_public_key';
  readonly message: string;
}

export interface UnwrapError {
  readonly kind: 'malformed' | 'not_for_me' | 'bad_signature' | 'wrong_key' | 'upgrade_required';
  readonly message: string;
}

/**
 * The epoch key for one recipient: sealed under a key that only a fresh X25519 pair and the
 * recipient's give, bound to budget, epoch, `kid`, recipient and wrapper, and signed by the
 * wrapper. `bad_public_key` if the recipient's is of low order, so that anybody could open it.
 */
export function wrapEpochKey(input: {
  readonly epochKey: EpochKey;
  readonly recipient: { readonly uid: string; readonly box: Uint8Array };
  readonly by: Identity;
  readonly random: RandomBytes;
}): Result<Uint8Array, BadPublicKeyError> {
  const { epochKey, recipient, by, random } = input;
  const ephemeralKey = random.bytes(BOX_KEY_BYTES);
  const secret = multiply(ephemeralKey, recipient.box);
  const context: WrapContext = {
    budgetId: epochKey.budgetId,
    epoch: epochKey.epoch,
    kid: epochKey.kid,
    recipient: recipient.uid,
    recipientBox: recipient.box,
    wrapper: by.uid,
    ephemeral: sodium().crypto_scalarmult_base(ephemeralKey),
  };
  ephemeralKey.fill(0);
  if (secret === undefined) {
    return err({ kind: 'bad_public_key', message: 'No key can be wrapped for this public key.' });
  }
  const bound = encodeWrapContext(context);
  const wrappingKey = deriveWrappingKey(secret, bound);
  const sealed = lendKeyBytes(epochKey, (key) => sealBytes(key, bound, wrappingKey, random));
  wrappingKey.fill(0);
  const unsigned = { context, ...sealed, signature: new Uint8Array(SIGNATURE_BYTES) };
  const signature = by.sign(encodeSignedWrap(unsigned));
  return ok(encodeWrappedKey({ ...unsigned, signature }));
}

/**
 * The key of `epoch` that `bytes` hold for `identity`. `bad_signature` unless the holder of
 * `wrapperSignKey` (32 bytes, from the log) signed them; `not_for_me` if for another or
 * another's key; `wrong_key` for another budget, epoch or `kid`, which the key must match.
 *
 * `wrapperSignKey` is undefined where nobody is verified yet, before the log could be read:
 * then the signature is not checked and `kid` alone decides. That is enough to know the key,
 * since no other has this commitment, but not who wrapped it.
 */
export function unwrapEpochKey(input: {
  readonly bytes: Uint8Array;
  readonly identity: Identity;
  readonly wrapperSignKey: Uint8Array | undefined;
  readonly budgetId: BudgetId;
  readonly epoch: number;
  readonly kid: Uint8Array;
}): Result<EpochKey, UnwrapError> {
  const parsed = parseWrappedKey(input.bytes);
  if (!parsed.ok) return parsed;
  const wrap = parsed.value;
  const { context } = wrap;
  const { identity, wrapperSignKey } = input;
  if (wrapperSignKey !== undefined && !isSignedBy(wrap, wrapperSignKey)) {
    return err({ kind: 'bad_signature', message: 'The wrapped key is not signed by its wrapper.' });
  }
  const isMine =
    context.recipient === identity.uid &&
    sodium().memcmp(context.recipientBox, identity.publicKeys.box);
  if (!isMine) return err({ kind: 'not_for_me', message: 'The key is wrapped for another.' });
  const isExpected =
    context.budgetId === input.budgetId &&
    context.epoch === input.epoch &&
    sodium().memcmp(context.kid, input.kid);
  if (!isExpected) return wrongKey();
  const secret = agreeOnSecret(identity, context.ephemeral);
  if (secret === undefined) return wrongKey();
  const bound = encodeWrapContext(context);
  const wrappingKey = deriveWrappingKey(secret, bound);
  const key = openBytes(wrap, bound, wrappingKey);
  wrappingKey.fill(0);
  return key === undefined ? wrongKey() : checkKid(key, context);
}

function isSignedBy(wrap: WrappedKey, signKey: Uint8Array): boolean {
  return sodium().crypto_sign_verify_detached(wrap.signature, encodeSignedWrap(wrap), signKey);
}

/** Wipes `secret`: X25519's output is no key until it is hashed with what it is for. */
function deriveWrappingKey(secret: Uint8Array, bound: Uint8Array): Uint8Array {
  const key = sodium().crypto_generichash(32, bound, secret);
  secret.fill(0);
  return key;
}

function checkKid(
  key: Uint8Array,
  { budgetId, epoch, kid }: WrapContext,
): Result<EpochKey, UnwrapError> {
  const epochKey = createEpochKey(key, budgetId, epoch);
  key.fill(0);
  if (sodium().memcmp(epochKey.kid, kid)) return ok(epochKey);
  epochKey.wipe();
  return wrongKey();
}

function wrongKey(): Result<never, UnwrapError> {
  return err({ kind: 'wrong_key', message: 'This is not the key of that budget and epoch.' });
}
