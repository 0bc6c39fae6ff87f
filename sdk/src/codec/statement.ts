import type { PublicKeys, Statement } from '../model/membership.js';
import type { Role } from '../model/roles.js';
import { type Result, ok } from '../result.js';
import type { Item } from './cbor.js';
import { type DecodeError, malformed, upgradeRequired } from './decode-error.js';
import { isName } from './value.js';

const GENESIS = 0;
const MEMBER_ADDED = 1;
/** How many items a statement of each code has. */
const ARITIES: readonly number[] = [3, 5];

const ROLE_CODES: Readonly<Record<Role, number>> = { owner: 0, editor: 1, viewer: 2 };
const ROLES_BY_CODE: readonly Role[] = ['owner', 'editor', 'viewer'];

const PUBLIC_KEY_BYTES = 32;
const MAX_UID_LENGTH = 128;

/** Throws if readers would refuse the statement. */
export function statementToItem(statement: Statement): Item {
  const { sign, box } = statement.keys;
  const item: Item =
    statement.type === 'genesis'
      ? [GENESIS, sign, box]
      : [MEMBER_ADDED, statement.uid, ROLE_CODES[statement.role], sign, box];
  const read = itemToStatement(item);
  if (!read.ok) throw new TypeError(`This statement cannot be encoded: ${read.error.message}`);
  return item;
}

export function itemToStatement(item: Item): Result<Statement, DecodeError> {
  if (!Array.isArray(item)) return malformed('a statement is not an array');
  const parts: readonly Item[] = item;
  const [code] = parts;
  if (typeof code !== 'number' || !Number.isSafeInteger(code)) return malformed('bad statement');
  const arity = ARITIES[code];
  if (arity === undefined || parts.length > arity) return upgradeRequired('a statement');
  if (parts.length < arity) return malformed('a statement is too short');
  const keys = readKeys(parts[arity - 2], parts[arity - 1]);
  if (keys === undefined) return malformed('bad public keys');
  if (code === GENESIS) return ok({ type: 'genesis', keys });
  const [, uid, roleCode] = parts;
  if (!isName(uid, MAX_UID_LENGTH)) return malformed('bad uid');
  if (typeof roleCode !== 'number' || !Number.isSafeInteger(roleCode)) return malformed('bad role');
  const role = ROLES_BY_CODE[roleCode];
  return role === undefined
    ? upgradeRequired('a role')
    : ok({ type: 'member_added', uid, role, keys });
}

function readKeys(sign: Item | undefined, box: Item | undefined): PublicKeys | undefined {
  return isPublicKey(sign) && isPublicKey(box) ? { sign, box } : undefined;
}

const isPublicKey = (value: unknown): value is Uint8Array =>
  value instanceof Uint8Array && value.length === PUBLIC_KEY_BYTES;
