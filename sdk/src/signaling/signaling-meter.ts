import type { ChannelMetrics } from '../ports/signal-channel.js';

const RECENT_PONGS = 8;

/** Counters of one client, over all its connections. */
export class SignalingMeter {
  #latencyMs: number | undefined;
  #recentMs: readonly number[] = [];
  #pongs = 0;
  #sumOfLatenciesMs = 0;
  #lastHeartbeatMs: number | undefined;
  #connects = 0;
  #received = 0;
  #sent = 0;
  #malformed = 0;

  /** When a pong last came, in ms since the Unix epoch. */
  get lastHeartbeatMs(): number | undefined {
    return this.#lastHeartbeatMs;
  }

  countConnected(): void {
    this.#connects += 1;
  }

  countReceived(): void {
    this.#received += 1;
  }

  countSent(): void {
    this.#sent += 1;
  }

  countMalformed(): void {
    this.#malformed += 1;
  }

  countPong(latencyMs: number, nowMs: number): void {
    this.#latencyMs = latencyMs;
    this.#recentMs = [...this.#recentMs, latencyMs].slice(-RECENT_PONGS);
    this.#pongs += 1;
    this.#sumOfLatenciesMs += latencyMs;
    this.#lastHeartbeatMs = nowMs;
  }

  read(): ChannelMetrics {
    return {
      latencyMs: this.#latencyMs,
      leastLatencyMs: this.#pongs === 0 ? undefined : Math.min(...this.#recentMs),
      meanLatencyMs: this.#pongs === 0 ? undefined : this.#sumOfLatenciesMs / this.#pongs,
      pongs: this.#pongs,
      reconnects: Math.max(0, this.#connects - 1),
      signalsIn: this.#received,
      signalsOut: this.#sent,
      malformedIn: this.#malformed,
    };
  }
}
