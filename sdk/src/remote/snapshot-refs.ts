import { collection, doc, type DocumentReference } from 'firebase/firestore/lite';
import { MAX_CHUNKS, type StoredSnapshot } from '../ports/snapshots.js';

/** Where the header of a snapshot lies. */
export const headerRef = (budget: DocumentReference, id: string): DocumentReference =>
  doc(budget, 'snapshots', id);

export const chunkRef = (budget: DocumentReference, id: string, at: number): DocumentReference =>
  doc(collection(headerRef(budget, id), 'chunks'), String(at));

/** Where its chunks lie, in order; never more than a snapshot can have. */
export const chunkRefs = (
  budget: DocumentReference,
  { id, chunks }: Pick<StoredSnapshot, 'id' | 'chunks'>,
): readonly DocumentReference[] =>
  Array.from({ length: Math.min(chunks, MAX_CHUNKS) }, (_, at) => chunkRef(budget, id, at));
