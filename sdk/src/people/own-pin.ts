import { bytesToHex } from '@noble/hashes/utils.js';
import { openPin, sealPin, type BudgetPin } from '../crypto/budget-pin.js';
import { parseInviteFragment, type InviteLink } from '../crypto/invite-fragment.js';
import type { BudgetId } from '../model/ids.js';
import type { BudgetList } from '../ports/budget-list.js';
import type { Random } from '../ports/random.js';
import type { RemoteError } from '../ports/remote-log.js';
import { err, ok, type Result } from '../result.js';
import type { Landmarks } from '../sync/pull-log.js';
import type { OwnIdentities } from '../sync/own-identities.js';

/** What this user's devices have noted of a budget, opened. */
export interface OwnPin {
  readonly genesisHash: Uint8Array;
  /** The link that the user came with, until the log knows them. */
  readonly link?: InviteLink;
  /** Sealed for an identity that has been replaced since. */
  readonly isOutdated: boolean;
}

/** The note is there, and cannot be read. */
export type PinUnread =
  /** None of the user's identities sealed these bytes for this budget. */
  | { readonly kind: 'not_authentic'; readonly message: string }
  | { readonly kind: 'upgrade_required'; readonly message: string };

/** `undefined` where there is none. */
export async function readOwnPin(
  list: BudgetList,
  budgetId: BudgetId,
  identities: OwnIdentities,
  signal?: AbortSignal,
): Promise<Result<OwnPin | undefined, RemoteError | PinUnread>> {
  const read = await list.readPin(budgetId, signal);
  if (!read.ok) return read;
  if (!read.value) return ok(undefined);
  let unread: PinUnread = {
    kind: 'not_authentic',
    message: 'None of the identities here sealed this note.',
  };
  for (const identity of identities.all) {
    const opened = openPin({ bytes: read.value, budgetId, identity });
    if (opened.ok) return ok(toOwnPin(opened.value, identity !== identities.newest));
    const { kind, message } = opened.error;
    if (kind === 'upgrade_required') unread = { kind, message };
  }
  return err(unread);
}

function toOwnPin({ genesisHash, inviteFragment }: BudgetPin, isOutdated: boolean): OwnPin {
  if (inviteFragment === undefined) return { genesisHash, isOutdated };
  const link = parseInviteFragment(inviteFragment);
  return link.ok ? { genesisHash, link: link.value, isOutdated } : { genesisHash, isOutdated };
}

export function sealOwnPin(
  budgetId: BudgetId,
  identities: OwnIdentities,
  pin: BudgetPin,
  random: Random,
): Uint8Array {
  return sealPin({ ...pin, budgetId, identity: identities.newest, random });
}

/** Where a log must pass to be the noted one, or the one that starts as this device knows. */
export function landmarksOf(
  pin: OwnPin | undefined,
  genesisHash: Uint8Array | undefined = pin?.genesisHash,
): Landmarks {
  const marks = new Map<number, string>();
  const { head } = pin?.link ?? {};
  if (head) marks.set(head.seq, head.head8);
  if (genesisHash) marks.set(1, bytesToHex(genesisHash));
  return marks;
}
