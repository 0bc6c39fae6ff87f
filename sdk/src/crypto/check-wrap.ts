import type { BudgetId } from '../model/ids.js';
import { sodium } from './sodium.js';
import { encodeSignedWrap, parseWrappedKey } from './wrapped-key.js';

/**
 * Whether a wrap is, as far as others than its recipient can tell, the key of that epoch for
 * that recipient, from somebody whose Ed25519 key `signKeyOf` knows. What is inside, only the
 * recipient can tell.
 */
export function isSoundWrap(input: {
  readonly bytes: Uint8Array;
  readonly budgetId: BudgetId;
  readonly epoch: number;
  readonly kid: Uint8Array;
  readonly recipient: { readonly uid: string; readonly box: Uint8Array };
  readonly signKeyOf: (wrapper: string) => Uint8Array | undefined;
}): boolean {
  const parsed = parseWrappedKey(input.bytes);
  if (!parsed.ok) return false;
  const { context, signature } = parsed.value;
  const { budgetId, epoch, kid, recipient } = input;
  const signKey = input.signKeyOf(context.wrapper);
  return (
    context.budgetId === budgetId &&
    context.epoch === epoch &&
    sodium().memcmp(context.kid, kid) &&
    context.recipient === recipient.uid &&
    sodium().memcmp(context.recipientBox, recipient.box) &&
    signKey !== undefined &&
    sodium().crypto_sign_verify_detached(signature, encodeSignedWrap(parsed.value), signKey)
  );
}
