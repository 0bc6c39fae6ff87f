import { isSealsyncError, SealsyncError, type SealsyncErrorKind } from '../errors.js';
import type { Clock } from '../ports/clock.js';
import { ok, type Result } from '../result.js';
import type { LogPosition } from '../sync/log-position.js';
import { NamedTimers } from '../sync/named-timers.js';
import type { SyncFailure } from '../sync/sync-failure.js';
import { sealOwnPin, type OwnPin } from './own-pin.js';
import { ownMember, positionOf, type PeopleDeps } from './people-deps.js';
import { tendPeople } from './tend-people.js';

const OBSTACLES: ReadonlySet<SealsyncErrorKind> = new Set([
  'removed',
  'budget_deleted',
  'not_genuine',
  'invite_revoked',
]);

/**
 * Looks after the people of one open budget: once it has been read, and whenever somebody
 * says that people have changed. Anybody can say so, so it happens at most every few seconds.
 */
export class PeopleKeeper {
  readonly #deps: PeopleDeps;
  readonly #clock: Clock;
  readonly #timers: NamedTimers<'look'>;
  readonly #reported = new Set<string>();
  readonly #isNew: boolean;
  #pin: OwnPin | undefined;
  #lookedAt: LogPosition | undefined;
  #lastLookMs = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;
  #wantsLook = false;
  #hasAnnounced = false;
  #hasLooked = false;
  #stopListening: (() => void) | undefined;
  #endFirstLook: () => void = () => undefined;
  readonly #firstLook: Promise<void>;
  /** What keeps the budget from being used, or kept it from being looked at. */
  #obstacle: SealsyncError | undefined;

  /** `isNew` for a budget that this device has just created, where there is nothing to find. */
  constructor(deps: PeopleDeps, clock: Clock, pin: OwnPin | undefined, isNew: boolean) {
    this.#deps = deps;
    this.#isNew = isNew;
    this.#clock = clock;
    this.#timers = new NamedTimers(clock);
    this.#pin = pin;
    deps.keyring.useInvite(pin?.link?.invite);
    this.#firstLook = new Promise((resolve) => {
      this.#endFirstLook = resolve;
    });
  }

  /** Resolves after the first look; throws if it never came, if this device is out, or if a false link led here. */
  async firstLook(): Promise<void> {
    await this.#firstLook;
    if (this.#obstacle) throw this.#obstacle;
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
    const look = async (signal: AbortSignal): Promise<Result<number, SyncFailure>> => {
      const tended = await this.#tend(signal);
      if (!tended.ok) logger.warn('people were not looked after', { kind: tended.error.kind });
      return tended;
    };
    await (this.#lookedAt ? sync.exclusively(look) : sync.betweenRounds(look));
    // A viewer cannot say that they have joined: a member's device does it. Told once, since
    // others who wait hear it as well.
    if (ownMember(this.#deps) || this.#hasAnnounced) return;
    this.#hasAnnounced = true;
    sync.announceMembership();
  }

  async close(): Promise<void> {
    this.#stopListening?.();
    this.#timers.clearAll();
    this.#wantsLook = false;
    await this.#looking;
    if (!this.#hasLooked) this.#obstacle ??= closed();
    this.#endFirstLook();
  }

  async #tend(signal: AbortSignal): Promise<Result<number, SyncFailure>> {
    const link = this.#pin?.link;
    const position = positionOf(this.#deps);
    const isFirst = this.#lookedAt === undefined;
    // Somebody hints at a change, and the log has none: it may be that a wrap was refused.
    const checksWraps =
      isFirst || link !== undefined || !havePeopleChanged(this.#lookedAt, position);
    this.#lookedAt = position;
    const isNew = isFirst && this.#isNew;
    const tending = { link, isNew, checksWraps, reported: this.#reported };
    const tended = await tendPeople(this.#deps, tending, signal);
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
        if (isSealsyncError(error) && OBSTACLES.has(error.kind)) this.#obstacle = error;
      })
      .then(() => {
        this.#looking = undefined;
        this.#hasLooked = true;
        this.#endFirstLook();
        if (this.#wantsLook) this.#lookSoon();
      });
  }
}

const closed = (): SealsyncError =>
  new SealsyncError('closed', 'The budget was closed before its people were looked after.');

const havePeopleChanged = (before: LogPosition | undefined, now: LogPosition): boolean =>
  before?.members !== now.members || before.invites !== now.invites || before.epoch !== now.epoch;
