import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { encodeCanonical } from '../codec/cbor.js';
import { malformed } from '../codec/decode-error.js';
import { isName } from '../codec/value.js';
import type { BudgetId } from '../model/ids.js';
import type { PublicKeys } from '../model/membership.js';
import { type Result, err, ok } from '../result.js';
import { SIGNATURE_BYTES } from './frame.js';
import type { Identity } from './identity.js';
import type { InviteSecret } from './invite-secret.js';
import { encodeLabelled } from './labelled.js';
import { readPublicKeys } from './public-keys.js';
import { KEYS_VERSION, isBytes, readArray } from './read-array.js';
import { sodium } from './sodium.js';

/** Who accepted an invite, and with which keys. */
export interface Acceptance {
  readonly uid: string;
  readonly publicKeys: PublicKeys;
}

export interface AcceptanceError {
  readonly kind: 'malformed' | 'wrong_invite' | 'bad_signature' | 'upgrade_required';
  readonly message: string;
}

const MAX_UID_LENGTH = 128;
const WHAT = 'an acceptance';

/**
 * `identity` joins `budgetId`: signed by the invite's key, which shows that the newcomer
 * holds the link, and by the newcomer's, which shows that the keys are theirs.
 */
export function makeAcceptance(input: {
  readonly budgetId: BudgetId;
  readonly invite: InviteSecret;
  readonly identity: Identity;
}): Uint8Array {
  const { budgetId, invite, identity } = input;
  const { uid, publicKeys } = identity;
  const signed = encodeSigned(budgetId, invite.inviteId, { uid, publicKeys });
  return encodeCanonical([
    ...itemsOf(budgetId, invite.inviteId, { uid, publicKeys }),
    invite.identity.sign(signed),
    identity.sign(signed),
  ]);
}

/**
 * Who joins by `bytes`. `inviteSignKey` is the invite's public key as its log entry tells it;
 * `wrong_invite` if the acceptance is one of another invite or budget. The caller compares
 * `uid` with who stored it, and whether the invite stands.
 */
export function verifyAcceptance(input: {
  readonly bytes: Uint8Array;
  readonly budgetId: BudgetId;
  readonly inviteId: string;
  readonly inviteSignKey: Uint8Array;
}): Result<Acceptance, AcceptanceError> {
  const items = readArray(input.bytes, 8, WHAT);
  if (!items.ok) return items;
  const [budget, invite, uid, sign, box, inviteSignature, ownSignature] = items.value;
  if (!isBytes(budget, 16) || !isBytes(invite, 16)) return malformed(WHAT);
  const publicKeys = readPublicKeys(sign, box);
  if (!isName(uid, MAX_UID_LENGTH) || publicKeys === undefined) return malformed(WHAT);
  if (!isBytes(inviteSignature, SIGNATURE_BYTES) || !isBytes(ownSignature, SIGNATURE_BYTES)) {
    return malformed(WHAT);
  }
  if (bytesToHex(budget) !== input.budgetId || bytesToHex(invite) !== input.inviteId) {
    return err({ kind: 'wrong_invite', message: 'The acceptance is one of another invite.' });
  }
  const signed = encodeSigned(input.budgetId, input.inviteId, { uid, publicKeys });
  const verify = (signature: Uint8Array, key: Uint8Array): boolean =>
    sodium().crypto_sign_verify_detached(signature, signed, key);
  return verify(inviteSignature, input.inviteSignKey) && verify(ownSignature, publicKeys.sign)
    ? ok({ uid, publicKeys })
    : err({ kind: 'bad_signature', message: 'The acceptance is not signed by both keys.' });
}

function itemsOf(budgetId: BudgetId, inviteId: string, { uid, publicKeys }: Acceptance) {
  const ids = [hexToBytes(budgetId), hexToBytes(inviteId)];
  return [KEYS_VERSION, ...ids, uid, publicKeys.sign, publicKeys.box];
}

function encodeSigned(budgetId: BudgetId, inviteId: string, who: Acceptance): Uint8Array {
  return encodeLabelled('acceptance', itemsOf(budgetId, inviteId, who));
}
