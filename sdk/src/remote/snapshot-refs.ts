import { collection, doc, type DocumentReference } from 'firebase/firestore/lite';
import { MAX_CHUNKS, type StoredSnapshot } from '../ports/snapshots.js';

/** Where the header of a snapshot lies; throws where `id` fits into no path. */
export const headerRef = (budget: DocumentReference, id: string): DocumentReference =>
  doc(budget, 'snapshots', id);

export const chunkRef = (budget: DocumentReference, id: string, at: number): DocumentReference =>
  doc(collection(headerRef(budget, id), 'chunks'), String(at));

/** The places of its chunks, in order; never more than a snapshot can have. */
export const chunkPlaces = ({ chunks }: Pick<StoredSnapshot, 'chunks'>): readonly number[] =>
  Array.from({ length: Math.min(chunks, MAX_CHUNKS) }, (_, at) => at);
