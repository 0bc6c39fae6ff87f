import { Bytes, onSnapshot, runTransaction, setDoc, type DocumentData } from 'firebase/firestore';
import libsodium from 'libsodium-wrappers';
import type { Transaction } from '../sample/records.js';
import { refIn, startPeerPair, type PeerPair } from './peer-session.js';
import type { OpenPeer, Peer } from './peer.js';
import { openBlob, sealBlob, toBlob, type Blob } from './sealed-blob.js';

/**
 * The whole budget in one encrypted document: read, changed and written back in a transaction,
 * and listened to with `onSnapshot`.
 */
export const wholeBlob: Peer = {
  name: 'wholeBlob',
  open: async (options) => {
    await libsodium.ready;
    const pair = await startPeerPair(options);
    const key = libsodium.randombytes_buf(32);
    const sealed = Bytes.fromUint8Array(sealBlob(toBlob(options.records), key));
    await setDoc(refIn(pair.author, nameOf(pair)), { sealed });
    const peer = new WholeBlob(pair, key);
    await peer.listen();
    return peer;
  },
};

const nameOf = ({ budgetPath }: PeerPair): string => `${budgetPath}/blobs/0`;

class WholeBlob implements OpenPeer {
  readonly #pair: PeerPair;
  readonly #key: Uint8Array;
  readonly #listeners = new Set<() => void>();
  /** What the author's device has changed and Firestore does not have. */
  #pending: (readonly [id: string, changes: Partial<Transaction>])[] = [];
  #isOffline = false;
  #seen: Blob = {};
  #stop: () => void = () => undefined;
  #writing: Promise<void> = Promise.resolve();
  #counts = { writes: 0, reads: 0, rulesReads: 0, peerReads: 0 };

  constructor(pair: PeerPair, key: Uint8Array) {
    this.#pair = pair;
    this.#key = key;
  }

  listen(): Promise<void> {
    this.#counts.rulesReads += 1;
    return new Promise((resolve, reject) => {
      this.#stop = onSnapshot(
        refIn(this.#pair.reader, nameOf(this.#pair)),
        (snapshot) => {
          this.#counts.peerReads += 1;
          this.#seen = this.#open(snapshot.data());
          for (const listener of this.#listeners) listener();
          resolve();
        },
        reject,
      );
    });
  }

  async goOffline(): Promise<void> {
    this.#isOffline = true;
  }

  async goOnline(): Promise<void> {
    this.#isOffline = false;
    await this.#write();
  }

  async edit(id: string, changes: Partial<Transaction>): Promise<void> {
    this.#pending.push([id, changes]);
    if (!this.#isOffline) this.#writing = this.#writing.then(() => this.#write());
  }

  flush(): Promise<void> {
    return this.#writing;
  }

  onSeen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  read(id: string): Transaction | undefined {
    return this.#seen[id];
  }

  counts(): ReturnType<OpenPeer['counts']> {
    return { ...this.#counts };
  }

  async close(): Promise<void> {
    this.#stop();
    await this.#pair.close();
  }

  async #write(): Promise<void> {
    const changes = this.#pending.splice(0);
    if (changes.length === 0) return;
    const { author } = this.#pair;
    const ref = refIn(author, nameOf(this.#pair));
    await runTransaction(author.firestore, async (transaction) => {
      this.#counts.reads += 1;
      this.#counts.writes += 1;
      this.#counts.rulesReads += 2;
      const blob = this.#open((await transaction.get(ref)).data());
      for (const [id, change] of changes) {
        const record = blob[id];
        if (record) blob[id] = { ...record, ...change };
      }
      transaction.set(ref, { sealed: Bytes.fromUint8Array(sealBlob(blob, this.#key)) });
    });
  }

  #open(data: DocumentData | undefined): Blob {
    const sealed: unknown = data?.['sealed'];
    return sealed instanceof Bytes ? openBlob(sealed.toUint8Array(), this.#key) : {};
  }
}
