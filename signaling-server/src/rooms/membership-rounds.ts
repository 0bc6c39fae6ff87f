import type { Clock } from '../clock.js';

export interface MembershipRoundsOptions {
  readonly clock: Clock;
  /** At least this long between two rounds. */
  readonly gapMs: number;
  /** Has every connection of the room read its membership again. */
  run(): void;
}

/**
 * When a room's members are read again: at once on the first report, so that a removed
 * member is out; later ones share a round, because each read of each connection is billed.
 */
export class MembershipRounds {
  readonly #options: MembershipRoundsOptions;
  #readyAtMs = 0;
  #cancelNext: (() => void) | undefined;

  constructor(options: MembershipRoundsOptions) {
    this.#options = options;
  }

  /** Somebody says that the members have changed. */
  request(): void {
    if (this.#cancelNext) return;
    const { clock } = this.#options;
    const waitMs = this.#readyAtMs - clock.now();
    if (waitMs <= 0) this.#start();
    else
      this.#cancelNext = clock.schedule(() => {
        this.#start();
      }, waitMs);
  }

  stop(): void {
    this.#cancelNext?.();
    this.#cancelNext = undefined;
  }

  #start(): void {
    const { clock, gapMs } = this.#options;
    this.#cancelNext = undefined;
    this.#readyAtMs = clock.now() + gapMs;
    this.#options.run();
  }
}
