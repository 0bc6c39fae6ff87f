import { SNAPSHOT_AGE_MS, type StoredSnapshot } from '../ports/snapshots.js';

/** What newcomers start from; the second is there in case the first is disputed. */
const NEWEST_KEPT = 2;

/**
 * Which of a budget's snapshots stay: the newest two, the one that the floor rests on, the
 * newest that the floor could be raised to, and the one that will be the next to be so old.
 */
export function chooseKept(
  snapshots: readonly StoredSnapshot[],
  base: string,
  nowMs: number,
): ReadonlySet<string> {
  const newestFirst = [...snapshots].sort((a, b) => b.seq - a.seq);
  const isAged = ({ at }: StoredSnapshot): boolean => nowMs - at >= SNAPSHOT_AGE_MS;
  const aged = newestFirst.find(isAged);
  const next = newestFirst.filter((snapshot) => !isAged(snapshot)).at(-1);
  const kept = [...newestFirst.slice(0, NEWEST_KEPT), aged, next].flatMap((each) =>
    each ? [each.id] : [],
  );
  return new Set([...kept, base]);
}
