import { JOIN_DEADLINE_MS, MESSAGE_BURST, MESSAGES_PER_SECOND } from '@sealsync/protocol';

/** Every limit of the server; each has a default, a unit and a documented way to end. */
export interface SignalingLimits {
  /** Open connections and handshakes of the process; more are refused with HTTP 503. */
  readonly maxConnections: number;
  /** Connections of one budget; more are closed with 1013. */
  readonly maxConnectionsPerBudget: number;
  /** Messages a connection may send for long, per second; more is closed with 4429. */
  readonly messagesPerSecond: number;
  /** Messages a connection may send at once. */
  readonly messageBurst: number;
  /** Bytes that may wait for a slow reader before it is closed with 1013. */
  readonly maxBufferedBytes: number;
  /** From handshake to an accepted `connected`, else 4408. */
  readonly joinDeadlineMs: number;
  /** For the request's headers, and again for verifying its token. */
  readonly handshakeDeadlineMs: number;
  /** For one read of a budget's document. */
  readonly membershipTimeoutMs: number;
  /** Between two reads of a connection's membership when nobody reports a change. */
  readonly membershipIntervalMs: number;
  /** At least this long between two reads for one connection. */
  readonly membershipGapMs: number;
  /** At least this long, in ms, between two rounds of reads that reports cause in one budget. */
  readonly roomMembershipGapMs: number;
  /** Budgets without a connection whose last head hint is kept. */
  readonly maxRememberedHeads: number;
  /** How long a head hint outlives the last connection of its budget. */
  readonly headMemoryMs: number;
  /** Draining clients are asked to come back at random within it. */
  readonly drainSpreadMs: number;
  /** How long clients may take to close before they are cut off. */
  readonly drainDeadlineMs: number;
}

export const DEFAULT_LIMITS: SignalingLimits = {
  maxConnections: 20_000,
  maxConnectionsPerBudget: 1_000,
  messagesPerSecond: MESSAGES_PER_SECOND,
  messageBurst: MESSAGE_BURST,
  maxBufferedBytes: 64 * 1024,
  joinDeadlineMs: JOIN_DEADLINE_MS,
  handshakeDeadlineMs: 10_000,
  membershipTimeoutMs: 8_000,
  membershipIntervalMs: 10 * 60_000,
  membershipGapMs: 1_000,
  roomMembershipGapMs: 4_000,
  maxRememberedHeads: 10_000,
  headMemoryMs: 24 * 3_600_000,
  drainSpreadMs: 5_000,
  drainDeadlineMs: 5_000,
};

/** The names of limits that are not positive whole numbers. */
export function findBadLimits(limits: SignalingLimits): readonly string[] {
  return Object.entries(limits).flatMap(([name, value]) =>
    Number.isSafeInteger(value) && value > 0 ? [] : [name],
  );
}
