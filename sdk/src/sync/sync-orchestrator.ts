import type { Clock, TimerId } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';
import type { Random } from '../ports/random.js';
import type { ConnectionState, SignalChannel } from '../ports/signal-channel.js';
import type { Wakeups } from '../ports/wakeups.js';
import { Listeners } from '../listeners.js';
import { SealsyncError } from '../errors.js';
import type { Result } from '../result.js';
import { Backoff } from './backoff.js';
import type { HintJudge, HintVerdict } from './hint-judge.js';
import type { LogSession } from './log-session.js';
import { isTransient, toSealsyncError, type SyncFailure } from './sync-failure.js';
import type { TurnTaking } from './turn-taking.js';

/** Opens a signal channel for the budget at `url`; `token` replaces the default token source. */
export type OpenChannel = (url: string, token?: string) => SignalChannel;

export interface SyncSettings {
  /** Between pulls while no signaling connection is live. Default 30,000. */
  readonly pollIntervalMs: number;
  /** Between pulls while one is, in case a signal got lost. Default 300,000. */
  readonly safetyPullIntervalMs: number;
  /** The shortest time between two pulls that unproven signals may cause. Default 2,000. */
  readonly hintedPullIntervalMs: number;
  /** First and longest pause after a failure. Default 1,000 and 60,000. */
  readonly firstRetryDelayMs: number;
  readonly maxRetryDelayMs: number;
}

export const DEFAULT_SYNC_SETTINGS: SyncSettings = {
  pollIntervalMs: 30_000,
  safetyPullIntervalMs: 300_000,
  hintedPullIntervalMs: 2_000,
  firstRetryDelayMs: 1_000,
  maxRetryDelayMs: 60_000,
};

