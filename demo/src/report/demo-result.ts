import type { Meters } from '../people/messages.js';

/** What the demo prints with `--json`; the order of the keys is that of the line. */
export interface DemoResult {
  /** Accounts, envelopes and transactions. */
  readonly records: number;
  /** All who took part, whoever is removed at the end included. */
  readonly people: number;
  /**
   * Everybody who is in holds the same, right budget, all safety numbers were the same on both
   * sides, and whoever was removed is out.
   */
  readonly converged: boolean;
  /**
   * Keyslots, sharing, the import and the edits that all make at once, by all people and the
   * signaling server; not the edits one by one, and not the removal.
   */
  readonly firestore: Meters['firestore'];
  /** Text frames at everybody's sockets during the same, tokens left out. */
  readonly signals: Meters['signals'];
  readonly conflicts: number;
  /** From Ana's call to Ben's subscriber, in ms, while nobody else writes. */
  readonly editToPeerMs: { readonly p50: number; readonly p99: number };
  /** With three people or more. */
  readonly removed?: Removal;
}

/** How the one who was removed fared; all is well if the flags are as their comments say. */
export interface Removal {
  readonly person: string;
  readonly role: string;
  /** Their kit said so, and that Ana did it: true. */
  readonly told: boolean;
  /** The rules refused their session an entry written after the removal: true. */
  readonly denied: boolean;
  /** Their device has what it had before, and not the edit made after: true. */
  readonly keepsEarlier: boolean;
  /**
   * Whether any key of theirs opens what came after, once the project's administrator has the
   * rules let them read it: false.
   */
  readonly opensLater: boolean;
  /** Everybody else holds the edit made after, and the same budget: true. */
  readonly othersConverged: boolean;
}
