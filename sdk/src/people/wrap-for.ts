import type { EpochKey } from '../crypto/epoch-key.js';
import type { Identity } from '../crypto/identity.js';
import { inviteRecipient } from '../crypto/invite-secret.js';
import { wrapEpochKey } from '../crypto/wrap-epoch-key.js';
import type { People } from '../model/people.js';
import type { Random } from '../ports/random.js';
import type { StoredWrap } from '../ports/wrapped-keys.js';

export interface Recipient {
  readonly uid: string;
  /** X25519, 32 bytes. */
  readonly box: Uint8Array;
}

/**
 * Whoever is to read what comes next: all members, and who may still accept an invite. An old
 * link gets no new keys; who has accepted it in time gets them as a member.
 */
export function recipientsOf({ members, invites }: People, nowMs: number): readonly Recipient[] {
  const standing = [...invites].filter(([, { expiresAt }]) => expiresAt > nowMs);
  return [
    ...[...members].map(([uid, { keys }]) => ({ uid, box: keys.box })),
    ...standing.map(([id, { keys }]) => ({ uid: inviteRecipient(id), box: keys.box })),
  ];
}

/** A wrap for each. Their keys come from the log, where none of low order can stand. */
export function wrapFor(
  recipients: readonly Recipient[],
  epochKey: EpochKey,
  by: Identity,
  random: Random,
): readonly StoredWrap[] {
  const { epoch, kid } = epochKey;
  return recipients.flatMap((recipient) => {
    const wrapped = wrapEpochKey({ epochKey, recipient, by, random });
    return wrapped.ok ? [{ epoch, kid, recipient: recipient.uid, wrap: wrapped.value }] : [];
  });
}
