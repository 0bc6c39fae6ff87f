import type { Meters } from '../people/messages.js';

/** What the demo prints with `--json`; the order of the keys is that of the line. */
export interface DemoResult {
  /** Accounts, envelopes and transactions. */
  readonly records: number;
  readonly people: number;
  readonly converged: boolean;
  /** The setup, the import and the two-sided edits, of both people and the signaling server. */
  readonly firestore: Meters['firestore'];
  /** Text frames at both people's sockets over the whole run, tokens left out. */
  readonly signals: Meters['signals'];
  readonly conflicts: number;
  /** From one person's call to the other's subscriber, in ms, while nobody else writes. */
  readonly editToPeerMs: { readonly p50: number; readonly p99: number };
}
