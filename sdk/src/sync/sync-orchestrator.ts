import type { Clock } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';
import type { Random } from '../ports/random.js';
import type { ConnectionState } from '../ports/signal-channel.js';
import type { Wakeups } from '../ports/wakeups.js';
import { Listeners } from '../listeners.js';
import { WipedKeyError } from '../crypto/wiped-key-error.js';
import { SealsyncError } from '../errors.js';
import type { Result } from '../result.js';
import { Backoff } from './backoff.js';
import type { HintJudge, HintVerdict } from './hint-judge.js';
import type { LogSession } from './log-session.js';
import { NamedTimers } from './named-timers.js';
import { RealtimeLink, type OpenChannel } from './realtime-link.js';
import { isEnd, isTransient, locked, toSealsyncError, type SyncFailure } from './sync-failure.js';
import type { SyncSettings } from './sync-settings.js';
import type { TurnTaking } from './turn-taking.js';
import { Waiters } from './waiters.js';

export interface SyncOrchestratorDeps {
  readonly session: LogSession;
  readonly hints: HintJudge;
  readonly turns: TurnTaking;
  readonly openChannel: OpenChannel;
  /** Somebody says that people have changed. */
  readonly onMembershipHint?: () => void;
  readonly wakeups: Wakeups;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly settings: SyncSettings;
}

export type SyncState = 'stopped' | 'idle' | 'syncing' | 'waiting' | 'halted';

export interface SyncStatus {
  readonly state: SyncState;
  /** When the log was last read or written to its end, in ms since the Unix epoch. */
  readonly lastSyncAt: number | undefined;
  /** Why the last round failed; absent after one that succeeded. */
  readonly error: SealsyncError | undefined;
}

/**
 * Decides when to pull and when to push, one round at a time. Edits push at once;
 * signals, reconnects, wake-ups and a slow interval pull. Pulling never signals and
 * never uploads: two idle clients stay idle.
 */
export class SyncOrchestrator {
  readonly #deps: SyncOrchestratorDeps;
  readonly #backoff: Backoff;
  readonly #statusListeners: Listeners<SyncStatus>;
  readonly #connectionListeners: Listeners<ConnectionState>;
  #status: SyncStatus = { state: 'stopped', lastSyncAt: undefined, error: undefined };
  #wantsPull = false;
  #wantsPush = false;
  /** Nobody said that there is more: the next pull also looks whether there is less. */
  #checksHead = false;
  /** A member's tag speaks of another head than the verified one. */
  #headIsContested = false;
  #lastHintedPullMs = 0;
  #round: Promise<void> | undefined;
  #closed = false;
  #abort = new AbortController();
  #stopWakeups: (() => void) | undefined;
  readonly #waiters = new Waiters();
  readonly #timers: NamedTimers<'poll' | 'retry' | 'turn' | 'hint'>;
  readonly #link: RealtimeLink;

