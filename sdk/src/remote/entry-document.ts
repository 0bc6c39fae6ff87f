import { Bytes, serverTimestamp, Timestamp, type DocumentData } from 'firebase/firestore/lite';
import type { LogEntry, StoredEntry } from '../ports/remote-log.js';

const FIELDS = 7;
const CANONICAL_ID = /^[1-9][0-9]{0,15}$/;

/** The document that the security rules ask for. */
export function toEntryDocument(entry: LogEntry): DocumentData {
  return {
    seq: entry.seq,
    epoch: entry.epoch,
    author: entry.author,
    t: entry.t,
    at: serverTimestamp(),
    prev: toBytes(entry.prev),
    frame: toBytes(entry.frame),
  };
}

/**
 * The entry at the position that the document's id names. One that the rules would not
 * have let in comes back without a frame, for the reader to report; a document whose
 * id is no position is not part of the log: `undefined`.
 */
export function parseEntryDocument(id: string, data: DocumentData): StoredEntry | undefined {
  const seq = Number(id);
  if (!CANONICAL_ID.test(id) || !Number.isSafeInteger(seq)) return undefined;
  return parseFields(seq, data) ?? malformedEntry(seq);
}

function parseFields(seq: number, data: DocumentData): StoredEntry | undefined {
  const field = (name: string): unknown => data[name];
  const [epoch, author, t, at, prev, frame] = [
    field('epoch'),
    field('author'),
    field('t'),
    field('at'),
    field('prev'),
    field('frame'),
  ];
  if (Object.keys(data).length !== FIELDS || field('seq') !== seq) return undefined;
  if (!isInteger(epoch) || !isInteger(t) || typeof author !== 'string') return undefined;
  if (!(at instanceof Timestamp) || !(prev instanceof Bytes) || !(frame instanceof Bytes)) {
    return undefined;
  }
  return {
    seq,
    epoch,
    author,
    t,
    prev: prev.toUint8Array(),
    frame: frame.toUint8Array(),
    at: at.toMillis(),
  };
}

const malformedEntry = (seq: number): StoredEntry => ({
  seq,
  epoch: 0,
  author: '',
  t: 0,
  prev: new Uint8Array(),
  frame: new Uint8Array(),
  at: 0,
});

const isInteger = (value: unknown): value is number => Number.isSafeInteger(value);

/** Copies: a caller may hand in a view of a larger or a shared buffer. */
export const toBytes = (data: Uint8Array): Bytes => Bytes.fromUint8Array(new Uint8Array(data));
