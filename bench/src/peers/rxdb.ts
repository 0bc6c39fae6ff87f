import { doc, serverTimestamp, writeBatch } from 'firebase/firestore';
import type { Transaction } from '../sample/records.js';
import { startPeerPair, type PeerPair } from './peer-session.js';
import type { OpenPeer, Peer, PeerOptions } from './peer.js';
import { startRxReplication, type RxReplication } from './rx-replication.js';
import { openRxStore, type RxTransaction } from './rx-store.js';

/** The most writes that one batch takes. */
const BATCH = 500;

/** RxDB with its Firestore replication: local first as well, but Firestore sees everything. */
export const rxdbPlaintext: Peer = {
  name: 'rxdbPlaintext',
  open: async (options) => {
    const pair = await startPeerPair(options);
    await writeForRx(pair, options.records);
    const [author, reader] = [
      await openRxDevice(pair, 'author', options),
      await openRxDevice(pair, 'reader', options),
    ];
    await author.replication.state.awaitInSync();
    await reader.replication.state.awaitInSync();
    return new RxPeer(pair, author, reader);
  },
};

export const rxPathOf = ({ budgetPath }: PeerPair): string => `${budgetPath}/rx`;

/** Puts documents where RxDB's replication finds them. */
export async function writeForRx(pair: PeerPair, records: PeerOptions['records']): Promise<void> {
  const { firestore } = pair.author;
  for (let at = 0; at < records.length; at += BATCH) {
    const batch = writeBatch(firestore);
    for (const [id, record] of records.slice(at, at + BATCH)) {
      const document = { ...record, _deleted: false, serverTimestamp: serverTimestamp() };
      batch.set(doc(firestore, rxPathOf(pair), id), document);
    }
    await batch.commit();
  }
}

type RxStore = Awaited<ReturnType<typeof openRxStore>>;

export interface RxDevice extends RxStore {
  readonly replication: RxReplication;
}

export async function openRxDevice(
  pair: PeerPair,
  who: 'author' | 'reader',
  { backend }: PeerOptions,
): Promise<RxDevice> {
  const store = await openRxStore();
  const { projectId } = backend;
  const path = rxPathOf(pair);
  const replication = startRxReplication(pair[who], projectId, path, store.transactions);
  await replication.state.start();
  return { ...store, replication };
}

class RxPeer implements OpenPeer {
  readonly #pair: PeerPair;
  readonly #author: RxDevice;
  readonly #reader: RxDevice;
  readonly #seen = new Map<string, RxTransaction>();

  constructor(pair: PeerPair, author: RxDevice, reader: RxDevice) {
    this.#pair = pair;
    this.#author = author;
    this.#reader = reader;
  }

  async goOffline(): Promise<void> {
    await this.#author.replication.state.pause();
  }

  async goOnline(): Promise<void> {
    await this.#author.replication.state.start();
    await this.flush();
  }

  async edit(id: string, changes: Partial<Transaction>): Promise<void> {
    const found = await this.#author.transactions.findOne(id).exec();
    await found?.incrementalPatch(changes);
  }

  async flush(): Promise<void> {
    await this.#author.replication.state.awaitInSync();
  }

  onSeen(listener: () => void): () => void {
    const subscription = this.#reader.transactions.$.subscribe((event) => {
      this.#seen.set(event.documentId, event.documentData);
      listener();
    });
    return () => subscription.unsubscribe();
  }

  read(id: string): Transaction | undefined {
    return this.#seen.get(id);
  }

  counts(): ReturnType<OpenPeer['counts']> {
    const { counts: author } = this.#author.replication;
    const { counts: reader } = this.#reader.replication;
    return {
      writes: author.writes,
      reads: author.reads,
      rulesReads: author.rulesReads + reader.rulesReads,
      peerReads: reader.reads,
    };
  }

  async close(): Promise<void> {
    for (const { database } of [this.#author, this.#reader]) await database.close();
    await this.#pair.close();
  }
}
