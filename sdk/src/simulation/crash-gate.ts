import type { CrashPoint } from './step.js';

export type PortName = 'store' | 'remote' | 'signal';

/** What never comes: whoever waits for it is a process that is dead. */
const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

/**
 * All that one run of a device's process does outside of itself passes here, so that it can die
 * at any call: before the call has an effect, or after that and before the answer. A dead
 * process touches nothing any more and hears nothing.
 */
export class CrashGate {
  readonly died: Promise<void>;
  #isDead = false;
  #armed: { readonly point: CrashPoint; left: number } | undefined;
  #tellDied: () => void = () => undefined;
  readonly #onCrash: (point: CrashPoint) => void;

  constructor(onCrash: (point: CrashPoint) => void) {
    this.#onCrash = onCrash;
    this.died = new Promise((resolve) => {
      this.#tellDied = resolve;
    });
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  arm(point: CrashPoint, afterCalls: number): void {
    if (point === 'now') this.#crash(point);
    else this.#armed = { point, left: afterCalls };
  }

  disarm(): void {
    this.#armed = undefined;
  }

  /** The process ends without a fault: nothing of it goes on. */
  end(): void {
    this.#isDead = true;
    this.#tellDied();
  }

  /** Makes a call of the process, if it still can. */
  async pass<T>(port: PortName, call: () => Promise<T>): Promise<T> {
    if (this.#isDead) return never();
    const point = this.#pointAt(port);
    if (point?.endsWith('before')) {
      this.#crash(point);
      return never();
    }
    const calling = call();
    if (point) this.#crash(point);
    const answer = await calling;
    // Read anew: it may have died while it waited.
    return this.isDead ? never() : answer;
  }

  #pointAt(port: PortName): CrashPoint | undefined {
    const armed = this.#armed;
    if (!armed?.point.startsWith(port)) return undefined;
    armed.left -= 1;
    return armed.left < 0 ? armed.point : undefined;
  }

  #crash(point: CrashPoint): void {
    this.#armed = undefined;
    this.#isDead = true;
    this.#onCrash(point);
    this.#tellDied();
  }
}
