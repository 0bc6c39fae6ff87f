import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import type { Item } from '../codec/cbor.js';
import { isName } from '../codec/value.js';
import { isDeviceId } from '../model/ids.js';
import { MAX_DEVICE_NAME_LENGTH, MAX_UID_LENGTH, type PublicKeys } from '../model/membership.js';
import type { Device, Member, OpenInvite, People } from '../model/people.js';
import { ROLES } from '../model/roles.js';

const KEY_BYTES = 32;
const ID_BYTES = 16;

/** Members, invites and devices, each in the order of their ids. */
export const peopleItems = ({ members, invites, devices }: People): Item[] => [
  sorted(members).map(([uid, { role, keys, identityVersion, sinceEpoch }]): Item => [
    uid,
    ROLES.indexOf(role),
    keys.sign,
    keys.box,
    identityVersion,
    sinceEpoch,
  ]),
  sorted(invites).map(([id, { role, by, expiresAt, keys }]): Item => [
    hexToBytes(id),
    ROLES.indexOf(role),
    by,
    expiresAt,
    keys.sign,
    keys.box,
  ]),
  sorted(devices).map(([id, { author, name, revoked }]): Item => [
    hexToBytes(id),
    author,
    name ?? null,
    revoked === true,
  ]),
];

/** The people that {@link peopleItems} were made of, or undefined. */
export function readPeople(
  members: Item | undefined,
  invites: Item | undefined,
  devices: Item | undefined,
): People | undefined {
  const read = {
    members: readMap(members, readMember),
    invites: readMap(invites, readInvite),
    devices: readMap(devices, readDevice),
  };
  return read.members && read.invites && read.devices
    ? { members: read.members, invites: read.invites, devices: read.devices }
    : undefined;
}

/** The items as a map, or undefined where one is bad or they are out of order. */
function readMap<K extends string, V>(
  item: Item | undefined,
  read: (parts: readonly Item[]) => readonly [K, V] | undefined,
): Map<K, V> | undefined {
  if (!isArray(item)) return undefined;
  const map = new Map<K, V>();
  let before = '';
  for (const parts of item) {
    const entry = isArray(parts) ? read(parts) : undefined;
    if (!entry || entry[0] <= before) return undefined;
    map.set(...entry);
    [before] = entry;
  }
  return map;
}

function readMember(parts: readonly Item[]): readonly [string, Member] | undefined {
  const [uid, code, sign, box, identityVersion, sinceEpoch] = parts;
  const role = ROLES[isCount(code) ? code : -1];
  const keys = readKeys(sign, box);
  if (parts.length !== 6 || !isUid(uid) || !role || !keys) return undefined;
  if (!isCount(identityVersion) || !isCount(sinceEpoch)) return undefined;
  return [uid, { role, keys, identityVersion, sinceEpoch }];
}

function readInvite(parts: readonly Item[]): readonly [string, OpenInvite] | undefined {
  const [id, code, by, expiresAt, sign, box] = parts;
  const role = ROLES[isCount(code) ? code : -1];
  const keys = readKeys(sign, box);
  if (parts.length !== 6 || !isBytes(id, ID_BYTES) || !isUid(by) || !role || !keys) {
    return undefined;
  }
  return isCount(expiresAt) ? [bytesToHex(id), { role, by, expiresAt, keys }] : undefined;
}

function readDevice(parts: readonly Item[]) {
  const [id, author, name, revoked] = parts;
  const device = isBytes(id, ID_BYTES) ? bytesToHex(id) : '';
  if (parts.length !== 4 || !isDeviceId(device) || !isUid(author)) return undefined;
  if (typeof revoked !== 'boolean') return undefined;
  if (name !== null && !isName(name, MAX_DEVICE_NAME_LENGTH)) return undefined;
  const read: Device = {
    author,
    ...(name === null ? {} : { name }),
    ...(revoked ? { revoked } : {}),
  };
  return [device, read] as const;
}

const readKeys = (sign: Item | undefined, box: Item | undefined): PublicKeys | undefined =>
  isBytes(sign, KEY_BYTES) && isBytes(box, KEY_BYTES) ? { sign, box } : undefined;

export const isArray = (item: Item | undefined): item is readonly Item[] => Array.isArray(item);
export const isCount = (item: Item | undefined): item is number =>
  typeof item === 'number' && Number.isSafeInteger(item) && item >= 0;
export const isBytes = (item: Item | undefined, length: number): item is Uint8Array =>
  item instanceof Uint8Array && item.length === length;
export const isUid = (item: Item | undefined): item is string => isName(item, MAX_UID_LENGTH);

const sorted = <V>(map: ReadonlyMap<string, V>): [string, V][] =>
  [...map].sort(([a], [b]) => (a < b ? -1 : 1));
