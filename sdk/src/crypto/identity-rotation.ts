import { type Item, encodeCanonical } from '../codec/cbor.js';
import { malformed } from '../codec/decode-error.js';
import { isName } from '../codec/value.js';
import type { PublicKeys } from '../model/membership.js';
import { type Result, err, ok } from '../result.js';
import type { PublicIdentity } from './fingerprint.js';
import { SIGNATURE_BYTES } from './frame.js';
import type { Identity } from './identity.js';
import { encodeLabelled } from './labelled.js';
import { readPublicKeys } from './public-keys.js';
import { KEYS_VERSION, isBytes, isCount, readArray } from './read-array.js';
import { sodium } from './sodium.js';

/** What a user's next keys are. */
export interface IdentityRotation {
  /** Counts the user's rotations; the first identity is version 1. */
  readonly identityVersion: number;
  readonly publicKeys: PublicKeys;
}

export interface RotationError {
  readonly kind: 'malformed' | 'wrong_identity' | 'bad_signature' | 'upgrade_required';
  readonly message: string;
}

const WHAT = 'a rotation of identity';

/** Says that `to` follows `from`: signed by the old key, and by the new to show it is held. */
export function makeIdentityRotation(input: {
  readonly from: Identity;
  readonly to: Identity;
  /** That of `to`. */
  readonly identityVersion: number;
}): Uint8Array {
  const { from, to, identityVersion } = input;
  if (from.uid !== to.uid) throw new RangeError('An identity is followed by one of its user.');
  if (!isCount(identityVersion, 2, 0xffff_ffff)) {
    throw new RangeError('A later identity version is an integer from 2 to 2^32 - 1.');
  }
  const items = itemsOf(from, { identityVersion, publicKeys: to.publicKeys });
  const signed = encodeLabelled('identity rotation', items);
  return encodeCanonical([...items, from.sign(signed), to.sign(signed)]);
}

/**
 * The keys that follow those of `current`; `wrong_identity` if `bytes` rotate another's or
 * other keys. The caller compares `identityVersion` with the last one seen.
 */
export function verifyIdentityRotation(
  bytes: Uint8Array,
  current: PublicIdentity,
): Result<IdentityRotation, RotationError> {
  const items = readArray(bytes, 9, WHAT);
  if (!items.ok) return items;
  const [uid, identityVersion, oldSign, oldBox, sign, box, oldSignature, newSignature] =
    items.value;
  const publicKeys = readPublicKeys(sign, box);
  if (!isName(uid, 128) || publicKeys === undefined) return malformed(WHAT);
  if (!isCount(identityVersion, 2, 0xffff_ffff)) return malformed(WHAT);
  if (!isBytes(oldSign, 32) || !isBytes(oldBox, 32)) return malformed(WHAT);
  if (!isBytes(oldSignature, SIGNATURE_BYTES) || !isBytes(newSignature, SIGNATURE_BYTES)) {
    return malformed(WHAT);
  }
  const isCurrent =
    uid === current.uid &&
    sodium().memcmp(oldSign, current.publicKeys.sign) &&
    sodium().memcmp(oldBox, current.publicKeys.box);
  if (!isCurrent) {
    return err({ kind: 'wrong_identity', message: 'The rotation is one of other keys.' });
  }
  const rotation = { identityVersion, publicKeys };
  const signed = encodeLabelled('identity rotation', itemsOf(current, rotation));
  const verify = (signature: Uint8Array, key: Uint8Array): boolean =>
    sodium().crypto_sign_verify_detached(signature, signed, key);
  return verify(oldSignature, oldSign) && verify(newSignature, publicKeys.sign)
    ? ok(rotation)
    : err({ kind: 'bad_signature', message: 'The rotation is not signed by both keys.' });
}

function itemsOf({ uid, publicKeys }: PublicIdentity, to: IdentityRotation): Item[] {
  const { sign, box } = to.publicKeys;
  return [KEYS_VERSION, uid, to.identityVersion, publicKeys.sign, publicKeys.box, sign, box];
}
