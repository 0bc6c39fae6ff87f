import { Bytes, serverTimestamp, Timestamp, type DocumentData } from 'firebase/firestore/lite';
import { MAX_CHUNK_BYTES, MAX_CHUNKS, type StoredSnapshot } from '../ports/snapshots.js';
import { toBytes } from './entry-document.js';

const ID = /^([1-9][0-9]{0,15})_(.+)_[0-9a-f]{16}$/s;
const FIELDS = 6;
const MIN_HEADER_BYTES = 485;
const MAX_HEADER_BYTES = 8192;

export const toHeaderDocument = (
  snapshot: Pick<StoredSnapshot, 'seq' | 'author' | 'chunks' | 'header'>,
): DocumentData => ({
  v: 1,
  seq: snapshot.seq,
  author: snapshot.author,
  chunks: snapshot.chunks,
  at: serverTimestamp(),
  header: toBytes(snapshot.header),
});

export const toChunkDocument = (chunk: Uint8Array): DocumentData => ({
  v: 1,
  chunk: toBytes(chunk),
});

/** What the rules would not have let in comes back without a header, for the reader to report. */
export function parseHeaderDocument(id: string, data: DocumentData): StoredSnapshot {
  return parseFields(id, data) ?? malformedSnapshot(id);
}

function parseFields(id: string, data: DocumentData): StoredSnapshot | undefined {
  const [, seq, author] = ID.exec(id) ?? [];
  const [position, chunks] = [Number(seq), data['chunks'] as unknown];
  const [at, header] = [data['at'] as unknown, data['header'] as unknown];
  if (author === undefined || Object.keys(data).length !== FIELDS || data['v'] !== 1) {
    return undefined;
  }
  if (data['seq'] !== position || data['author'] !== author) return undefined;
  if (!Number.isSafeInteger(position) || !isChunkCount(chunks)) return undefined;
  if (!(at instanceof Timestamp) || !(header instanceof Bytes)) return undefined;
  const bytes = header.toUint8Array();
  if (bytes.length < MIN_HEADER_BYTES || bytes.length > MAX_HEADER_BYTES) return undefined;
  return { id, seq: position, author, chunks, at: at.toMillis(), header: bytes };
}

const malformedSnapshot = (id: string): StoredSnapshot => ({
  id,
  seq: 0,
  author: '',
  chunks: MAX_CHUNKS,
  at: 0,
  header: new Uint8Array(),
});

/** `undefined` for what the rules would not have let in. */
export function parseChunkDocument(data: DocumentData): Uint8Array | undefined {
  const chunk: unknown = data['chunk'];
  if (data['v'] !== 1 || Object.keys(data).length !== 2) return undefined;
  if (!(chunk instanceof Bytes)) return undefined;
  const bytes = chunk.toUint8Array();
  return bytes.length >= 1 && bytes.length <= MAX_CHUNK_BYTES ? bytes : undefined;
}

const isChunkCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= MAX_CHUNKS;
