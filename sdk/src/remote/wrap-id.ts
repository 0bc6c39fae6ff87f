import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';

const WRAP_ID = /^([0-9a-f]{64})_(.+)$/s;

/** The character behind the `_` of an id, in the order of ids. */
export const AFTER_WRAP_SEPARATOR = '`';

/** The id of the document that holds the key `kid` (32 bytes) for `recipient`. */
export const wrapIdOf = (kid: Uint8Array, recipient: string): string =>
  `${bytesToHex(kid)}_${recipient}`;

/** `undefined` where `id` is not that of a wrap. */
export function parseWrapId(id: string): { kid: Uint8Array; recipient: string } | undefined {
  const [, kid, recipient] = WRAP_ID.exec(id) ?? [];
  if (kid === undefined || recipient === undefined) return undefined;
  return { kid: hexToBytes(kid), recipient };
}
