/** Running totals since the start; the numbers that an operator watches. */
export interface Counters {
  /** WebSocket handshakes completed with a valid token. */
  accepted: number;
  /** Handshakes refused over HTTP, or completed only to be closed for their token. */
  refused: number;
  /** Text and binary messages that were judged. */
  messagesIn: number;
  /** Signals taken for relaying, once each however many receive them. */
  signalsIn: number;
  /** Messages written to clients. */
  messagesOut: number;
  /** Reads of a budget's document, on behalf of the users. */
  membershipReads: number;
}

export function createCounters(): Counters {
  return {
    accepted: 0,
    refused: 0,
    messagesIn: 0,
    signalsIn: 0,
    messagesOut: 0,
    membershipReads: 0,
  };
}
