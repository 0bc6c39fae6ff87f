import { isSealsyncError, type SealsyncError, type SealsyncErrorKind } from '../errors.js';
import type { Clock } from '../ports/clock.js';
import { ok, type Result } from '../result.js';
import type { LogPosition } from '../sync/log-position.js';
import { NamedTimers } from '../sync/named-timers.js';
import type { SyncFailure } from '../sync/sync-failure.js';
import type { BudgetNote } from './budget-note.js';
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
  readonly #note: BudgetNote;
  #lookedAt: LogPosition | undefined;
  #lastLookMs = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;
  #wantsLook = false;
  #stopListening: (() => void) | undefined;
  #endFirstLook: () => void = () => undefined;
  readonly #firstLook: Promise<void>;
  /** What the first look found that keeps the budget from being used. */
  #obstacle: SealsyncError | undefined;

  /** `isNew` for a budget that this device has just created, where there is nothing to find. */
  constructor(deps: PeopleDeps, clock: Clock, note: BudgetNote, isNew: boolean) {
    this.#deps = deps;
    this.#isNew = isNew;
    this.#clock = clock;
    this.#timers = new NamedTimers(clock);
    this.#note = note;
    this.#firstLook = new Promise((resolve) => {
      this.#endFirstLook = resolve;
    });
  }

  /** Resolves after the first look; throws if this device is out, or was led here by a false link. */
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
    // A viewer cannot say that they have joined: a member's device does it.
    if (!ownMember(this.#deps)) sync.announceMembership();
  }

  async close(): Promise<void> {
    this.#stopListening?.();
    this.#timers.clearAll();
    this.#wantsLook = false;
    await this.#looking;
  }

  async #tend(signal: AbortSignal): Promise<Result<number, SyncFailure>> {
    const { link } = this.#note;
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
    const { genesisHash } = this.#deps.replica.confirmed;
    if (!genesisHash || !ownMember(this.#deps)) return ok();
    return this.#note.write(genesisHash, signal);
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
        this.#endFirstLook();
        if (this.#wantsLook) this.#lookSoon();
      });
  }
}

const havePeopleChanged = (before: LogPosition | undefined, now: LogPosition): boolean =>
  before?.members !== now.members || before.invites !== now.invites || before.epoch !== now.epoch;
