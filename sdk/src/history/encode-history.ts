import { hexToBytes } from '@noble/hashes/utils.js';
import { encodeCanonical } from '../codec/cbor.js';
import type { BudgetId } from '../model/ids.js';
import type { Members } from '../model/people.js';
import type { StoredEntry } from '../ports/remote-log.js';

const HISTORY_VERSION = 1;

export interface ExportedHistory {
  readonly budgetId: BudgetId;
  /** Oldest first, without gaps. */
  readonly entries: readonly StoredEntry[];
  readonly members: Members;
  readonly attestedThrough: number;
}

/** The container of docs/protocol.md, "Exported history": the frames as they are, signatures included. */
export function encodeHistory(history: ExportedHistory): Uint8Array {
  const { budgetId, entries, members, attestedThrough } = history;
  return encodeCanonical([
    'sealsync history',
    HISTORY_VERSION,
    hexToBytes(budgetId),
    entries.map(({ frame }) => frame),
    entries.map(({ at }) => at),
    [...members].map(([uid, { keys }]) => [uid, keys.sign, keys.box]),
    attestedThrough,
  ]);
}
