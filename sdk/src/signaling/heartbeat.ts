import type { Clock, TimerId } from '../ports/clock.js';

export interface HeartbeatOptions {
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly pongTimeoutMs: number;
  sendPing(n: number): void;
  onPong(latencyMs: number): void;
  /** Called once; the heartbeat has stopped by then. */
  readonly onMissed: () => void;
}

export interface Heartbeat {
  /** Takes a `pong`; one that does not match the ping under way is ignored. */
  pong(n: number): void;
  /** Pings now, unless a ping is under way: after a sleep the connection may be dead. */
  pingNow(): void;
  stop(): void;
}

/** Notices a connection that is open in name only: TCP alone may take hours to. */
export function startHeartbeat(options: HeartbeatOptions): Heartbeat {
  const { clock, intervalMs, pongTimeoutMs } = options;
  let count = 0;
  let sentAtMs: number | undefined;
  let timer: TimerId = clock.setTimeout(ping, intervalMs);

  function ping(): void {
    clock.clearTimeout(timer);
    count += 1;
    sentAtMs = clock.now();
    timer = clock.setTimeout(options.onMissed, pongTimeoutMs);
    options.sendPing(count);
  }

  return {
    pong(n) {
      if (sentAtMs === undefined || n !== count) return;
      const latencyMs = Math.max(0, clock.now() - sentAtMs);
      sentAtMs = undefined;
      clock.clearTimeout(timer);
      timer = clock.setTimeout(ping, Math.max(0, intervalMs - latencyMs));
      options.onPong(latencyMs);
    },
    pingNow() {
      if (sentAtMs === undefined) ping();
    },
    stop() {
      clock.clearTimeout(timer);
    },
  };
}
