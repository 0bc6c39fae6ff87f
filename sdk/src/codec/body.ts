import type { EntryBody } from '../model/body.js';
import type { Edit } from '../model/edit.js';
import type { DeviceId } from '../model/ids.js';
import type { Statement } from '../model/membership.js';
import { type Result, ok } from '../result.js';
import { type Item, decodeCanonical, encodeCanonical, isOtherVersion } from './cbor.js';
import { type DecodeError, malformed, upgradeRequired } from './decode-error.js';
import { ABSOLUTE, type EditOrigin, editToItem, itemToEdit, originAfter } from './edit.js';
import { itemToStatement, statementToItem } from './statement.js';

const BODY_VERSION = 1;
const BODY_ITEMS = 3;

/**
 * What is sealed inside an entry, as bytes. All edits are of one device, which the
 * frame's header names, in ascending order of their counters; anything that a reader
 * would refuse is a bug and throws.
 */
export function encodeBody(body: EntryBody): Uint8Array {
  const [first] = body.edits;
  let origin: EditOrigin = ABSOLUTE;
  const edits = body.edits.map((edit) => {
    if (edit.device !== first?.device) throw new TypeError('An entry has edits of one device.');
    const item = editToItem(edit, origin);
    origin = originAfter(edit);
    return item;
  });
  return encodeCanonical([BODY_VERSION, edits, body.statements.map(statementToItem)]);
}

/** Reads what {@link encodeBody} wrote; `device` is the one that the frame's header names. */
export function decodeBody(bytes: Uint8Array, device: DeviceId): Result<EntryBody, DecodeError> {
  if (isOtherVersion(bytes, BODY_VERSION)) return upgradeRequired('a body');
  const item = decodeCanonical(bytes);
  if (!Array.isArray(item)) return malformed('not canonical CBOR of a body');
  const parts: readonly Item[] = item;
  const [version, edits, statements] = parts;
  if (version !== BODY_VERSION) return malformed('no version');
  if (parts.length > BODY_ITEMS) return upgradeRequired('a body');
  if (!Array.isArray(edits) || !Array.isArray(statements)) return malformed('bad body');
  const decodedEdits = itemsToEdits(edits, device);
  if (!decodedEdits.ok) return decodedEdits;
  const decodedStatements = itemsToStatements(statements);
  if (!decodedStatements.ok) return decodedStatements;
  return ok({ edits: decodedEdits.value, statements: decodedStatements.value });
}

function itemsToEdits(
  items: readonly Item[],
  device: DeviceId,
): Result<readonly Edit[], DecodeError> {
  const edits: Edit[] = [];
  let origin: EditOrigin = ABSOLUTE;
  for (const item of items) {
    const edit = itemToEdit(item, device, origin);
    if (!edit.ok) return edit;
    edits.push(edit.value);
    origin = originAfter(edit.value);
  }
  return ok(edits);
}

function itemsToStatements(items: readonly Item[]): Result<readonly Statement[], DecodeError> {
  const statements: Statement[] = [];
  for (const item of items) {
    const statement = itemToStatement(item);
    if (!statement.ok) return statement;
    statements.push(statement.value);
  }
  return ok(statements);
}