  constructor(deps: SyncOrchestratorDeps) {
    this.#deps = deps;
    const { random, settings, logger, clock, openChannel } = deps;
    this.#timers = new NamedTimers(clock);
    this.#link = new RealtimeLink({
      clock,
      openChannel,
      onSignal: (signal) => {
        this.#heed(deps.hints.judge(signal));
        if (signal.type === 'membership_changed') deps.onMembershipHint?.();
      },
      onState: (state) => {
        if (state === 'connected') this.#wake();
        this.#connectionListeners.tell(state);
        this.#schedulePoll();
      },
    });
    this.#backoff = new Backoff(random, settings.firstRetryDelayMs, settings.maxRetryDelayMs);
    const onError = (): void => {
      logger.error('a listener threw');
    };
    this.#statusListeners = new Listeners(onError);
    this.#connectionListeners = new Listeners(onError);
  }

  /** Starts syncing in the background; harmless when started. Throws `closed` after `close()`. */
  start(): void {
    if (this.#closed) throw new SealsyncError('closed', 'The budget was closed; open it again.');
    if (this.#status.state !== 'stopped') return;
    this.#abort = new AbortController();
    this.#setStatus({ state: 'idle' });
    this.#stopWakeups = this.#deps.wakeups.onWake(() => {
      this.#wake();
    });
    this.#wantsPush = true;
    this.#wake();
  }

  /** Stops timers, the signaling connection and the round in flight. Pending edits stay in the outbox. */
  async stop(): Promise<void> {
    if (this.#status.state === 'stopped') return;
    this.#setStatus({ state: 'stopped' });
    this.disableRealtimeSync();
    this.#stopWakeups?.();
    this.#timers.clearAll();
    this.#abort.abort();
    this.#waiters.settle(stopped());
    await this.#round;
  }

  /** Stops for good. May be called twice. */
  close(): Promise<void> {
    this.#closed = true;
    return this.stop();
  }

  /** Pulls and pushes now; resolves once both reached the end. Throws {@link SealsyncError}. */
  syncNow(): Promise<void> {
    if (this.#status.state === 'stopped') return Promise.reject(stopped());
    const done = this.#waiters.wait();
    this.#wantsPull = true;
    this.#wantsPush = true;
    this.#timers.clear('retry');
    this.#kick();
    return done;
  }

  /**
   * Runs work of its own on the log between two rounds, then tells peers. Throws
   * {@link SealsyncError}.
   */
  async exclusively(
    work: (signal: AbortSignal) => Promise<Result<number, SyncFailure>>,
  ): Promise<void> {
    await this.syncNow();
    await this.betweenRounds(work);
  }

  /** As {@link exclusively}, for who has just seen the end of the log. */
  async betweenRounds(
    work: (signal: AbortSignal) => Promise<Result<number, SyncFailure>>,
  ): Promise<void> {
    while (this.#round) await this.#round;
    if (this.#status.state === 'stopped') throw stopped();
    await this.#startRound(async (signal) => {
      const done = await work(signal);
      if (!done.ok) throw toSealsyncError(done.error);
      if (done.value > 0) this.#announce();
    });
  }

  /** Tells peers, and the signaling server, that people have changed. */
  announceMembership(): void {
    this.#link.announceMembership();
  }

  /** An edit waits in the outbox. Pushes at once, unless it is somebody else's turn. */
  noticeEdit(): void {
    this.#wantsPush = true;
    if (!this.#timers.has('retry')) this.#kick();
  }

  /** Connects to a signaling server; replaces the connection there was. Throws `closed` when stopped. */
  enableRealtimeSync(url: string, token?: string): void {
    if (this.#status.state === 'stopped') throw stopped();
    this.#link.open(url, token);
  }

  /** Falls back to polling. */
  disableRealtimeSync(): void {
    this.#link.close();
  }

  isRealtimeSyncActive(): boolean {
    return this.getRealtimeConnectionState() === 'connected';
  }

  getRealtimeConnectionState(): ConnectionState {
    return this.#link.state;
  }

  getStatus(): SyncStatus {
    return this.#status;
  }

  onStatus(listener: (status: SyncStatus) => void): () => void {
    return this.#statusListeners.add(listener);
  }

  onConnectionState(listener: (state: ConnectionState) => void): () => void {
    return this.#connectionListeners.add(listener);
  }

  #heed(verdict: HintVerdict): void {
    if (verdict === 'contested') this.#headIsContested = true;
    if (verdict === 'pull') this.#pull();
    else if (verdict !== 'ignore') this.#pullSoon();
  }

  /** Something suggests that the network is there: no reason to sit out a pause. */
  #wake(): void {
    this.#timers.clear('retry');
    this.#checksHead = true;
    this.#pull();
  }

  #pull(): void {
    this.#wantsPull = true;
    if (!this.#timers.has('retry')) this.#kick();
  }

  /**
   * Anybody can make an unproven signal, and any member contests as many heads as they like:
   * a flood of them costs one pull an interval.
   */
  #pullSoon(): void {
    const { clock, settings } = this.#deps;
    const passedMs = clock.now() - this.#lastHintedPullMs;
    const waitMs = settings.hintedPullIntervalMs - passedMs;
    if (passedMs >= 0 && waitMs > 0) {
      this.#timers.set('hint', waitMs, () => {
        this.#pullSoon();
      });
      return;
    }
    this.#lastHintedPullMs = clock.now();
    this.#pull();
  }

  #kick(): void {
    if (this.#status.state === 'stopped' || this.#round) return;
    if (!this.#wantsPull && !this.#wantsPush) return;
    this.#startRound((signal) => this.#runRound(signal)).catch((error: unknown) => {
      this.#roundFailed(toFailure(error));
    });
  }

  /** Rejects only if `run` does; nothing else may start before it has ended. */
  async #startRound(run: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { signal } = this.#abort;
    const running = run(signal).catch((error: unknown) => {
      throw error instanceof WipedKeyError ? toSealsyncError(locked()) : error;
    });
    this.#round = running.catch(() => undefined);
    try {
      await running;
    } finally {
      this.#round = undefined;
      // What was asked for while the round was ending.
      if (!this.#timers.has('retry') && !this.#timers.has('turn')) this.#kick();
    }
  }

  async #runRound(signal: AbortSignal): Promise<void> {
    this.#setStatus({ state: 'syncing' });
    let pulledLast = false;
    while (this.#wantsPull || this.#wantsPush) {
      const waitMs = this.#wantsPush ? this.#deps.turns.waitMs() : 0;
      // In turn, so that peers who keep signaling cannot keep this device from pushing.
      const pushes: boolean = this.#wantsPush && waitMs === 0 && (pulledLast || !this.#wantsPull);
      if (!pushes && !this.#wantsPull) {
        this.#timers.set('turn', waitMs, () => {
          this.#kick();
        });
        break;
      }
      const failure = pushes ? await this.#doPush(signal) : await this.#doPull(signal);
      pulledLast = !pushes;
      if (signal.aborted) return;
      if (failure) {
        this.#roundFailed(failure);
        return;
      }
    }
    this.#backoff.reset();
    const state = this.#wantsPush ? 'waiting' : 'idle';
    this.#setStatus({ state, lastSyncAt: this.#deps.clock.now(), error: undefined });
    if (!this.#wantsPush) this.#waiters.settle();
    this.#schedulePoll();
  }

  async #doPull(signal: AbortSignal): Promise<SyncFailure | undefined> {
    this.#wantsPull = false;
    const { session } = this.#deps;
    const pulled = this.#headIsContested
      ? await session.settleContest(signal)
      : await session.pull(signal, this.#checksHead);
    if (pulled.ok) {
      this.#headIsContested = false;
      this.#checksHead = false;
      this.#heed(this.#deps.hints.judgeAfterPull());
      return undefined;
    }
    this.#wantsPull = true;
    return pulled.error;
  }

  async #doPush(signal: AbortSignal): Promise<SyncFailure | undefined> {
    this.#wantsPush = false;
    const { session } = this.#deps;
    const before = session.headHint()?.seq;
    const pushed = await session.pushPending(signal);
    if (!pushed.ok) {
      // Peers hear of what was appended before that.
      if (session.headHint()?.seq !== before) this.#announce();
      this.#wantsPush = true;
      // Nobody knows whether the append was taken, so look before the next one.
      this.#wantsPull = true;
      return pushed.error;
    }
    if (pushed.value > 0) {
      this.#deps.turns.tookTurn();
      this.#announce();
    }
    return undefined;
  }

  #announce(): void {
    const head = this.#deps.session.headHint();
    if (head) this.#link.announce(head);
  }

  #roundFailed(failure: SyncFailure): void {
    const { logger } = this.#deps;
    const error = toSealsyncError(failure);
    logger.warn('a sync round failed', { kind: failure.kind });
    if (isEnd(failure)) {
      // Nothing will be there for this user again; asking on would only cost.
      this.#wantsPull = false;
      this.#wantsPush = false;
      this.#setStatus({ state: 'halted', error });
      this.disableRealtimeSync();
      this.#timers.clearAll();
      this.#waiters.settle(error);
      return;
    }
    if (isTransient(failure)) {
      this.#setStatus({ state: 'waiting', error });
      this.#timers.set('retry', this.#backoff.nextDelayMs(), () => {
        this.#kick();
      });
    } else {
      // Trying again at once cannot help; the interval, a wake-up or the app tries later.
      this.#wantsPull = false;
      this.#setStatus({ state: 'halted', error });
      this.#timers.set('retry', this.#deps.settings.maxRetryDelayMs, () => {
        this.#wake();
      });
    }
    this.#waiters.settle(error);
    this.#schedulePoll();
  }

  #schedulePoll(): void {
    if (this.#status.state === 'stopped') return;
    const { settings } = this.#deps;
    const delayMs = this.isRealtimeSyncActive()
      ? settings.safetyPullIntervalMs
      : settings.pollIntervalMs;
    this.#timers.set('poll', delayMs, () => {
      this.#schedulePoll();
      this.#checksHead = true;
      this.#pull();
    });
  }

  #setStatus(change: Partial<SyncStatus>): void {
    this.#status = { ...this.#status, ...change };
    this.#statusListeners.tell(this.#status);
  }
}

/** Of what a round threw, which is a bug unless the keys were wiped meanwhile. */
function toFailure(error: unknown): SyncFailure {
  if (error instanceof SealsyncError && error.kind === 'locked') return locked();
  const name = error instanceof Error ? error.name : 'error';
  return { kind: 'failed', message: `Syncing met an unexpected ${name}.` };
}

const stopped = (): SealsyncError =>
  new SealsyncError('closed', 'Syncing is stopped; call start() first.');
