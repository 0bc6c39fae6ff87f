import { createFirestoreCall, DEFAULT_DEADLINE_MS, type FirestoreCall } from './firestore-call.js';
import type { FirestoreBudgetOptions } from './firestore-options.js';

/** Chunks are some hundred times as large as what other operations carry. */
const PATIENCE = 4;

/** For a few MB at once: waits four times as long for them as for anything else. */
export const callForChunks = (options: FirestoreBudgetOptions): FirestoreCall =>
  createFirestoreCall({
    ...options,
    deadlineMs: PATIENCE * (options.deadlineMs ?? DEFAULT_DEADLINE_MS),
  });
