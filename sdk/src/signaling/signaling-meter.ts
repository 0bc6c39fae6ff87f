export interface SignalingMetrics {
  /** From the last ping to its pong; undefined before the first. */
  readonly latencyMs: number | undefined;
  /** How often this was connected again after the first time. */
  readonly reconnects: number;
  /** Valid messages heard, without pongs. */
  readonly signalsIn: number;
  /** Signals handed to a live connection, without pings and tokens. */
  readonly signalsOut: number;
  /** Messages that were ignored because they fit no schema. */
  readonly malformedIn: number;
}

/** Counters of one client, over all its connections. */
export class SignalingMeter {
  #latencyMs: number | undefined;
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
    this.#lastHeartbeatMs = nowMs;
  }

  read(): SignalingMetrics {
    return {
      latencyMs: this.#latencyMs,
      reconnects: Math.max(0, this.#connects - 1),
      signalsIn: this.#received,
      signalsOut: this.#sent,
      malformedIn: this.#malformed,
    };
  }
}
