import type { Clock } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';
import type { Random } from '../ports/random.js';
import type { ConnectionState } from '../ports/signal-channel.js';
import type { Wakeups } from '../ports/wakeups.js';
import { WipedKeyError } from '../crypto/wiped-key-error.js';
import { SealsyncError } from '../errors.js';
import type { Result } from '../result.js';
import { EarlyHints } from './early-hints.js';
import type { HintJudge, HintVerdict } from './hint-judge.js';
import type { LogSession } from './log-session.js';
import { NamedTimers } from './named-timers.js';
import { PollPace } from './poll-pace.js';
import { RealtimeLink, type OpenChannel } from './realtime-link.js';
import { RetryPolicy } from './retry-policy.js';
import { locked, toSealsyncError, type SyncFailure } from './sync-failure.js';
import type { SyncMetrics } from './sync-metrics.js';
import type { SyncNews } from './sync-news.js';
import type { SyncSettings } from './sync-settings.js';
import type { SyncOutcome, TabSeat } from './tab-seat.js';
import type { TurnTaking } from './turn-taking.js';
import { Waiters } from './waiters.js';

export interface SyncOrchestratorDeps {
  readonly session: LogSession;
  readonly hints: HintJudge;
  readonly turns: TurnTaking;
  readonly news: SyncNews;
  /** Whether edits wait for the log to take them. */
  readonly hasPending: () => boolean;
  readonly openChannel: OpenChannel;
  /** Somebody says that people have changed. */
  readonly onMembershipHint?: () => void;
  /** This tab's part where several share a store; it always leads where there is none. */
  readonly seat?: TabSeat | undefined;
  readonly wakeups: Wakeups;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly settings: SyncSettings;
}

export type SyncState = 'stopped' | 'idle' | 'syncing' | 'waiting' | 'halted';

export interface SyncStatus {
  readonly state: SyncState;
  /** Of several tabs that share a local store one leads, and syncs for all; others are idle. */
  readonly role: 'leader' | 'follower';
  /** When the log was last read or written to its end, in ms since the Unix epoch. */
  readonly lastSyncAt: number | undefined;
  /** Why the last round failed; absent after one that succeeded. */
  readonly error: SealsyncError | undefined;
}

/**
 * Decides when to pull and when to push, one round at a time. Edits push at once;
 * signals, reconnects, wake-ups and an interval pull, which is long while nothing
 * happens. Pulling never signals and never uploads: two idle clients stay idle.
 */
export class SyncOrchestrator {
  readonly #deps: SyncOrchestratorDeps;
  readonly #retries: RetryPolicy;
  readonly #pace: PollPace;
  #status: SyncStatus;
  /** The signaling server that the tab connects to whenever it leads. */
  #realtime: { readonly url: string; readonly token: string | undefined } | undefined;
  /** Whether rounds may begin. */
  #leads: boolean;
  #wantsPull = false;
  #wantsPush = false;
  /** A member says that the log goes as far as this; 0 once nothing is left of that to read. */
  #hintedSeq = 0;
  /** Nobody said that there is more: the next pull also looks whether there is less. */
  #checksHead = false;
  /** A member's tag speaks of another head than the verified one. */
  #headIsContested = false;
  #lastHintedPullMs = 0;
  /** The project asked for less: only the app itself is heard before the pause is over. */
  #sitsOut = false;
  #counts = { pulls: 0, pushes: 0, retries: 0 };
  #connection: ConnectionState = 'disconnected';
  #round: Promise<void> | undefined;
  #closed = false;
  #abort = new AbortController();
  #stopWakeups: (() => void) | undefined;
  readonly #waiters = new Waiters();
  readonly #timers: NamedTimers<'poll' | 'retry' | 'turn' | 'hint'>;
  readonly #link: RealtimeLink;
  readonly #early: EarlyHints;

