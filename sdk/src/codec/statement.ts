import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { isDeviceId } from '../model/ids.js';
import {
  MAX_DEVICE_NAME_LENGTH,
  MAX_UID_LENGTH,
  type PublicKeys,
  type Statement,
} from '../model/membership.js';
import type { Role } from '../model/roles.js';
import { type Result, ok } from '../result.js';
import type { Item } from './cbor.js';
import { type DecodeError, malformed, upgradeRequired } from './decode-error.js';
import { isName } from './value.js';

const ROLE_CODES: Readonly<Record<Role, number>> = { owner: 0, editor: 1, viewer: 2 };
const ROLES_BY_CODE: readonly Role[] = ['owner', 'editor', 'viewer'];
const HASH_BYTES = 32;
const ID_BYTES = 16;
/** Of what is signed or sealed on its own and travels as it is. */
const MAX_ENCLOSED_BYTES = 1024;

type Read = Result<Statement, DecodeError>;

/** How a statement is read from the items behind its code. */
interface Form {
  readonly items: number;
  read(items: readonly Item[]): Read;
}

/** By their codes. */
const FORMS: readonly Form[] = [
  {
    items: 2,
    read: ([sign, box]) => withKeys(sign, box, (keys) => ({ type: 'genesis', keys })),
  },
  {
    items: 4,
    read: ([uid, role, sign, box]) =>
      withRole(role, (known) =>
        isUid(uid)
          ? withKeys(sign, box, (keys) => ({ type: 'member_added', uid, role: known, keys }))
          : malformed('bad uid'),
      ),
  },
  {
    items: 3,
    read: ([epoch, kid, key]) =>
      isCount(epoch) && epoch >= 1 && isBytes(kid, HASH_BYTES) && isEnclosed(key)
        ? ok({
            type: 'epoch_started',
            previousEpoch: epoch,
            previousKid: kid,
            previousKey: key,
          })
        : malformed('bad start of an epoch'),
  },
  {
    items: 1,
    read: ([uid]) => (isUid(uid) ? ok({ type: 'member_removed', uid }) : malformed('bad uid')),
  },
  {
    items: 2,
    read: ([uid, role]) =>
      withRole(role, (known) =>
        isUid(uid) ? ok({ type: 'role_changed', uid, role: known }) : malformed('bad uid'),
      ),
  },
  {
    items: 2,
    read: ([uid, notice]) =>
      isUid(uid) && isEnclosed(notice)
        ? ok({ type: 'member_left', uid, notice })
        : malformed('bad notice of leaving'),
  },
  {
    items: 5,
    read: ([id, role, expiresAt, sign, box]) =>
      withRole(role, (known) =>
        isBytes(id, ID_BYTES) && isCount(expiresAt)
          ? withKeys(sign, box, (keys) => {
              const inviteId = bytesToHex(id);
              return { type: 'invite_created', inviteId, role: known, expiresAt, keys };
            })
          : malformed('bad invite'),
      ),
  },
  {
    items: 1,
    read: ([id]) =>
      isBytes(id, ID_BYTES)
        ? ok({ type: 'invite_revoked', inviteId: bytesToHex(id) })
        : malformed('bad invite id'),
  },
  {
    items: 2,
    read: ([id, acceptance]) =>
      isBytes(id, ID_BYTES) && isEnclosed(acceptance)
        ? ok({ type: 'joined', inviteId: bytesToHex(id), acceptance })
        : malformed('bad acceptance'),
  },
  {
    items: 1,
    read: ([rotation]) =>
      isEnclosed(rotation)
        ? ok({ type: 'identity_rotated', rotation })
        : malformed('bad rotation of an identity'),
  },
  {
    items: 1,
    read: ([name]) =>
      isName(name, MAX_DEVICE_NAME_LENGTH)
        ? ok({ type: 'device_named', name })
        : malformed('bad name of a device'),
  },
  {
    items: 1,
    read: ([id]) => {
      const device = isBytes(id, ID_BYTES) ? bytesToHex(id) : '';
      return isDeviceId(device) ? ok({ type: 'device_revoked', device }) : malformed('bad device');
    },
  },
  {
    items: 1,
    read: ([digest]) =>
      isBytes(digest, HASH_BYTES)
        ? ok({ type: 'state_digest', digest })
        : malformed('bad digest of the state'),
  },
  {
    items: 1,
    read: ([seq]) =>
      isCount(seq) && seq >= 1
        ? ok({ type: 'digest_disputed', seq })
        : malformed('bad position of a digest'),
  },
];

/** Throws if readers would refuse the statement. */
export function statementToItem(statement: Statement): Item {
  const item = toItem(statement);
  const read = itemToStatement(item);
  if (!read.ok) throw new TypeError(`This statement cannot be encoded: ${read.error.message}`);
  return item;
}

export function itemToStatement(item: Item): Read {
  if (!Array.isArray(item)) return malformed('a statement is not an array');
  const parts: readonly Item[] = item;
  const [code, ...items] = parts;
  if (typeof code !== 'number' || !Number.isSafeInteger(code)) return malformed('bad statement');
  const form = FORMS[code];
  if (form === undefined || items.length > form.items) return upgradeRequired('a statement');
  return items.length < form.items ? malformed('a statement is too short') : form.read(items);
}

function toItem(statement: Statement): Item {
  switch (statement.type) {
    case 'genesis':
      return [0, statement.keys.sign, statement.keys.box];
    case 'member_added': {
      const { uid, role, keys } = statement;
      return [1, uid, ROLE_CODES[role], keys.sign, keys.box];
    }
    case 'epoch_started':
      return [2, statement.previousEpoch, statement.previousKid, statement.previousKey];
    case 'member_removed':
      return [3, statement.uid];
    case 'role_changed':
      return [4, statement.uid, ROLE_CODES[statement.role]];
    case 'member_left':
      return [5, statement.uid, statement.notice];
    case 'invite_created': {
      const { inviteId, role, expiresAt, keys } = statement;
      return [6, hexToBytes(inviteId), ROLE_CODES[role], expiresAt, keys.sign, keys.box];
    }
    case 'invite_revoked':
      return [7, hexToBytes(statement.inviteId)];
    case 'joined':
      return [8, hexToBytes(statement.inviteId), statement.acceptance];
    case 'identity_rotated':
      return [9, statement.rotation];
    case 'device_named':
      return [10, statement.name];
    case 'device_revoked':
      return [11, hexToBytes(statement.device)];
    case 'state_digest':
      return [12, statement.digest];
    case 'digest_disputed':
      return [13, statement.seq];
  }
}

function withRole(code: Item | undefined, read: (role: Role) => Read): Read {
  if (!isCount(code)) return malformed('bad role');
  const role = ROLES_BY_CODE[code];
  return role === undefined ? upgradeRequired('a role') : read(role);
}

function withKeys(
  sign: Item | undefined,
  box: Item | undefined,
  make: (keys: PublicKeys) => Statement,
): Read {
  return isBytes(sign, HASH_BYTES) && isBytes(box, HASH_BYTES)
    ? ok(make({ sign, box }))
    : malformed('bad public keys');
}

const isUid = (item: Item | undefined): item is string => isName(item, MAX_UID_LENGTH);
const isCount = (item: Item | undefined): item is number =>
  typeof item === 'number' && Number.isSafeInteger(item) && item >= 0;
const isBytes = (item: Item | undefined, length: number): item is Uint8Array =>
  item instanceof Uint8Array && item.length === length;
const isEnclosed = (item: Item | undefined): item is Uint8Array =>
  item instanceof Uint8Array && item.length >= 1 && item.length <= MAX_ENCLOSED_BYTES;
