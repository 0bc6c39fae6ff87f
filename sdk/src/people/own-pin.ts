import { bytesToHex } from '@noble/hashes/utils.js';
import { openPin, sealPin, type BudgetPin } from '../crypto/budget-pin.js';
import { parseInviteFragment, type InviteLink } from '../crypto/invite-fragment.js';
import type { BudgetId } from '../model/ids.js';
import type { BudgetList } from '../ports/budget-list.js';
import type { Random } from '../ports/random.js';
import type { RemoteError } from '../ports/remote-log.js';
import { ok, type Result } from '../result.js';
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

/** `undefined` where there is none that one of the user's identities has sealed. */
export async function readOwnPin(
  list: BudgetList,
  budgetId: BudgetId,
  identities: OwnIdentities,
  signal?: AbortSignal,
): Promise<Result<OwnPin | undefined, RemoteError>> {
  const read = await list.readPin(budgetId, signal);
  if (!read.ok) return read;
  if (!read.value) return ok(undefined);
  for (const identity of identities.all) {
    const opened = openPin({ bytes: read.value, budgetId, identity });
    if (opened.ok) return ok(toOwnPin(opened.value, identity !== identities.newest));
  }
  return ok(undefined);
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

/** Where a log that this user was led to must pass. */
export function landmarksOf(pin: OwnPin | undefined): Landmarks {
  const marks = new Map<number, string>();
  const { head } = pin?.link ?? {};
  if (head) marks.set(head.seq, head.head8);
  if (pin) marks.set(1, bytesToHex(pin.genesisHash));
  return marks;
}
