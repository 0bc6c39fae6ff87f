import { hexToBytes } from '@noble/hashes/utils.js';
import { encodeCanonical } from '../codec/cbor.js';
import { malformed } from '../codec/decode-error.js';
import { type Result, err, ok } from '../result.js';
import { openBytes, sealBytes } from './aead.js';
import { EPOCH_KEY_BYTES, type EpochKey, createEpochKey, lendKeyBytes } from './epoch-key.js';
import { NONCE_BYTES, TAG_BYTES } from './frame.js';
import { encodeLabelled } from './labelled.js';
import { KEYS_VERSION, isBytes, readArray } from './read-array.js';
import { type RandomBytes, sodium } from './sodium.js';

/** Which key is sealed: its epoch, and the commitment to it that the log has verified. */
export interface PreviousEpoch {
  readonly epoch: number;
  readonly kid: Uint8Array;
}

export interface PreviousKeyError {
  readonly kind: 'malformed' | 'wrong_key' | 'upgrade_required';
  readonly message: string;
}

const WHAT = 'a previous key';

/** `oldKey` sealed under `newKey` of a later epoch, so that who has the new reads old history. */
export function sealPreviousKey(
  newKey: EpochKey,
  oldKey: EpochKey,
  random: RandomBytes,
): Uint8Array {
  if (newKey.budgetId !== oldKey.budgetId || newKey.epoch <= oldKey.epoch) {
    throw new RangeError('A key seals one of an earlier epoch of its own budget.');
  }
  const bound = encodeBound(newKey, oldKey);
  const wrappingKey = newKey.subkey('previousEpoch');
  const { nonce, ciphertext } = lendKeyBytes(oldKey, (key) =>
    sealBytes(key, bound, wrappingKey, random),
  );
  return encodeCanonical([KEYS_VERSION, nonce, ciphertext]);
}

/** The key of `previous` that `bytes` hold; `wrong_key` unless it is exactly that one. */
export function openPreviousKey(
  bytes: Uint8Array,
  newKey: EpochKey,
  previous: PreviousEpoch,
): Result<EpochKey, PreviousKeyError> {
  const items = readArray(bytes, 3, WHAT);
  if (!items.ok) return items;
  const [nonce, ciphertext] = items.value;
  if (!isBytes(nonce, NONCE_BYTES) || !isBytes(ciphertext, EPOCH_KEY_BYTES + TAG_BYTES)) {
    return malformed(WHAT);
  }
  const bound = encodeBound(newKey, previous);
  const key = openBytes({ nonce, ciphertext }, bound, newKey.subkey('previousEpoch'));
  if (key === undefined) return wrongKey();
  const epochKey = createEpochKey(key, newKey.budgetId, previous.epoch);
  key.fill(0);
  if (sodium().memcmp(epochKey.kid, previous.kid)) return ok(epochKey);
  epochKey.wipe();
  return wrongKey();
}

function encodeBound({ budgetId, epoch, kid }: EpochKey, previous: PreviousEpoch): Uint8Array {
  const items = [hexToBytes(budgetId), epoch, kid, previous.epoch, previous.kid];
  return encodeLabelled('previous key', [KEYS_VERSION, ...items]);
}

function wrongKey(): Result<never, PreviousKeyError> {
  return err({ kind: 'wrong_key', message: 'This is not the key of that earlier epoch.' });
}
