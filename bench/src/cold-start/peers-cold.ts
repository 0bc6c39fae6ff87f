import { Bytes, collection, doc, getDocs, setDoc } from 'firebase/firestore';
import libsodium from 'libsodium-wrappers';
import { writeRecords } from '../peers/document-per-record.js';
import { startPeerPair, type PeerPair } from '../peers/peer-session.js';
import type { PeerOptions } from '../peers/peer.js';
import { openRxDevice, writeForRx } from '../peers/rxdb.js';
import { openBlob, sealBlob, toBlob } from '../peers/sealed-blob.js';
import { startCountingProxy } from '../services/counting-proxy.js';
import type { ColdStart } from './start-cold.js';

/** What fits one document, with room for its other fields. */
const CHUNK_BYTES = 900_000;

export interface ColdPeer {
  readonly name: string;
  measure(options: PeerOptions): Promise<ColdStart>;
}

/** A new device of the member who did not write, for what one would pick instead. */
export const coldPeers: readonly ColdPeer[] = [
  {
    name: 'documentPerRecord',
    measure: (options) =>
      measure(options, writeRecords, async ({ reader, budgetPath }) => {
        const { size } = await getDocs(collection(reader.firestore, budgetPath, 'transactions'));
        return { reads: size, records: size };
      }),
  },
  {
    name: 'wholeBlob',
    measure: async (options) => {
      await libsodium.ready;
      const key = libsodium.randombytes_buf(32);
      const write = async (pair: PeerPair): Promise<void> => writeChunks(pair, options, key);
      return measure(options, write, async ({ reader, budgetPath }) => {
        const { docs } = await getDocs(collection(reader.firestore, budgetPath, 'blobs'));
        const chunks = docs.map((chunk) => chunk.get('sealed') as Bytes);
        const sealed = Buffer.concat(chunks.map((chunk) => chunk.toUint8Array()));
        return { reads: docs.length, records: Object.keys(openBlob(sealed, key)).length };
      });
    },
  },
  {
    name: 'rxdbPlaintext',
    measure: (options) =>
      measure(options, writeForRx, async (pair) => {
        const device = await openRxDevice(pair, 'reader', options);
        await device.replication.state.awaitInSync();
        const { length } = await device.transactions.find().exec();
        const { reads } = device.replication.counts;
        await device.database.close();
        return { reads, records: length };
      }),
  },
];

async function measure(
  options: PeerOptions,
  write: (pair: PeerPair, records: PeerOptions['records']) => Promise<void>,
  read: (pair: PeerPair) => Promise<{ readonly reads: number; readonly records: number }>,
): Promise<ColdStart> {
  const proxy = await startCountingProxy(options.backend.firestore);
  const pair = await startPeerPair({ ...options, firestore: proxy });
  try {
    await write(pair, options.records);
    const bytesBefore = proxy.bytes;
    const startMs = performance.now();
    const { reads, records } = await read(pair);
    const ms = performance.now() - startMs;
    if (records !== options.records.length) throw new Error('every record is there');
    return { reads, bytes: proxy.bytes - bytesBefore, ms };
  } finally {
    await pair.close();
    await proxy.close();
  }
}

async function writeChunks(
  { author, budgetPath }: PeerPair,
  { records }: PeerOptions,
  key: Uint8Array,
): Promise<void> {
  const sealed = sealBlob(toBlob(records), key);
  for (let at = 0, chunk = 0; at < sealed.length; at += CHUNK_BYTES, chunk += 1) {
    const bytes = Bytes.fromUint8Array(sealed.slice(at, at + CHUNK_BYTES));
    await setDoc(doc(author.firestore, budgetPath, 'blobs', String(chunk)), { sealed: bytes });
  }
}
