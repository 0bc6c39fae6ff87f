import type { Clock } from '../clock.js';
import type { Membership, MembershipFailure, Role } from './membership-reader.js';

export interface MembershipWatchOptions {
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly gapMs: number;
  /** Reads with the connection's current token. */
  read(): Promise<Membership>;
  onRole(role: Role): void;
  /** Called once, when access ends or could not be confirmed three times in a row. */
  onLost(kind: MembershipFailure): void;
}

const MAX_FAILURES = 3;

/**
 * Keeps one connection's membership true: read again on request and at an interval,
 * at most one read at a time and one per gap, however often it is asked for.
 */
export class MembershipWatch {
  readonly #options: MembershipWatchOptions;
  #state: 'idle' | 'reading' | 'reading_and_asked' | 'stopped' = 'idle';
  #lastReadMs: number;
  #failures = 0;
  #next: { readonly dueMs: number; readonly cancel: () => void } | undefined;

  /** Starts the interval; the membership is taken to have been read just now. */
  constructor(options: MembershipWatchOptions) {
    this.#options = options;
    this.#lastReadMs = options.clock.now();
    this.#checkIn(options.intervalMs);
  }

  /** The membership may have changed: read it as soon as the gap allows. */
  check(): void {
    if (this.#state === 'reading') this.#state = 'reading_and_asked';
    if (this.#state !== 'idle') return;
    this.#checkIn(this.#lastReadMs + this.#options.gapMs - this.#options.clock.now());
  }

  stop(): void {
    this.#state = 'stopped';
    this.#next?.cancel();
    this.#next = undefined;
  }

  #checkIn(delayMs: number): void {
    const dueMs = this.#options.clock.now() + delayMs;
    if (this.#next && this.#next.dueMs <= dueMs) return;
    this.#next?.cancel();
    const cancel = this.#options.clock.schedule(
      () => {
        this.#next = undefined;
        void this.#check();
      },
      Math.max(0, delayMs),
    );
    this.#next = { dueMs, cancel };
  }

  async #check(): Promise<void> {
    if (this.#state !== 'idle') return;
    this.#state = 'reading';
    this.#lastReadMs = this.#options.clock.now();
    const membership = await this.#options.read();
    const asked = this.#wasAskedWhileReading();
    if (asked === undefined) return;
    this.#state = 'idle';
    if (membership.ok) {
      this.#failures = 0;
      this.#options.onRole(membership.value.role);
      this.#checkIn(asked ? this.#options.gapMs : this.#options.intervalMs);
    } else if (membership.error.kind === 'unavailable' && ++this.#failures < MAX_FAILURES) {
      this.#checkIn(this.#options.gapMs);
    } else {
      this.stop();
      this.#options.onLost(membership.error.kind);
    }
  }

  /** `undefined` once stopped. */
  #wasAskedWhileReading(): boolean | undefined {
    return this.#state === 'stopped' ? undefined : this.#state === 'reading_and_asked';
  }
}
