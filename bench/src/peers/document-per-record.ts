import {
  collection,
  disableNetwork,
  enableNetwork,
  onSnapshot,
  updateDoc,
  waitForPendingWrites,
  writeBatch,
} from 'firebase/firestore';
import type { Transaction } from '../sample/records.js';
import { refIn, startPeerPair, type PeerPair } from './peer-session.js';
import type { OpenPeer, Peer, PeerOptions } from './peer.js';

/** The most writes that one batch takes. */
const BATCH = 500;

/** One plain document per record, which the other device listens to with `onSnapshot`. */
export const documentPerRecord: Peer = {
  name: 'documentPerRecord',
  open: async (options) => {
    const pair = await startPeerPair(options);
    await writeRecords(pair, options.records);
    const peer = new DocumentPerRecord(pair);
    await peer.listen();
    return peer;
  },
};

const nameOf = ({ budgetPath }: PeerPair): string => `${budgetPath}/transactions`;

export async function writeRecords(pair: PeerPair, records: PeerOptions['records']): Promise<void> {
  for (let at = 0; at < records.length; at += BATCH) {
    const batch = writeBatch(pair.author.firestore);
    for (const [id, record] of records.slice(at, at + BATCH)) {
      batch.set(refIn(pair.author, nameOf(pair), id), record);
    }
    await batch.commit();
  }
}

class DocumentPerRecord implements OpenPeer {
  readonly #pair: PeerPair;
  readonly #seen = new Map<string, Transaction>();
  readonly #listeners = new Set<() => void>();
  #stop: () => void = () => undefined;
  #writes = 0;
  #rulesReads = 0;
  #peerReads = 0;

  constructor(pair: PeerPair) {
    this.#pair = pair;
  }

  /** Resolves with the first answer of the server. */
  listen(): Promise<void> {
    this.#rulesReads += 1;
    const query = collection(this.#pair.reader.firestore, nameOf(this.#pair));
    return new Promise((resolve, reject) => {
      this.#stop = onSnapshot(
        query,
        (snapshot) => {
          for (const change of snapshot.docChanges()) {
            this.#peerReads += 1;
            this.#seen.set(change.doc.id, change.doc.data() as Transaction);
          }
          for (const listener of this.#listeners) listener();
          if (!snapshot.metadata.fromCache) resolve();
        },
        reject,
      );
    });
  }

  goOffline(): Promise<void> {
    return disableNetwork(this.#pair.author.firestore);
  }

  async goOnline(): Promise<void> {
    await enableNetwork(this.#pair.author.firestore);
    await this.flush();
  }

  async edit(id: string, changes: Partial<Transaction>): Promise<void> {
    this.#writes += 1;
    this.#rulesReads += 1;
    // The local cache has it at once; the promise is that of the server's answer.
    void updateDoc(refIn(this.#pair.author, nameOf(this.#pair), id), changes);
  }

  flush(): Promise<void> {
    return waitForPendingWrites(this.#pair.author.firestore);
  }

  onSeen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  read(id: string): Transaction | undefined {
    return this.#seen.get(id);
  }

  counts(): ReturnType<OpenPeer['counts']> {
    const [writes, rulesReads, peerReads] = [this.#writes, this.#rulesReads, this.#peerReads];
    return { writes, reads: 0, rulesReads, peerReads };
  }

  async close(): Promise<void> {
    this.#stop();
    await this.#pair.close();
  }
}
