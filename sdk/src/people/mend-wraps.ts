import { isSoundWrap } from '../crypto/check-wrap.js';
import { mayWrite } from '../model/roles.js';
import type { RemoteError } from '../ports/remote-log.js';
import type { StoredWrap } from '../ports/wrapped-keys.js';
import { ok, type Result } from '../result.js';
import { ownIdentity, ownMember, positionOf, type PeopleDeps } from './people-deps.js';
import { recipientsOf, wrapFor, type Recipient } from './wrap-for.js';

/** Wraps the current key again for everybody whose wrap is missing, damaged or someone else's. */
export async function mendWraps(
  deps: PeopleDeps,
  signal?: AbortSignal,
): Promise<Result<void, RemoteError>> {
  const { budgetId, keyring, remote } = deps;
  const position = positionOf(deps);
  const { epoch, kid } = position;
  const epochKey = kid && keyring.find(epoch, kid);
  const self = ownMember(deps);
  if (!epochKey || !self) return ok();
  const listed = await remote.wraps.list(epochKey.kid, signal);
  if (!listed.ok) return listed;
  const { uid } = deps.identities;
  const signKeyOf = (wrapper: string): Uint8Array | undefined =>
    position.members.get(wrapper)?.keys.sign;
  const isSound = (recipient: { uid: string; box: Uint8Array }, stored: StoredWrap): boolean =>
    stored.recipient === recipient.uid &&
    isSoundWrap({ bytes: stored.wrap, budgetId, epoch, kid: epochKey.kid, recipient, signKeyOf });
  const lacking = recipientsOf(position, deps.corrected.now())
    .filter((recipient) => mayWrite(self.role) || recipient.uid === uid)
    .filter((recipient) => !listed.value.some((stored) => isSound(recipient, stored)));
  return lacking.length === 0 ? ok() : wrapCurrentKey(deps, lacking, signal);
}

/** Wraps the key in force for `recipients`, in place of what lies there for them. */
export async function wrapCurrentKey(
  deps: PeopleDeps,
  recipients: readonly Recipient[],
  signal?: AbortSignal,
): Promise<Result<void, RemoteError>> {
  const { keyring, remote, random } = deps;
  const { epoch, kid } = positionOf(deps);
  const epochKey = kid && keyring.find(epoch, kid);
  if (!epochKey) return ok();
  return remote.wraps.put(wrapFor(recipients, epochKey, ownIdentity(deps), random), signal);
}
