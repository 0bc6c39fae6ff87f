import { decodeCanonical, encodeCanonical, isOtherVersion, type Item } from '../codec/cbor.js';
import { malformed, upgradeRequired, type DecodeError } from '../codec/decode-error.js';
import { decodeEdit, encodeEdit } from '../codec/edit.js';
import { isFields, isName } from '../codec/value.js';
import {
  MAX_COLLECTION_NAME_LENGTH,
  MAX_RECORD_ID_LENGTH,
  type Edit,
  type Fields,
} from '../model/edit.js';
import { ok, type Result } from '../result.js';

const CONTENT_VERSION = 1;
const CONTENT_ITEMS = 5;
const WHAT = 'a backup';

/** The records of one collection, in ascending order of ids. */
export type BackedUpRecords = readonly (readonly [id: string, fields: Fields])[];

/** What a backup holds. */
export interface BackupContent {
  /** By name, in ascending order; records as they were read, pending edits included. */
  readonly collections: ReadonlyMap<string, BackedUpRecords>;
  /** Edits that the log did not hold yet, and those that it had refused. */
  readonly pending: readonly Edit[];
  readonly rejected: readonly Edit[];
  /** Uids and roles of the members, for people to read: a backup lets nobody in. */
  readonly members: ReadonlyMap<string, string>;
}

export function encodeContent(content: BackupContent): Uint8Array {
  const { collections, pending, rejected, members } = content;
  return encodeCanonical([
    CONTENT_VERSION,
    [...collections].map(([name, records]) => [name, records.map(([id, fields]) => [id, fields])]),
    pending.map(encodeEdit),
    rejected.map(encodeEdit),
    [...members].map(([uid, role]) => [uid, role]),
  ]);
}

export function decodeContent(bytes: Uint8Array): Result<BackupContent, DecodeError> {
  if (isOtherVersion(bytes, CONTENT_VERSION)) return upgradeRequired(WHAT);
  const items = asList(decodeCanonical(bytes));
  if (items?.[0] !== CONTENT_VERSION || items.length < CONTENT_ITEMS) {
    return malformed(WHAT);
  }
  if (items.length > CONTENT_ITEMS) return upgradeRequired(WHAT);
  const [, listed, pendingItems, rejectedItems, memberItems] = items;
  const collections = toMap(listed, isCollectionName, toRecords);
  const pending = toList(pendingItems, toEdit);
  const rejected = toList(rejectedItems, toEdit);
  const members = toMap(memberItems, isAnyName, toRole);
  return collections && pending && rejected && members
    ? ok({ collections, pending, rejected, members })
    : malformed(WHAT);
}

const isCollectionName = (item: Item | undefined): item is string =>
  isName(item, MAX_COLLECTION_NAME_LENGTH);
const isAnyName = (item: Item | undefined): item is string => isName(item, 128);

const toRole = (item: Item | undefined): string | undefined => (isAnyName(item) ? item : undefined);

function toEdit(item: Item | undefined): Edit | undefined {
  const edit = item instanceof Uint8Array ? decodeEdit(item) : undefined;
  return edit?.ok ? edit.value : undefined;
}

function toRecords(item: Item | undefined): BackedUpRecords | undefined {
  return toList(item, (pair) => {
    const [id, fields] = asList(pair) ?? [];
    return isName(id, MAX_RECORD_ID_LENGTH) && isFields(fields)
      ? ([id, fields] as const)
      : undefined;
  });
}

function toMap<T>(
  item: Item | undefined,
  isKey: (key: Item | undefined) => key is string,
  read: (value: Item | undefined) => T | undefined,
): ReadonlyMap<string, T> | undefined {
  const pairs = toList(item, (pair) => {
    const [key, value] = asList(pair) ?? [];
    const found = read(value);
    return isKey(key) && found !== undefined ? ([key, found] as const) : undefined;
  });
  return pairs && new Map(pairs);
}

function toList<T>(
  item: Item | undefined,
  read: (item: Item) => T | undefined,
): readonly T[] | undefined {
  const items = asList(item);
  const found = items?.flatMap((each) => {
    const value = read(each);
    return value === undefined ? [] : [value];
  });
  return found?.length === items?.length ? found : undefined;
}

function asList(item: Item | undefined): readonly Item[] | undefined {
  if (!Array.isArray(item)) return undefined;
  const items: readonly Item[] = item;
  return items;
}
