import { bytesToHex } from '@noble/hashes/utils.js';
import { SealsyncError, type SealsyncErrorKind } from '../errors.js';
import type { Clock } from '../ports/clock.js';
import type { StoreError } from '../ports/local-store.js';
import type { Logger } from '../ports/logger.js';
import type { Random } from '../ports/random.js';
import type { Leadership, TabGroup, TabMessage } from '../ports/tab-group.js';
import type { Result } from '../result.js';
import { Latest } from './latest.js';
import { NamedTimers } from './named-timers.js';
import { locked, toSealsyncError } from './sync-failure.js';
import { Waiters } from './waiters.js';

export interface TabSeatDeps {
  readonly tabs: TabGroup;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Keys that were wiped cannot sync. */
  readonly isLocked: () => boolean;
  /** This device knows that it is out of the budget. */
  readonly hasEnded: () => boolean;
  /** Has this tab know all that the store holds, and be the only one that writes the log. */
  readonly takeOver: () => Promise<Result<void, StoreError>>;
  readonly onLead: () => void;
  /** Syncing ends: at once where leading was `lost`, and after the round that runs otherwise. */
  readonly onFollow: (how: 'lost' | 'yielded') => Promise<void>;
  /** The store holds more than this tab shows; `isOther` where what is confirmed was exchanged. */
  readonly onNews: (isOther: boolean) => Promise<void>;
  /** Another tab has made edits, and this one leads. */
  readonly onEdits: () => Promise<void>;
  /** Syncs to the end. */
  readonly sync: () => Promise<void>;
}

/** A leader that gives no sign of life for so long is frozen. */
const FROZEN_MS = 5_000;
const PING_INTERVAL_MS = 30_000;
/** How long a tab that was to lead lets another pass that asked for it. */
const PASS_MS = 50;
/** What asked to lead and does not come is passed by. */
const RESERVED_MS = 5_000;
const RETRY_MS = 1_000;

/** `leads`: this tab leads by now, and syncs itself. */
export type SyncOutcome = 'synced' | 'leads' | SealsyncErrorKind;

/**
 * This tab's part in the group that shares a store: one leads, which means that it syncs and
 * writes the log; the others follow what it writes, and ask it for what needs the server.
 */
export class TabSeat {
  readonly #deps: TabSeatDeps;
  readonly #id: string;
  readonly #timers: NamedTimers<'pong' | 'ping' | 'queue' | 'reserved' | 'yield'>;
  readonly #waiters = new Waiters();
  readonly #asked = new Map<string, (outcome: SyncOutcome) => void>();
  readonly #news: Latest;
  readonly #edits: Latest;
  readonly #stopListening: () => void;
  #isOther = false;
  #queued: AbortController | undefined;
  #held: Leadership | undefined;
  #leads = false;
  #reservedFor: string | undefined;
  #taking: Promise<void> | undefined;
  #isStarted = false;
  #isClosed = false;
  /** Syncs that were asked for while this tab began to lead. */
  #early: string[] = [];

