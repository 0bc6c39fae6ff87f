import type { ChannelMetrics } from '../ports/signal-channel.js';

/** What one open budget has cost and how its connection fares; counted since it was opened. */
export interface SyncMetrics extends ChannelMetrics {
  /** When the log was last read or written to its end, in ms since the Unix epoch. */
  readonly lastSyncAt: number | undefined;
  /** How often the log was read to its end. */
  readonly pulls: number;
  /** How often what was pending was appended. */
  readonly pushes: number;
  /** Entries that Firestore answered with, those read again to check them included. */
  readonly entriesRead: number;
  readonly entriesAppended: number;
  /** Rounds that were tried again after one that failed. */
  readonly retries: number;
  /** Appends that another device was faster than, or that were denied for another reason. */
  readonly deniedAppends: number;
}

/** Adds up what reading and appending amount to. */
export class LogTally {
  entriesRead = 0;
  entriesAppended = 0;
  deniedAppends = 0;
}

export const NO_CHANNEL: ChannelMetrics = {
  latencyMs: undefined,
  leastLatencyMs: undefined,
  meanLatencyMs: undefined,
  pongs: 0,
  reconnects: 0,
  signalsIn: 0,
  signalsOut: 0,
  malformedIn: 0,
};

/** Of a connection and the one that took its place. */
export function addMetrics(before: ChannelMetrics, after: ChannelMetrics): ChannelMetrics {
  const pongs = before.pongs + after.pongs;
  const waitedMs =
    before.pongs * (before.meanLatencyMs ?? 0) + after.pongs * (after.meanLatencyMs ?? 0);
  return {
    latencyMs: after.latencyMs ?? before.latencyMs,
    leastLatencyMs: after.leastLatencyMs ?? before.leastLatencyMs,
    meanLatencyMs: pongs === 0 ? undefined : waitedMs / pongs,
    pongs,
    reconnects: before.reconnects + after.reconnects,
    signalsIn: before.signalsIn + after.signalsIn,
    signalsOut: before.signalsOut + after.signalsOut,
    malformedIn: before.malformedIn + after.malformedIn,
  };
}