export interface SyncOrchestratorDeps {
  readonly session: LogSession;
  readonly hints: HintJudge;
  readonly turns: TurnTaking;
  readonly openChannel: OpenChannel;
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

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: SealsyncError) => void;
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
  #channel: SignalChannel | undefined;
  #wantsPull = false;
  #wantsPush = false;
  /** A member's tag speaks of another head than the verified one. */
  #headIsContested = false;
  /** An append that no live connection has told peers of yet. */
  #unannounced = false;
  #lastHintedPullMs = 0;
  #round: Promise<void> | undefined;
  #waiters: Waiter[] = [];
  #abort = new AbortController();
  #stopWakeups: (() => void) | undefined;
  readonly #timers = new Map<'poll' | 'retry' | 'turn' | 'hint', TimerId>();

  constructor(deps: SyncOrchestratorDeps) {
    this.#deps = deps;
    const { random, settings, logger } = deps;
    this.#backoff = new Backoff(random, settings.firstRetryDelayMs, settings.maxRetryDelayMs);
    const onError = (): void => {
      logger.error('a listener threw');
    };
    this.#statusListeners = new Listeners(onError);
    this.#connectionListeners = new Listeners(onError);
  }

  /** Starts syncing in the background; harmless when started. */
  start(): void {
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
    this.disableRealtimeSync();
    this.#stopWakeups?.();
    this.#abort.abort();
    for (const name of this.#timers.keys()) this.#clearTimer(name);
    this.#setStatus({ state: 'stopped' });
    await this.#round;
    this.#settleWaiters(new SealsyncError('closed', 'Syncing was stopped; call start() first.'));
  }

  /** Pulls and pushes now; resolves once both reached the end. Throws {@link SealsyncError}. */
  syncNow(): Promise<void> {
    if (this.#status.state === 'stopped') {
      return Promise.reject(new SealsyncError('closed', 'Syncing is stopped; call start() first.'));
    }
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.#wantsPull = true;
      this.#wantsPush = true;
      this.#clearTimer('retry');
      this.#kick();
    });
  }

  /**
   * Runs work of its own on the log between two rounds, then tells peers. Throws
   * {@link SealsyncError}.
   */
  async exclusively(
    work: (signal: AbortSignal) => Promise<Result<number, SyncFailure>>,
  ): Promise<void> {
    await this.syncNow();
    while (this.#round) await this.#round;
    await this.#startRound(async () => {
      const done = await work(this.#abort.signal);
      if (!done.ok) throw toSealsyncError(done.error);
      if (done.value > 0) this.#announce(this.#channel);
    });
  }

  /** An edit waits in the outbox. Pushes at once, unless it is somebody else's turn. */
  noticeEdit(): void {
    this.#wantsPush = true;
    if (!this.#timers.has('retry')) this.#kick();
  }

  /** Connects to a signaling server; replaces the connection there was. */
  enableRealtimeSync(url: string, token?: string): void {
    this.disableRealtimeSync();
    const channel = this.#deps.openChannel(url, token);
    this.#channel = channel;
    channel.onState((state) => {
      if (state === 'connected') this.#connected(channel);
      this.#connectionListeners.tell(state);
      this.#schedulePoll();
    });
    channel.onSignal((signal) => {
      this.#heed(this.#deps.hints.judge(signal));
    });
    channel.open();
  }

  /** Falls back to polling. */
  disableRealtimeSync(): void {
    const channel = this.#channel;
    this.#channel = undefined;
    channel?.close();
    if (channel) this.#schedulePoll();
  }

  isRealtimeSyncActive(): boolean {
    return this.getRealtimeConnectionState() === 'connected';
  }

  getRealtimeConnectionState(): ConnectionState {
    return this.#channel?.state() ?? 'disconnected';
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
    if (verdict === 'pull' || verdict === 'contested') this.#pull();
    else if (verdict === 'unproven') this.#pullSoon();
  }

  #connected(channel: SignalChannel): void {
    if (this.#unannounced) this.#announce(channel);
    this.#wake();
  }

  /** Something suggests that the network is there: no reason to sit out a pause. */
  #wake(): void {
    this.#clearTimer('retry');
    this.#pull();
  }

  #pull(): void {
    this.#wantsPull = true;
    if (!this.#timers.has('retry')) this.#kick();
  }

  /** Anybody can make an unproven signal, so a flood of them costs one pull an interval. */
  #pullSoon(): void {
    const { clock, settings } = this.#deps;
    const waitMs = this.#lastHintedPullMs + settings.hintedPullIntervalMs - clock.now();
    if (waitMs > 0) {
      if (!this.#timers.has('hint'))
        this.#setTimer('hint', waitMs, () => {
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
    void this.#startRound(() => this.#runRound());
  }

  /** Rejects only if `run` does; nothing else may start before it has ended. */
  async #startRound(run: () => Promise<void>): Promise<void> {
    const running = run();
    this.#round = running.catch(() => undefined);
    try {
      await running;
    } finally {
      this.#round = undefined;
      // What was asked for while the round was ending.
      if (!this.#timers.has('retry') && !this.#timers.has('turn')) this.#kick();
    }
  }

  async #runRound(): Promise<void> {
    this.#setStatus({ state: 'syncing' });
    while (!this.#abort.signal.aborted && (this.#wantsPull || this.#wantsPush)) {
      if (!this.#wantsPull && this.#waitForTurn()) break;
      const failure = this.#wantsPull ? await this.#doPull() : await this.#doPush();
      if (failure) {
        this.#roundFailed(failure);
        return;
      }
    }
    if (this.#abort.signal.aborted) return;
    this.#backoff.reset();
    const state = this.#wantsPush ? 'waiting' : 'idle';
    this.#setStatus({ state, lastSyncAt: this.#deps.clock.now(), error: undefined });
    if (!this.#wantsPush) this.#settleWaiters();
    this.#schedulePoll();
  }

  async #doPull(): Promise<SyncFailure | undefined> {
    this.#wantsPull = false;
    const { session } = this.#deps;
    const pulled = this.#headIsContested
      ? await session.settleContest(this.#abort.signal)
      : await session.pull(this.#abort.signal);
    if (pulled.ok) {
      this.#headIsContested = false;
      this.#heed(this.#deps.hints.judgeEarly());
      return undefined;
    }
    this.#wantsPull = true;
    return pulled.error;
  }

  async #doPush(): Promise<SyncFailure | undefined> {
    this.#wantsPush = false;
    const pushed = await this.#deps.session.pushPending(this.#abort.signal);
    if (!pushed.ok) {
      this.#wantsPush = true;
      // Nobody knows whether the append was taken, so look before the next one.
      this.#wantsPull = true;
      return pushed.error;
    }
    if (pushed.value > 0) {
      this.#deps.turns.tookTurn();
      this.#announce(this.#channel);
    }
    return undefined;
  }

  #announce(channel: SignalChannel | undefined): void {
    const hint = this.#deps.session.headHint();
    const sent = hint !== undefined && channel?.send({ type: 'data_changed', ...hint }) === true;
    this.#unannounced = !sent;
  }

  /** Whether pushing has to wait for others; a timer then continues. */
  #waitForTurn(): boolean {
    const waitMs = this.#deps.turns.waitMs();
    if (waitMs <= 0) return false;
    this.#setTimer('turn', waitMs, () => {
      this.#kick();
    });
    return true;
  }

  #roundFailed(failure: SyncFailure): void {
    if (this.#abort.signal.aborted) return;
    const { logger } = this.#deps;
    const error = toSealsyncError(failure);
    logger.warn('a sync round failed', { kind: failure.kind });
    if (isTransient(failure)) {
      this.#setStatus({ state: 'waiting', error });
      this.#setTimer('retry', this.#backoff.nextDelayMs(), () => {
        this.#kick();
      });
    } else {
      // Trying again at once cannot help; the interval, a wake-up or the app tries later.
      this.#wantsPull = false;
      this.#wantsPush = failure.kind !== 'access_denied';
      this.#setStatus({ state: 'halted', error });
      this.#setTimer('retry', this.#deps.settings.maxRetryDelayMs, () => {
        this.#wake();
      });
    }
    this.#settleWaiters(error);
    this.#schedulePoll();
  }

  #schedulePoll(): void {
    if (this.#status.state === 'stopped') return;
    const { settings } = this.#deps;
    const delayMs = this.isRealtimeSyncActive()
      ? settings.safetyPullIntervalMs
      : settings.pollIntervalMs;
    this.#setTimer('poll', delayMs, () => {
      this.#schedulePoll();
      this.#pull();
    });
  }

  #settleWaiters(error?: SealsyncError): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const { resolve, reject } of waiters) {
      if (error) reject(error);
      else resolve();
    }
  }

  #setStatus(change: Partial<SyncStatus>): void {
    this.#status = { ...this.#status, ...change };
    this.#statusListeners.tell(this.#status);
  }

  #setTimer(name: 'poll' | 'retry' | 'turn' | 'hint', delayMs: number, run: () => void): void {
    this.#clearTimer(name);
    const timer = this.#deps.clock.setTimeout(() => {
      this.#timers.delete(name);
      run();
    }, delayMs);
    this.#timers.set(name, timer);
  }

  #clearTimer(name: 'poll' | 'retry' | 'turn' | 'hint'): void {
    const timer = this.#timers.get(name);
    if (timer) this.#deps.clock.clearTimeout(timer);
    this.#timers.delete(name);
  }
}
