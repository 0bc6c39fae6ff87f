import { ok, type Result } from '../result.js';
import type { LogPosition } from '../sync/log-position.js';
import type { SyncFailure } from '../sync/sync-failure.js';
import { sealOwnPin, type OwnPin } from './own-pin.js';
import { ownMember, positionOf, type PeopleDeps } from './people-deps.js';
import { tendPeople } from './tend-people.js';

/** Looks at the people of one open budget, and knows from look to look what is left to do. */
export class PeopleLook {
  readonly #deps: PeopleDeps;
  readonly #reported = new Set<string>();
  #isNew: boolean;
  #pin: OwnPin | undefined;
  #lookedAt: LogPosition | undefined;
  #hasCheckedWraps = false;

  constructor(deps: PeopleDeps, pin: OwnPin | undefined, isNew: boolean) {
    this.#deps = deps;
    this.#pin = pin;
    this.#isNew = isNew;
    deps.keyring.useInvite(pin?.link?.invite);
  }

  /** `isHinted` if somebody said that there is something to find. Counts the entries appended. */
  async run(isHinted: boolean, signal: AbortSignal): Promise<Result<number, SyncFailure>> {
    const link = this.#pin?.link;
    const position = positionOf(this.#deps);
    // Somebody hints at a change, and the log has none: it may be that a wrap was refused.
    const isBareHint = isHinted && !havePeopleChanged(this.#lookedAt, position);
    const checksWraps = !this.#hasCheckedWraps || link !== undefined || isBareHint;
    this.#lookedAt = position;
    const tending = { link, isNew: this.#isNew, checksWraps, reported: this.#reported };
    const tended = await tendPeople(this.#deps, tending, signal);
    if (!tended.ok) return tended;
    this.#isNew = false;
    if (checksWraps) this.#hasCheckedWraps = true;
    const noted = await this.#notePin(signal);
    return noted.ok ? tended : noted;
  }

  /** Once the log knows this user, the budget is noted without the link. */
  async #notePin(signal: AbortSignal): Promise<Result<void, SyncFailure>> {
    const { budgetId, identities, list, random, replica, keyring } = this.#deps;
    const { genesisHash } = replica.confirmed;
    const isNoted = this.#pin && !this.#pin.link && !this.#pin.isOutdated;
    if (isNoted || !genesisHash || !ownMember(this.#deps)) return ok();
    const bytes = sealOwnPin(budgetId, identities, { genesisHash }, random);
    const noted = await list.putPin(budgetId, bytes, signal);
    if (!noted.ok) return noted;
    this.#pin = { genesisHash, isOutdated: false };
    keyring.useInvite(undefined);
    return noted;
  }
}

const havePeopleChanged = (before: LogPosition | undefined, now: LogPosition): boolean =>
  before?.members !== now.members || before.invites !== now.invites || before.epoch !== now.epoch;