  constructor(deps: SyncOrchestratorDeps) {
    this.#deps = deps;
    this.#leads = deps.seat === undefined;
    const role = this.#leads ? 'leader' : 'follower';
    this.#status = { state: 'stopped', role, lastSyncAt: undefined, error: undefined };
    const { random, settings, clock, openChannel, news } = deps;
    this.#timers = new NamedTimers(clock);
    this.#link = new RealtimeLink({
      clock,
      openChannel,
      onSignal: (signal) => {
        const verdict = deps.hints.judge(signal);
        if (verdict === 'pull' && signal.type === 'data_changed') this.#pullTo(signal.seq);
        else this.#heed(verdict);
        news.heard(signal);
        if (signal.type === 'membership_changed') deps.onMembershipHint?.();
      },
      onState: (state) => {
        if (state === 'connected') this.#wake();
        const from = this.#connection;
        this.#connection = state;
        if (from === state) return;
        // From now on it is the interval that counts.
        if (from === 'connected') this.#pace.noticeActivity();
        // A connection that is tried again and again must not put off polling each time.
        if (from === 'connected' || state === 'connected') this.#schedulePoll();
        news.connection.tell({ from, to: state });
      },
    });
    this.#early = new EarlyHints({
      clock,
      roundTripMs: () => this.#link.roundTripMs,
      send: (hint) => {
        this.#link.announceEarly(hint);
      },
    });
    this.#retries = new RetryPolicy(random, settings);
    this.#pace = new PollPace(clock, settings);
  }

  /** Starts syncing in the background; harmless when started. Throws `closed` after `close()`. */
  start(): void {
    if (this.#closed) throw this.#stopped();
    if (this.#status.state !== 'stopped') return;
    this.#abort = new AbortController();
    this.#setStatus({ state: 'idle' });
    this.#stopWakeups = this.#deps.wakeups.onWake(() => {
      this.#wake();
    });
    this.#deps.seat?.start();
    this.#wantsPush = true;
    this.#wake();
  }

  /** From here on it is this tab that syncs. */
  lead(): void {
    if (this.#status.state === 'stopped') return;
    this.#leads = true;
    this.#abort = new AbortController();
    this.#setStatus({ state: 'idle', role: 'leader' });
    if (this.#realtime) this.#link.open(this.#realtime.url, this.#realtime.token);
    this.#wantsPush = true;
    this.#wake();
  }

  /** Another tab syncs: ends the round that runs, at once where that tab has taken over. */
  async follow(how: 'lost' | 'yielded'): Promise<void> {
    this.#leads = false;
    if (how === 'lost') this.#abort.abort();
    this.#link.close();
    while (this.#round) await this.#round;
    this.#timers.clearAll();
    this.#sitsOut = false;
    if (this.#status.state === 'stopped') return;
    this.#setStatus({ state: 'idle', role: 'follower', error: undefined });
    this.#waiters.settle(STEPPED_DOWN);
  }

  /** What other tabs did has changed what is pending here. */
  noticeTabs(): void {
    if (!this.#leads && this.#status.state !== 'stopped') this.#setStatus({});
    if (!this.#leads || !this.#deps.hasPending()) return;
    this.#wantsPush = true;
    this.#noticeActivity();
    if (!this.#timers.has('retry')) this.#kick();
  }

  /**
   * Stops timers, the signaling connection and the round in flight. Pending edits stay in the
   * outbox, which lies in the local store; {@link flush} first, to have the log take them.
   */
  async stop(): Promise<void> {
    if (this.#status.state === 'stopped') return;
    this.#setStatus({ state: 'stopped' });
    this.#sitsOut = false;
    this.disableRealtimeSync();
    this.#stopWakeups?.();
    this.#timers.clearAll();
    this.#early.stop();
    this.#abort.abort();
    this.#waiters.settle(this.#stopped());
    await this.#round;
    if (!this.#deps.seat) return;
    this.#leads = false;
    this.#deps.seat.stop();
    this.#setStatus({ role: 'follower' });
  }

  /** Stops for good. May be called twice. */
  close(): Promise<void> {
    this.#closed = true;
    return this.stop();
  }

  /**
   * Pushes what is pending, for `timeoutMs` at most; whether the log has taken all of it. Never
   * throws. What it has not taken stays in the outbox.
   */
  async flush(timeoutMs: number): Promise<boolean> {
    const { clock, hasPending, news } = this.#deps;
    if (!hasPending()) return true;
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        clock.clearTimeout(timer);
        stopListening();
        resolve();
      };
      // A try that failed is followed by others, as long as there is time.
      const check = (): void => {
        const { state } = this.#status;
        if (!hasPending() || state === 'stopped' || state === 'halted') finish();
      };
      const timer = clock.setTimeout(finish, timeoutMs);
      const stopListening = news.status.add(check);
      this.syncNow().then(check, check);
    });
    return !hasPending();
  }

  #stopped(): SealsyncError {
    const message = this.#closed
      ? 'The budget was closed; open it again.'
      : 'Syncing is stopped; call start() first.';
    return new SealsyncError('closed', message);
  }

  /** Pulls and pushes now; resolves once both reached the end. Throws {@link SealsyncError}. */
  async syncNow(): Promise<void> {
    for (;;) {
      if (this.#status.state === 'stopped') throw this.#stopped();
      if (!this.#leads && this.#deps.seat) {
        const outcome = await this.#deps.seat.askToSync();
        if (outcome !== 'leads') {
          this.#tookOutcome(outcome);
          return;
        }
      }
      try {
        await this.#syncHere();
        return;
      } catch (error) {
        // Another tab goes on with it.
        if (error !== STEPPED_DOWN) throw error;
      }
    }
  }

  #tookOutcome(outcome: Exclude<SyncOutcome, 'leads'>): void {
    if (outcome === 'closed') throw this.#stopped();
    if (outcome === 'synced') {
      this.#setStatus({ lastSyncAt: this.#deps.clock.now(), error: undefined });
      return;
    }
    const error = new SealsyncError(outcome, `The tab that syncs could not: ${outcome}.`);
    this.#setStatus({ error });
    throw error;
  }

  #syncHere(): Promise<void> {
    if (!this.#leads) return Promise.reject(STEPPED_DOWN);
    const done = this.#waiters.wait();
    this.#wantsPull = true;
    this.#wantsPush = true;
    this.#clearRetry();
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
    while (this.#round || !this.#leads) {
      if (this.#status.state === 'stopped') throw this.#stopped();
      await (this.#leads ? this.#round : this.#deps.seat?.lead());
    }
    if (this.#status.state === 'stopped') throw this.#stopped();
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
    this.#deps.seat?.tellEdits();
    this.#noticeActivity();
    if (!this.#timers.has('retry')) this.#kick();
  }

  /**
   * Connects to a signaling server; replaces the connection there was. Of several tabs only the
   * one that leads has one. Throws `closed` when stopped.
   */
  enableRealtimeSync(url: string, token?: string): void {
    if (this.#status.state === 'stopped') throw this.#stopped();
    this.#realtime = { url, token };
    if (this.#leads) this.#link.open(url, token);
  }

  /** Falls back to polling. */
  disableRealtimeSync(): void {
    this.#realtime = undefined;
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

  /** What syncing this budget has amounted to since it was opened. */
  getMetrics(): SyncMetrics {
    const { entriesRead, entriesAppended, deniedAppends } = this.#deps.session.tally;
    const { lastSyncAt } = this.#status;
    const log = { entriesRead, entriesAppended, deniedAppends };
    return { ...this.#link.metrics, ...this.#counts, ...log, lastSyncAt };
  }

  onStatus(listener: (status: SyncStatus) => void): () => void {
    return this.#deps.news.status.add(listener);
  }

  onConnectionState(listener: (state: ConnectionState) => void): () => void {
    return this.#deps.news.connection.add(({ to }) => {
      listener(to);
    });
  }

  /** A peer's entry was read. */
  noticePeer(): void {
    this.#noticeActivity();
  }

  #heed(verdict: HintVerdict): void {
    if (verdict === 'contested') this.#headIsContested = true;
    if (verdict === 'pull') this.#pull();
    else if (verdict !== 'ignore') this.#pullSoon();
  }

  /** Something suggests that the network is there: no reason to sit out a pause. */
  #wake(): void {
    if (!this.#sitsOut) this.#clearRetry();
    this.#checksHead = true;
    this.#noticeActivity();
    this.#pull();
  }

  #clearRetry(): void {
    this.#sitsOut = false;
    this.#timers.clear('retry');
  }

  #noticeActivity(): void {
    if (this.#pace.noticeActivity()) this.#schedulePoll();
  }

  #pull(): void {
    this.#wantsPull = true;
    if (!this.#timers.has('retry')) this.#kick();
  }

  /** Unless a pull that is under way gets as far, which is one read less. */
  #pullTo(seq: number): void {
    this.#hintedSeq = Math.max(this.#hintedSeq, seq);
    if (!this.#timers.has('retry')) this.#kick();
  }

  get #hasToPull(): boolean {
    return this.#wantsPull || this.#hintedSeq > 0;
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
    if (this.#status.state === 'stopped' || !this.#leads || this.#round) return;
    if (!this.#hasToPull && !this.#wantsPush) return;
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
    while (this.#leads && (this.#hasToPull || this.#wantsPush)) {
      const waitMs = this.#wantsPush ? this.#deps.turns.waitMs() : 0;
      // In turn, so that peers who keep signaling cannot keep this device from pushing.
      const pushes: boolean = this.#wantsPush && waitMs === 0 && (pulledLast || !this.#hasToPull);
      if (!pushes && !this.#hasToPull) {
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
    // Another tab goes on.
    if (!this.#leads && (this.#wantsPull || this.#wantsPush)) return;
    this.#retries.succeeded();
    this.#deps.news.succeeded('sync');
    const state = this.#wantsPush ? 'waiting' : 'idle';
    this.#setStatus({ state, lastSyncAt: this.#deps.clock.now(), error: undefined });
    if (!this.#wantsPush) this.#waiters.settle();
    this.#schedulePoll();
  }

  async #doPull(signal: AbortSignal): Promise<SyncFailure | undefined> {
    this.#forgetPull();
    const { session } = this.#deps;
    const pulled = this.#headIsContested
      ? await session.settleContest(signal)
      : await session.pull(signal, this.#checksHead);
    if (pulled.ok) {
      this.#counts.pulls += 1;
      if (this.#hintedSeq <= session.verifiedSeq) this.#hintedSeq = 0;
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
    const pushed = await session.pushPending(signal, this.#early.watchCommit);
    if (!pushed.ok) {
      // Peers hear of what was appended before that.
      if (session.headHint()?.seq !== before) this.#announce();
      this.#wantsPush = true;
      // Nobody knows whether the append was taken, so look before the next one.
      this.#wantsPull = true;
      return pushed.error;
    }
    if (pushed.value > 0) {
      this.#counts.pushes += 1;
      this.#deps.turns.tookTurn();
      this.#announce();
    }
    return undefined;
  }

  #announce(): void {
    const head = this.#deps.session.headHint();
    if (head) this.#link.announce(head);
  }

  #forgetPull(): void {
    this.#wantsPull = false;
    this.#hintedSeq = 0;
  }

  #roundFailed(failure: SyncFailure): void {
    const { logger, news, seat } = this.#deps;
    if (failure.kind === 'conflict' && seat) {
      seat.doubt();
      return;
    }
    const error = toSealsyncError(failure);
    logger.warn('a sync round failed', { kind: failure.kind });
    const treatment = this.#retries.treat(failure);
    if (treatment.kind === 'give_up') {
      // Nothing will be there for this user again; asking on would only cost.
      this.#forgetPull();
      this.#wantsPush = false;
      this.#setStatus({ state: 'halted', error });
      this.disableRealtimeSync();
      this.#timers.clearAll();
    } else {
      const halts = treatment.kind === 'halt';
      // The interval, a wake-up or the app tries sooner.
      if (halts) this.#forgetPull();
      this.#setStatus({ state: halts ? 'halted' : 'waiting', error });
      this.#sitsOut = treatment.kind === 'sit_out';
      this.#timers.set('retry', treatment.delayMs, () => {
        this.#retry(halts);
      });
      this.#schedulePoll();
    }
    this.#waiters.settle(error);
    news.failed('sync', error);
  }

  #retry(wasHalted: boolean): void {
    this.#counts.retries += 1;
    this.#sitsOut = false;
    if (wasHalted) this.#wake();
    else this.#kick();
  }

  #schedulePoll(): void {
    if (this.#status.state === 'stopped' || !this.#leads) return;
    const delayMs = this.#pace.intervalMs(this.isRealtimeSyncActive());
    this.#timers.set('poll', delayMs, () => {
      this.#poll();
    });
  }

  #poll(): void {
    const { wakeups, hasPending } = this.#deps;
    this.#pace.noticePoll();
    this.#schedulePoll();
    // Nobody is looking: whoever comes back causes a wake-up.
    if (wakeups.isHidden?.() === true && !hasPending()) return;
    this.#checksHead = true;
    this.#pull();
  }

  #setStatus(change: Partial<SyncStatus>): void {
    this.#status = { ...this.#status, ...change };
    this.#deps.news.status.tell(this.#status);
  }
}

/** Of what a round threw, which is a bug unless the keys were wiped meanwhile. */
function toFailure(error: unknown): SyncFailure {
  if (error instanceof SealsyncError && error.kind === 'locked') return locked();
  const name = error instanceof Error ? error.name : 'error';
  return { kind: 'failed', message: `Syncing met an unexpected ${name}.` };
}

/** Ends what waits for a round of a tab that leads no more. */
const STEPPED_DOWN = new SealsyncError('closed', 'Another tab syncs.');