  constructor(deps: TabSeatDeps) {
    this.#deps = deps;
    this.#id = bytesToHex(deps.random.bytes(8));
    this.#timers = new NamedTimers(deps.clock);
    this.#news = new Latest(async () => {
      const isOther = this.#isOther;
      this.#isOther = false;
      if (!this.#held) await deps.onNews(isOther);
    });
    this.#edits = new Latest(async () => {
      if (this.#leads) await deps.onEdits();
      else if (!this.#held) await deps.onNews(false);
    });
    this.#stopListening = deps.tabs.onMessage((message) => {
      this.#hear(message);
    });
  }

  /** Leads as soon as nobody else does. */
  start(): void {
    if (this.#isStarted || this.#isClosed) return;
    this.#isStarted = true;
    this.#queue('wait');
    this.#pingNowAndThen();
  }

  /** Resolves once this tab leads: the one that does is asked to let go. */
  lead(): Promise<void> {
    if (!this.#isStarted) return Promise.reject(notStarted());
    if (this.#leads) return Promise.resolve();
    const leading = this.#waiters.wait();
    this.#askToYield();
    return leading;
  }

  /** Has the tab that leads sync to the end. */
  async askToSync(): Promise<SyncOutcome> {
    if (this.#leads) return 'leads';
    const id = bytesToHex(this.#deps.random.bytes(8));
    const outcome = new Promise<SyncOutcome>((resolve) => {
      this.#asked.set(id, resolve);
    });
    this.#ask({ type: 'sync', id });
    return outcome;
  }

  /** This tab has added to the outbox in the store. */
  tellEdits(): void {
    this.#ask({ type: 'edited' });
  }

  /** This tab has written what the leader writes. */
  tellStored(how: 'stored' | 'replaced'): void {
    if (this.#held && !this.#isClosed) this.#deps.tabs.tell({ type: how });
  }

  /** This device is out of the budget. */
  tellEnded(): void {
    if (!this.#isClosed) this.#deps.tabs.tell({ type: 'ended' });
  }

  /** The store says that another tab leads, which this one has not heard yet. */
  doubt(): void {
    if (this.#held) this.#lose(this.#held);
  }

  /** Neither leads nor wants to. What others write is still heard. */
  stop(): void {
    this.#isStarted = false;
    this.#queued?.abort();
    this.#queued = undefined;
    this.#timers.clearAll();
    this.#reservedFor = undefined;
    this.#letGo();
    this.#giveUp(notStarted());
  }

  /** May be called twice. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.stop();
    this.#stopListening();
    this.#deps.tabs.close();
    await Promise.all([this.#news.ended(), this.#edits.ended(), this.#taking]);
  }

  /** Nobody leads on behalf of who waits here. */
  #giveUp(error: SealsyncError): void {
    this.#waiters.settle(error);
    for (const answer of this.#asked.values()) answer(error.kind);
    this.#asked.clear();
  }

  #letGo(): void {
    const held = this.#held;
    this.#early = [];
    this.#held = undefined;
    this.#leads = false;
    held?.release();
  }

  #queue(how: 'wait' | 'steal'): void {
    if (!this.#isStarted || this.#held || (this.#queued && how === 'wait')) return;
    this.#queued?.abort();
    const queued = new AbortController();
    this.#queued = queued;
    this.#deps.tabs.lead(queued.signal, how).then(
      (leadership) => {
        this.#taking = this.#take(leadership, queued).catch((error: unknown) => {
          const name = error instanceof Error ? error.name : 'error';
          this.#deps.logger.error('beginning to lead met something unexpected', { name });
          this.#letGo();
        });
      },
      () => {
        if (this.#queued === queued) this.#queued = undefined;
      },
    );
  }

  async #take(leadership: Leadership, queued: AbortController): Promise<void> {
    if (this.#queued === queued) this.#queued = undefined;
    const isReserved = this.#reservedFor !== undefined && this.#waiters.isEmpty;
    if (queued.signal.aborted || isReserved || this.#held) {
      leadership.release();
      if (isReserved) this.#queueLater(PASS_MS);
      return;
    }
    // Another tab may have been faster still.
    if (leadership.lost.aborted) {
      this.#queue('wait');
      return;
    }
    if (this.#deps.isLocked()) {
      leadership.release();
      this.#giveUp(toSealsyncError(locked()));
      return;
    }
    this.#held = leadership;
    this.#timers.clear('pong');
    const lose = (): void => {
      this.#lose(leadership);
    };
    leadership.lost.addEventListener('abort', lose, { once: true });
    const taken = await this.#deps.takeOver();
    if (this.#held !== leadership) return;
    if (!taken.ok) {
      this.#deps.logger.warn('this tab could not lead', { kind: taken.error.kind });
      this.#letGo();
      this.#giveUp(toSealsyncError(taken.error));
      if (taken.error.kind !== 'locked') this.#queueLater(RETRY_MS);
      return;
    }
    this.#leads = true;
    this.#deps.tabs.tell({ type: 'leads', tab: this.#id });
    this.#deps.onLead();
    this.#waiters.settle();
    for (const answer of this.#asked.values()) answer('leads');
    this.#asked.clear();
    for (const id of this.#early.splice(0)) void this.#sync(id);
    if (this.#reservedFor !== undefined) this.#yieldSoon();
  }

  #queueLater(delayMs: number): void {
    if (!this.#isStarted) return;
    this.#timers.set('queue', delayMs, () => {
      this.#queue('wait');
    });
  }

  /** Another tab took it, or the store says so. */
  #lose(leadership: Leadership): void {
    if (this.#held !== leadership) return;
    this.#letGo();
    void this.#deps.onFollow('lost').then(() => {
      this.#isOther = true;
      this.#news.request();
      this.#queue('wait');
      if (!this.#waiters.isEmpty) this.#askToYield();
    });
  }

  /** Work of this tab that has waited to lead comes first. */
  #yieldSoon(): void {
    this.#timers.set('yield', PASS_MS, () => {
      void this.#yield();
    });
  }

  async #yield(): Promise<void> {
    const held = this.#held;
    if (!held || !this.#leads) return;
    this.#leads = false;
    await this.#deps.onFollow('yielded');
    if (this.#held !== held) return;
    this.#letGo();
    this.#queueLater(PASS_MS);
    if (!this.#waiters.isEmpty) this.#askToYield();
  }

  #askToYield(): void {
    this.#queue('wait');
    if (!this.#held) this.#ask({ type: 'yield', tab: this.#id });
  }

  /** Says something that the leader has to answer, if there is one. */
  #ask(message: TabMessage): void {
    if (this.#isClosed) return;
    this.#deps.tabs.tell(message);
    const needsAnswer = this.#isStarted && !this.#held && !this.#timers.has('pong');
    if (!needsAnswer) return;
    this.#timers.set('pong', FROZEN_MS, () => {
      this.#queue('steal');
    });
  }

  #pingNowAndThen(): void {
    this.#timers.set('ping', PING_INTERVAL_MS, () => {
      this.#pingNowAndThen();
      if (this.#held && this.#deps.isLocked()) this.#letGo();
      else if (!this.#held) this.#ask({ type: 'ping' });
    });
  }

  #hear(message: TabMessage): void {
    switch (message.type) {
      case 'edited':
        this.#showLife();
        this.#edits.request();
        return;
      case 'replaced':
        this.#isOther = true;
        this.#news.request();
        return;
      case 'stored':
        this.#news.request();
        return;
      case 'ended':
        // What a member has signed about it is on the server, which only a leader asks.
        if (this.#isStarted && !this.#deps.hasEnded()) this.lead().catch(() => undefined);
        return;
      case 'ping':
        this.#showLife();
        return;
      case 'pong':
        this.#timers.clear('pong');
        return;
      case 'yield':
        this.#reserve(message.tab);
        return;
      case 'leads':
        this.#heardLeader(message.tab);
        return;
      case 'sync':
        if (!this.#held) return;
        this.#showLife();
        if (this.#leads) void this.#sync(message.id);
        else this.#early.push(message.id);
        return;
      case 'synced':
        this.#synced(message.id, message.error);
        return;
      case 'lock':
      case 'touch':
        // Said between keyslots.
        return;
    }
  }

  #showLife(): void {
    if (this.#held && !this.#deps.isLocked()) this.#deps.tabs.tell({ type: 'pong' });
  }

  #reserve(tab: string): void {
    this.#reservedFor = tab;
    this.#timers.set('reserved', RESERVED_MS, () => {
      this.#reservedFor = undefined;
    });
    this.#showLife();
    if (this.#leads) this.#yieldSoon();
  }

  /** What was asked of the one before is asked again. */
  #heardLeader(tab: string): void {
    this.#timers.clear('pong');
    if (this.#reservedFor === tab) this.#reservedFor = undefined;
    this.#news.request();
    if (this.#held) return;
    if (!this.#waiters.isEmpty) this.#askToYield();
    for (const id of this.#asked.keys()) this.#ask({ type: 'sync', id });
  }

  async #sync(id: string): Promise<void> {
    const error = await this.#deps.sync().then(
      () => undefined,
      (failure: unknown) => (failure instanceof SealsyncError ? failure.kind : 'failed'),
    );
    // Whoever leads next is asked again.
    if (!this.#leads || this.#isClosed) return;
    this.#deps.tabs.tell({ type: 'synced', id, ...(error && { error }) });
  }

  #synced(id: string, error: SealsyncErrorKind | undefined): void {
    const answer = this.#asked.get(id);
    if (!answer) return;
    this.#asked.delete(id);
    this.#news.request();
    void this.#news.ended().then(() => {
      answer(error ?? 'synced');
    });
  }
}

const notStarted = (): SealsyncError =>
  new SealsyncError('closed', 'Syncing is stopped; call start() first.');
