import type { Leadership, TabGroup, TabMessage } from '../ports/tab-group.js';
import type { Clock, TimerId } from '../ports/clock.js';
import type { LocalStore } from '../ports/local-store.js';

interface Request {
  readonly tab: MemoryTab;
  readonly grant: (leadership: Leadership) => void;
}

interface Holder {
  readonly tab: MemoryTab;
  readonly lost: AbortController;
}

/** The tabs of one app in one process, as Web Locks and BroadcastChannel let them meet. */
export class MemoryTabs {
  readonly #clock: Clock;
  readonly #tabs = new Set<MemoryTab>();
  #queue: Request[] = [];
  #holder: Holder | undefined;
  /** All that was ever told. */
  readonly told: TabMessage[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  open(): MemoryTab {
    const tab = new MemoryTab(this, this.#clock);
    this.#tabs.add(tab);
    return tab;
  }

  /** The browser closes the tab: it runs no more, and what it held is free. */
  kill(tab: MemoryTab): void {
    tab.die();
    this.#tabs.delete(tab);
    this.#queue = this.#queue.filter((request) => request.tab !== tab);
    if (this.#holder?.tab === tab) this.#holder = undefined;
    this.#grantNext();
  }

  tell(from: MemoryTab, message: TabMessage): void {
    this.told.push(message);
    for (const tab of this.#tabs) if (tab !== from) tab.receive(message);
  }

  lead(tab: MemoryTab, signal: AbortSignal, how: 'wait' | 'steal'): Promise<Leadership> {
    return new Promise((grant, reject) => {
      const request = { tab, grant };
      if (how === 'steal') {
        const robbed = this.#holder;
        this.#holder = undefined;
        robbed?.tab.run(() => {
          robbed.lost.abort();
        });
        this.#queue.unshift(request);
      } else {
        this.#queue.push(request);
        const giveUp = (): void => {
          this.#queue = this.#queue.filter((other) => other !== request);
          reject(new Error('given up'));
        };
        signal.addEventListener('abort', giveUp, { once: true });
      }
      this.#grantNext();
    });
  }

  #grantNext(): void {
    if (this.#holder) return;
    const next = this.#queue.shift();
    if (!next) return;
    const holder: Holder = { tab: next.tab, lost: new AbortController() };
    this.#holder = holder;
    const release = (): void => {
      if (this.#holder !== holder) return;
      this.#holder = undefined;
      this.#grantNext();
    };
    next.tab.run(() => {
      next.grant({ lost: holder.lost.signal, release });
    });
  }
}

/** One tab, with a clock and a store of its own, so that it can be frozen as browsers do it. */
export class MemoryTab implements TabGroup {
  readonly #tabs: MemoryTabs;
  readonly clock: Clock;
  readonly #listeners = new Set<(message: TabMessage) => void>();
  #isFrozen = false;
  #isClosed = false;
  #waiting: (() => void)[] = [];
  readonly #timers = new Set<TimerId>();
  #isDead = false;

  constructor(tabs: MemoryTabs, clock: Clock) {
    this.#tabs = tabs;
    this.clock = {
      now: () => clock.now(),
      setTimeout: (run, delayMs): TimerId => {
        const id = clock.setTimeout(() => {
          this.#timers.delete(id);
          this.run(run);
        }, delayMs);
        if (this.#isDead) clock.clearTimeout(id);
        else this.#timers.add(id);
        return id;
      },
      clearTimeout: (id) => {
        this.#timers.delete(id);
        clock.clearTimeout(id);
      },
    };
  }

  /** Runs no more. */
  die(): void {
    this.freeze();
    this.#isDead = true;
    for (const id of [...this.#timers]) this.clock.clearTimeout(id);
  }

  /** Nothing that this tab waits for comes back before it is thawed. */
  freeze(): void {
    this.#isFrozen = true;
  }

  thaw(): void {
    this.#isFrozen = false;
    for (const run of this.#waiting.splice(0)) run();
  }

  /** As soon as the tab is not frozen. */
  run(task: () => void): void {
    if (this.#isFrozen) this.#waiting.push(task);
    else task();
  }

  /** `store` as this tab reaches it. */
  reach(store: LocalStore): LocalStore {
    const awake = (): Promise<void> =>
      new Promise((resolve) => {
        this.run(resolve);
      });
    return {
      get: async (key) => {
        await awake();
        return store.get(key);
      },
      list: async (prefix) => {
        await awake();
        return store.list(prefix);
      },
      commit: async (batch) => {
        await awake();
        return store.commit(batch);
      },
      close: () => store.close(),
    };
  }

  lead(signal: AbortSignal, how: 'wait' | 'steal' = 'wait'): Promise<Leadership> {
    return this.#tabs.lead(this, signal, how);
  }

  tell(message: TabMessage): void {
    if (!this.#isClosed) this.#tabs.tell(this, message);
  }

  receive(message: TabMessage): void {
    // Others hear it at some later time.
    void Promise.resolve().then(() => {
      this.run(() => {
        if (!this.#isClosed) for (const listener of [...this.#listeners]) listener(message);
      });
    });
  }

  onMessage(listener: (message: TabMessage) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#isClosed = true;
    this.#listeners.clear();
  }
}
