import { MAX_COMMIT_BYTES, MAX_ENTRIES_PER_COMMIT, type LogEntry } from './remote-log.js';

/** Whether one commit takes these entries in production; an emulator would take more. */
export function fitsCommit(entries: readonly LogEntry[]): boolean {
  const frameBytes = entries.reduce((sum, { frame }) => sum + frame.length, 0);
  return entries.length <= MAX_ENTRIES_PER_COMMIT && frameBytes <= MAX_COMMIT_BYTES;
}
