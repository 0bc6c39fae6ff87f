import type { Clock, TimerId } from '../ports/clock.js';

interface PendingTimer {
  readonly dueMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** A clock that moves only when told to, running due timers in order of time, then of creation. */
export class VirtualClock implements Clock {
  #nowMs: number;
  #order = 0;
  readonly #timers = new Map<object, PendingTimer>();

  constructor(startMs = 1_700_000_000_000) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  setTimeout(run: () => void, delayMs: number): TimerId {
    const id = {};
    this.#timers.set(id, {
      dueMs: this.#nowMs + Math.max(0, delayMs),
      order: this.#order++,
      run,
    });
    return id as TimerId;
  }

  clearTimeout(id: TimerId): void {
    this.#timers.delete(id);
  }

  /** How many timers are pending: zero once everything has been closed. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Sets the clock, as a user or a time server does; pending timers keep their durations. */
  setTo(nowMs: number): void {
    const jumpMs = nowMs - this.#nowMs;
    this.#nowMs = nowMs;
    for (const [id, timer] of this.#timers) {
      this.#timers.set(id, { ...timer, dueMs: timer.dueMs + jumpMs });
    }
  }

  /** Moves time forward, settling every promise chain before, between and after timers. */
  async advance(durationMs: number): Promise<void> {
    const untilMs = this.#nowMs + durationMs;
    await settle();
    for (let next = this.#earliest(untilMs); next; next = this.#earliest(untilMs)) {
      const [id, pending] = next;
      this.#timers.delete(id);
      this.#nowMs = Math.max(this.#nowMs, pending.dueMs);
      pending.run();
      await settle();
    }
    this.#nowMs = untilMs;
  }

  #earliest(untilMs: number): [object, PendingTimer] | undefined {
    let earliest: [object, PendingTimer] | undefined;
    for (const entry of this.#timers) {
      const [, timer] = entry;
      if (timer.dueMs > untilMs) continue;
      if (!earliest || isBefore(timer, earliest[1])) earliest = entry;
    }
    return earliest;
  }
}

const isBefore = (a: PendingTimer, b: PendingTimer): boolean =>
  a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);

/** Resolves once all promise callbacks that are queued by then, and those they queue, have run. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      channel.port1.close();
      resolve();
    };
    channel.port2.postMessage(undefined);
  });
}
