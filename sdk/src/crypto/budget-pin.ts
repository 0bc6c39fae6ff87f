import { hexToBytes } from '@noble/hashes/utils.js';
import { type Item, decodeCanonical, encodeCanonical } from '../codec/cbor.js';
import { malformed } from '../codec/decode-error.js';
import type { BudgetId } from '../model/ids.js';
import { type Result, err, ok } from '../result.js';
import { openBytes, sealBytes } from './aead.js';
import { NONCE_BYTES, TAG_BYTES } from './frame.js';
import { HASH_BYTES } from './frame-header.js';
import type { Identity } from './identity.js';
import { encodeLabelled } from './labelled.js';
import { deriveOwnKey } from './own-key.js';
import { KEYS_VERSION, isBytes, readArray } from './read-array.js';
import type { RandomBytes } from './sodium.js';

/** What a user's devices tell each other of a budget, so that none is shown another one. */
export interface BudgetPin {
  /** SHA-256 of the log's first frame, 32 bytes. */
  readonly genesisHash: Uint8Array;
  /** That of the link, while the user's joining has not been written into the log. A secret. */
  readonly inviteFragment?: string;
}

export interface PinError {
  /** `not_authentic` also for a pin of another budget, user or earlier identity. */
  readonly kind: 'malformed' | 'not_authentic' | 'upgrade_required';
  readonly message: string;
}

/** Of UTF-16 code units: a fragment of version 1 has 199. */
const MAX_FRAGMENT_LENGTH = 512;
const WHAT = 'a pin of a budget';

/** What `identity` alone can read again, on any of its devices, for this budget only. */
export function sealPin(input: {
  readonly budgetId: BudgetId;
  readonly identity: Identity;
  readonly genesisHash: Uint8Array;
  readonly inviteFragment?: string;
  readonly random: RandomBytes;
}): Uint8Array {
  const { budgetId, identity, genesisHash, inviteFragment = '', random } = input;
  if (genesisHash.length !== HASH_BYTES) throw new RangeError('A genesis hash is 32 bytes.');
  if (inviteFragment.length > MAX_FRAGMENT_LENGTH) {
    throw new RangeError('An invite fragment has at most 512 characters.');
  }
  const content = encodeCanonical([genesisHash, inviteFragment]);
  const key = deriveOwnKey(identity, 'pin key');
  const { nonce, ciphertext } = sealBytes(content, encodeBound(budgetId, identity), key, random);
  key.fill(0);
  content.fill(0);
  return encodeCanonical([KEYS_VERSION, nonce, ciphertext]);
}

/** What `identity` once sealed for `budgetId`. An older one put back opens just as well. */
export function openPin(input: {
  readonly bytes: Uint8Array;
  readonly budgetId: BudgetId;
  readonly identity: Identity;
}): Result<BudgetPin, PinError> {
  const items = readArray(input.bytes, 3, WHAT);
  if (!items.ok) return items;
  const [nonce, ciphertext] = items.value;
  if (!isBytes(nonce, NONCE_BYTES) || !(ciphertext instanceof Uint8Array)) return malformed(WHAT);
  if (ciphertext.length < TAG_BYTES) return malformed(WHAT);
  const key = deriveOwnKey(input.identity, 'pin key');
  const bound = encodeBound(input.budgetId, input.identity);
  const content = openBytes({ nonce, ciphertext }, bound, key);
  key.fill(0);
  if (content === undefined) {
    return err({ kind: 'not_authentic', message: 'This user did not seal this for this budget.' });
  }
  const pin = readContent(decodeCanonical(content));
  return pin === undefined ? malformed(WHAT) : ok(pin);
}

function readContent(content: Item | undefined): BudgetPin | undefined {
  if (!Array.isArray(content) || content.length !== 2) return undefined;
  const items: readonly Item[] = content;
  const [genesisHash, inviteFragment] = items;
  if (!isBytes(genesisHash, HASH_BYTES) || typeof inviteFragment !== 'string') return undefined;
  if (inviteFragment.length > MAX_FRAGMENT_LENGTH) return undefined;
  return inviteFragment === '' ? { genesisHash } : { genesisHash, inviteFragment };
}

function encodeBound(budgetId: BudgetId, { uid }: Identity): Uint8Array {
  return encodeLabelled('pin', [KEYS_VERSION, hexToBytes(budgetId), uid]);
}
