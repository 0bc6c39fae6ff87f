import { bytesToHex } from '@noble/hashes/utils.js';
import type { Edit, Value } from '../model/edit.js';
import type { Replica } from '../sync/replica.js';
import type { BackedUpRecords, BackupContent } from './backup-content.js';

/** Every record that is there, by collection, in ascending order: confirmed edits and pending ones. */
export function readCollections(replica: Replica): ReadonlyMap<string, BackedUpRecords> {
  const names = new Set([
    ...replica.confirmed.state.collections.keys(),
    ...replica.outbox.pending().flatMap(({ ops }) => ops.map(({ collection }) => collection)),
  ]);
  const read = [...names].sort().map((name) => [name, replica.list(name)] as const);
  return new Map(read.filter(([, records]) => records.length > 0));
}

export function readContent(replica: Replica, rejected: readonly Edit[]): BackupContent {
  const { members } = replica.confirmed.position;
  return {
    collections: readCollections(replica),
    pending: replica.outbox.pending(),
    rejected,
    members: new Map([...members].map(([uid, { role }]) => [uid, role])),
  };
}

/** The records as JSON; bytes become `{"$hex": "..."}`. */
export function writeJson(
  budgetId: string,
  createdAt: number,
  collections: ReadonlyMap<string, BackedUpRecords>,
): string {
  const named = [...collections].map(
    ([name, records]) => [name, Object.fromEntries(records)] as const,
  );
  const content: unknown = {
    format: 'sealsync json',
    version: 1,
    budgetId,
    createdAt: new Date(createdAt).toISOString(),
    collections: Object.fromEntries(named),
  };
  return JSON.stringify(
    content,
    (_key, value: Value) => (value instanceof Uint8Array ? { $hex: bytesToHex(value) } : value),
    2,
  );
}
