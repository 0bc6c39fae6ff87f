import type { RecordIssue } from '../errors.js';
import { Listeners } from '../listeners.js';
import type { RecordKey } from '../model/budget-state.js';
import type { Fields } from '../model/edit.js';
import type { Replica } from '../sync/replica.js';
import type { SchemaChecks } from './schemas.js';

/** A record that does not fit its collection's schema: others wrote it, or a merge made it. */
export interface InvalidRecord {
  readonly id: string;
  /** All of its fields, as they are. */
  readonly record: Fields;
  readonly issues: readonly RecordIssue[];
}

export interface InvalidRecordEvent extends InvalidRecord {
  readonly collection: string;
}

/** In ascending order of ids. */
export function listInvalid(
  collection: string,
  replica: Replica,
  checks: SchemaChecks,
): readonly InvalidRecord[] {
  if (!checks.has(collection)) return [];
  return replica.list(collection).flatMap(([id, record]) => {
    const issues = checks.issuesOf(collection, record);
    return issues.length > 0 ? [{ id, record, issues }] : [];
  });
}

/** Tells of every record that is invalid now, and of every one that becomes so or is when it changes. */
export function watchInvalid(
  hear: (event: InvalidRecordEvent) => void,
  replica: Replica,
  checks: SchemaChecks,
  onFailure: (error: unknown) => void,
): () => void {
  const listeners = new Listeners<InvalidRecordEvent>(onFailure);
  listeners.add(hear);
  const tellOf = ({ collection, id }: RecordKey): void => {
    const record = checks.has(collection) ? replica.get({ collection, id }) : undefined;
    const issues = record ? checks.issuesOf(collection, record) : [];
    if (record && issues.length > 0) listeners.tell({ collection, id, record, issues });
  };
  queueMicrotask(() => {
    for (const collection of checks.names) {
      for (const { id } of listInvalid(collection, replica, checks)) tellOf({ collection, id });
    }
  });
  const stop = replica.changes.add(({ keys }) => {
    for (const key of keys) tellOf(key);
  });
  return () => {
    stop();
    listeners.clear();
  };
}
