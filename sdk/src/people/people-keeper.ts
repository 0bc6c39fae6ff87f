import { isSealsyncError, SealsyncError, type SealsyncErrorKind } from '../errors.js';
import type { Clock } from '../ports/clock.js';
import { Backoff } from '../sync/backoff.js';
import { NamedTimers } from '../sync/named-timers.js';
import type { SyncState, SyncStatus } from '../sync/sync-orchestrator.js';
import { ownMember, positionOf, type PeopleDeps } from './people-deps.js';
import { PeopleLook } from './people-look.js';

const OBSTACLES: ReadonlySet<SealsyncErrorKind> = new Set([
  'removed',
  'budget_deleted',
  'not_genuine',
  'invite_revoked',
]);
/** Devices that were opened together do not look together. */
const INTERVAL_JITTER = 0.2;

/**
 * Looks after the people of one open budget: once it has been read, whenever somebody says
 * that people have changed, and now and then where nobody could say so. Anybody can say so,
 * so it happens at most every few seconds.
 */
export class PeopleKeeper {
  readonly #deps: PeopleDeps;
  readonly #clock: Clock;
  readonly #look: PeopleLook;
  readonly #timers: NamedTimers<'look' | 'retry' | 'wraps' | 'interval'>;
  readonly #backoff: Backoff;
  readonly #stopListening: (() => void)[] = [];
  #lastLookMs = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;
  /** There is something to look for that no look has seen yet. */
  #isDue = true;
  #isHinted = false;
  /** The log could not be read to its end, so that looking made no sense. */
  #isAway = true;
  #state: SyncState = 'stopped';
  #isHalted = false;
  #isFollower = false;
  #missedHints = false;
  #hasAnnounced = false;
  #hasLooked = false;
  #closed = false;
  #endFirstLook: () => void = () => undefined;
  readonly #firstLook: Promise<void>;
  /** What keeps the budget from being used, or kept it from being looked at. */
  #obstacle: SealsyncError | undefined;

