import { MAX_COMMIT_BYTES, MAX_ENTRIES_PER_COMMIT, type LogEntry } from './remote-log.js';

/** Whether one commit takes these entries in production; an emulator would take more. */
export function fitsCommit(entries: readonly LogEntry[]): boolean {
  const frameBytes = entries.reduce((sum, { frame }) => sum + frame.length, 0);
  return entries.length <= MAX_ENTRIES_PER_COMMIT && frameBytes <= MAX_COMMIT_BYTES;
}

/**
 * For every wrap the rules look at the budget and evaluate some 80 expressions, three times as
 * many where they begin anew for every document that they fetch.
 */
export const MAX_WRAPS_PER_COMMIT = 4;

/** For every document to delete the rules look at the budget. */
export const MAX_DELETES_PER_COMMIT = 20;

/**
 * Of a snapshot, beside its header: for every chunk the rules look at two documents and evaluate
 * some 110 expressions.
 */
export const MAX_CHUNK_DELETES_PER_COMMIT = 7;

/** For every entry to prune the rules look at the budget and evaluate some 65 expressions. */
export const MAX_PRUNED_PER_COMMIT = 15;

/** `items` in parts of at most `size`, in order. */
export function splitIntoCommits<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  const parts = Math.ceil(items.length / size);
  return Array.from({ length: parts }, (_, at) => items.slice(at * size, (at + 1) * size));
}
