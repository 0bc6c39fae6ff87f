import type { Clock } from '../ports/clock.js';
import { ok, type Result } from '../result.js';
import type { LogPosition } from '../sync/log-position.js';
import type { SyncFailure } from '../sync/sync-failure.js';
import { ownMember, positionOf, type PeopleDeps } from './people-deps.js';
import { tendPeople } from './tend-people.js';

/** Wraps cost a read for each, and anybody can hint that one is missing. */
const WRAPS_INTERVAL_MS = 300_000;

/** Looks at the people of one open budget, and knows from look to look what is left to do. */
export class PeopleLook {
  readonly #deps: PeopleDeps;
  readonly #clock: Clock;
  #isNew: boolean;
  #lookedAt: LogPosition | undefined;
  #hasCheckedWraps = false;
  /** Somebody may be without a wrap. */
  #owesWraps = false;
  #wrapsAskedMs = Number.NEGATIVE_INFINITY;

  constructor(deps: PeopleDeps, clock: Clock, isNew: boolean) {
    this.#deps = deps;
    this.#clock = clock;
    this.#isNew = isNew;
  }

  /** `isHinted` if somebody said that there is something to find. Counts the entries appended. */
  async run(isHinted: boolean, signal: AbortSignal): Promise<Result<number, SyncFailure>> {
    const { link } = this.#deps.note;
    const position = positionOf(this.#deps);
    // Somebody hints at a change, and the log has none: it may be that a wrap was refused.
    if (isHinted && !havePeopleChanged(this.#lookedAt, position)) this.#owesWraps = true;
    this.#lookedAt = position;
    const isAsked = this.#owesWraps && this.wrapsDueInMs === 0;
    const checksWraps = isAsked || !this.#hasCheckedWraps || link !== undefined;
    const tending = { link, isNew: this.#isNew, checksWraps };
    const tended = await tendPeople(this.#deps, tending, signal);
    if (!tended.ok) return tended;
    this.#isNew = false;
    // Whoever was let in has no wrap of their own yet.
    this.#owesWraps = checksWraps ? false : this.#owesWraps || tended.value > 0;
    if (checksWraps) this.#hasCheckedWraps = true;
    if (isAsked) this.#wrapsAskedMs = this.#clock.now();
    const noted = await this.#notePin(signal);
    return noted.ok ? tended : noted;
  }

  /** How long until a look would check wraps that it owes somebody. */
  get wrapsDueInMs(): number | undefined {
    if (!this.#owesWraps) return undefined;
    const waitMs = this.#wrapsAskedMs + WRAPS_INTERVAL_MS - this.#clock.now();
    // A clock that was set back must not keep this waiting.
    return waitMs > 0 && waitMs <= WRAPS_INTERVAL_MS ? waitMs : 0;
  }

  /** Once the log knows this user, the budget is noted without the link. */
  async #notePin(signal: AbortSignal): Promise<Result<void, SyncFailure>> {
    const { genesisHash } = this.#deps.replica.confirmed;
    if (!genesisHash || !ownMember(this.#deps)) return ok();
    return this.#deps.note.write(genesisHash, signal);
  }
}

const havePeopleChanged = (before: LogPosition | undefined, now: LogPosition): boolean =>
  before?.members !== now.members || before.invites !== now.invites || before.epoch !== now.epoch;