  /** `isNew` for a budget that this device has just created, where there is nothing to find. */
  constructor(deps: PeopleDeps, clock: Clock, isNew: boolean) {
    const { random, settings } = deps;
    this.#deps = deps;
    this.#clock = clock;
    this.#look = new PeopleLook(deps, clock, isNew);
    this.#timers = new NamedTimers(clock);
    this.#backoff = new Backoff(random, settings.firstRetryDelayMs, settings.peopleLookIntervalMs);
    this.#firstLook = new Promise((resolve) => {
      this.#endFirstLook = resolve;
    });
  }

  /** Resolves after the first look; throws if that cannot come, or found this device out. */
  async firstLook(): Promise<void> {
    await this.#firstLook;
    if (this.#obstacle) throw this.#obstacle;
  }

  /** Looks for the first time as soon as the log has been read. */
  start(): void {
    const { sync } = this.#deps;
    let wasConnected = false;
    this.#stopListening.push(
      sync.onStatus((status) => {
        this.#heedStatus(status);
      }),
      sync.onConnectionState((state) => {
        if (wasConnected && state !== 'connected') this.#missedHints = true;
        wasConnected = state === 'connected';
      }),
    );
  }

  /** Somebody says that people have changed. */
  heed(): void {
    this.#isHinted = true;
    this.#lookSoon();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const stop of this.#stopListening) stop();
    await this.#looking;
    this.#timers.clearAll();
    if (!this.#hasLooked) this.#obstacle ??= closed();
    this.#endFirstLook();
  }

  #heedStatus({ state, role, error, lastSyncAt }: SyncStatus): void {
    this.#isFollower = role === 'follower';
    if (this.#isFollower && state !== 'stopped') {
      this.#heedLeader(lastSyncAt !== undefined);
      return;
    }
    const hasEnded = error !== undefined && OBSTACLES.has(error.kind);
    const endsRound = this.#state === 'syncing' && state !== 'syncing';
    this.#state = state;
    if (state === 'stopped' || hasEnded) this.#timers.clearAll();
    if (state === 'stopped') this.#isDue = true;
    if (state === 'syncing') return;
    // The edits of who is joining are refused until a look has finished that.
    const waitsForLook = error?.kind === 'access_denied' && !ownMember(this.#deps);
    this.#isHalted = error !== undefined && !waitsForLook;
    if (state === 'stopped' || this.#isHalted) this.#isAway = true;
    else if (endsRound && this.#isAway) {
      this.#isAway = false;
      this.#lookNowAndThen();
      if (this.#isDue) this.#lookSoon();
    }
  }

  /** The tab that leads looks after the people; what it finds is in the log. */
  #heedLeader(hasSynced: boolean): void {
    this.#timers.clearAll();
    this.#isDue = true;
    this.#isAway = true;
    this.#state = 'idle';
    if (hasSynced) this.#endFirstLook();
  }

  /** Without a signaling connection nobody says that people have changed. */
  #lookNowAndThen(): void {
    const { sync, random, settings } = this.#deps;
    const jitter = 1 + INTERVAL_JITTER * (random.fraction() - 0.5);
    this.#timers.set('interval', settings.peopleLookIntervalMs * jitter, () => {
      this.#lookNowAndThen();
      if (sync.isRealtimeSyncActive() && !this.#missedHints) return;
      this.#missedHints = false;
      this.#lookSoon();
    });
  }

  #lookSoon(): void {
    this.#isDue = true;
    const { settings } = this.#deps;
    if (this.#looking || this.#timers.has('look') || !this.#mayLook()) return;
    const waitMs = this.#lastLookMs + settings.peopleIntervalMs - this.#clock.now();
    // A clock that was set back must not keep this waiting.
    if (waitMs > 0 && waitMs <= settings.peopleIntervalMs) {
      this.#timers.set('look', waitMs, () => {
        this.#lookSoon();
      });
      return;
    }
    this.#timers.clear('retry');
    this.#looking = this.#lookOnce().then(() => {
      this.#looking = undefined;
      if (this.#isDue && !this.#timers.has('retry')) this.#lookSoon();
    });
  }

  /** Where the log cannot be read, only news are a reason to try; a later round comes back to it. */
  #mayLook(): boolean {
    if (this.#closed || this.#isFollower || this.#state === 'stopped') return false;
    return this.#isHinted || !(this.#isHalted || this.#obstacle);
  }

  async #lookOnce(): Promise<void> {
    const { sync, logger } = this.#deps;
    const isHinted = this.#isHinted;
    this.#lastLookMs = this.#clock.now();
    this.#isDue = false;
    this.#isHinted = false;
    const look = (signal: AbortSignal): ReturnType<PeopleLook['run']> =>
      this.#look.run(isHinted, signal);
    try {
      // Without news the log is as new as the round that was last.
      await (isHinted ? sync.exclusively(look) : sync.betweenRounds(look));
    } catch (error) {
      const kind = isSealsyncError(error) ? error.kind : 'unexpected';
      logger.warn('people were not looked after', { kind });
      this.#isHinted ||= isHinted;
      this.#failed(error);
      return;
    }
    this.#backoff.reset();
    this.#deps.news.succeeded('people');
    this.#hasLooked = true;
    this.#endFirstLook();
    const { wrapsDueInMs } = this.#look;
    if (wrapsDueInMs !== undefined) {
      this.#timers.set('wraps', wrapsDueInMs, () => {
        this.#lookSoon();
      });
    }
    if (this.#state === 'halted') sync.syncNow().catch(() => undefined);
    // A viewer cannot say that they have joined: a member's device does it. Told once, since
    // others who wait hear it as well.
    if (ownMember(this.#deps) || this.#hasAnnounced) return;
    this.#hasAnnounced = true;
    sync.announceMembership();
  }

  #failed(error: unknown): void {
    // Stopped in the middle of it: goes on once it is started again.
    if (isSealsyncError(error) && error.kind === 'closed') return;
    this.#hasLooked = true;
    if (!this.#closed) this.#deps.news.failed('people', toError(error));
    if (isSealsyncError(error) && OBSTACLES.has(error.kind)) this.#obstacle = error;
    if (positionOf(this.#deps).seq === 0) {
      // Nothing could be read, so that there was nothing to look at.
      this.#isDue = true;
      this.#isAway = true;
    }
    if (isSealsyncError(error) && error.retryable && !this.#closed) {
      this.#isDue = true;
      this.#timers.set('retry', this.#backoff.nextDelayMs(), () => {
        this.#lookSoon();
      });
    }
    this.#endFirstLook();
  }
}

const toError = (error: unknown): SealsyncError =>
  isSealsyncError(error)
    ? error
    : new SealsyncError('failed', 'Looking after the people met something unexpected.');

const closed = (): SealsyncError =>
  new SealsyncError('closed', 'The budget was closed before its people were looked after.');
