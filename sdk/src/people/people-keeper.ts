import { isSealsyncError, type SealsyncError, type SealsyncErrorKind } from '../errors.js';
import type { Clock } from '../ports/clock.js';
import { ok, type Result } from '../result.js';
import { NamedTimers } from '../sync/named-timers.js';
import type { SyncFailure } from '../sync/sync-failure.js';
import { sealOwnPin, type OwnPin } from './own-pin.js';
import { ownMember, type PeopleDeps } from './people-deps.js';
import { tendPeople } from './tend-people.js';

const ENDS: ReadonlySet<SealsyncErrorKind> = new Set(['removed', 'budget_deleted']);

/**
 * Looks after the people of one open budget: once it has been read, and whenever somebody
 * says that people have changed. Anybody can say so, so it happens at most every few seconds.
 */
export class PeopleKeeper {
  readonly #deps: PeopleDeps;
  readonly #clock: Clock;
  readonly #timers: NamedTimers<'look'>;
  readonly #reported = new Set<string>();
  #pin: OwnPin | undefined;
  #lastLookMs = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;
  #wantsLook = false;
  #stopListening: (() => void) | undefined;
  #endFirstLook: () => void = () => undefined;
  readonly #firstLook: Promise<void>;
  /** That this device is out, which the first look found. */
  #end: SealsyncError | undefined;

  constructor(deps: PeopleDeps, clock: Clock, pin: OwnPin | undefined) {
    this.#deps = deps;
    this.#clock = clock;
    this.#timers = new NamedTimers(clock);
    this.#pin = pin;
    deps.keyring.useInvite(pin?.link?.invite);
    this.#firstLook = new Promise((resolve) => {
      this.#endFirstLook = resolve;
    });
  }

  /** Resolves after the first look, unless it found that this device is out: then it throws. */
  async firstLook(): Promise<void> {
    await this.#firstLook;
    if (this.#end) throw this.#end;
  }

  /** Looks for the first time as soon as the log has been read. */
  start(): void {
    const { sync } = this.#deps;
    this.#stopListening = sync.onStatus(({ state, lastSyncAt }) => {
      if (lastSyncAt === undefined || (state !== 'idle' && state !== 'waiting')) return;
      this.#stopListening?.();
      this.#lookSoon();
    });
  }

  /** Somebody says that people have changed. */
  heed(): void {
    this.#lookSoon();
  }

  async #look(): Promise<void> {
    this.#lastLookMs = this.#clock.now();
    const { sync, logger } = this.#deps;
    const seen = { appended: 0 };
    await sync.betweenRounds(async (signal) => {
      const tended = await this.#tend(signal);
      if (tended.ok) seen.appended = tended.value;
      else
        logger.warn('the people of a budget could not be looked after', {
          kind: tended.error.kind,
        });
      return tended;
    });
    if (seen.appended > 0) sync.announceMembership();
  }

  async close(): Promise<void> {
    this.#stopListening?.();
    this.#timers.clearAll();
    this.#wantsLook = false;
    await this.#looking;
  }

  async #tend(signal: AbortSignal): Promise<Result<number, SyncFailure>> {
    const link = this.#pin?.link;
    const tended = await tendPeople(this.#deps, { link, reported: this.#reported }, signal);
    if (!tended.ok) return tended;
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

  #lookSoon(): void {
    this.#wantsLook = true;
    const { settings } = this.#deps;
    const waitMs = this.#lastLookMs + settings.peopleIntervalMs - this.#clock.now();
    if (this.#looking || this.#timers.has('look')) return;
    // A clock that was set back must not keep this waiting.
    if (waitMs > 0 && waitMs <= settings.peopleIntervalMs) {
      this.#timers.set('look', waitMs, () => {
        this.#lookSoon();
      });
      return;
    }
    this.#wantsLook = false;
    this.#looking = this.#look()
      .catch((error: unknown) => {
        const isEnd = isSealsyncError(error) && ENDS.has(error.kind);
        if (isEnd) this.#end = error;
      })
      .then(() => {
        this.#looking = undefined;
        this.#endFirstLook();
        if (this.#wantsLook) this.#lookSoon();
      });
  }
}
