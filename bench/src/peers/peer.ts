import type { Transaction } from '../sample/records.js';
import type { Address, Backend } from '../services/start-backend.js';

/** What Firestore bills for an alternative, as counted at its boundary. */
export interface PeerCounts {
  /** Documents that the author's device wrote. */
  readonly writes: number;
  /** Documents that it read to do so. */
  readonly reads: number;
  /** Documents that the rules looked at for both. */
  readonly rulesReads: number;
  /** Documents that the other device was handed. */
  readonly peerReads: number;
}

/** Two devices of two users that share a budget the way an alternative does. */
export interface OpenPeer {
  /** Edits from now on stay with the author's device. */
  goOffline(): Promise<void>;
  /** Resolves once Firestore has them all. */
  goOnline(): Promise<void>;
  /** The author's device changes a record; resolves once an app could go on. */
  edit(id: string, changes: Partial<Transaction>): Promise<void>;
  /** Resolves once Firestore has all edits so far. */
  flush(): Promise<void>;
  /** Calls `listener` when the other device shows other records than before. */
  onSeen(listener: () => void): () => void;
  /** What the other device shows. */
  read(id: string): Transaction | undefined;
  counts(): PeerCounts;
  close(): Promise<void>;
}

export interface PeerOptions {
  readonly backend: Backend;
  readonly records: readonly (readonly [id: string, record: Transaction])[];
  /** Where both look for Firestore; at the emulator itself without it. */
  readonly firestore?: Address;
}

export interface Peer {
  readonly name: string;
  open(options: PeerOptions): Promise<OpenPeer>;
}
