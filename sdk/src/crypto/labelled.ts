import { type Item, encodeCanonical } from '../codec/cbor.js';

/*
 * Whatever is signed, hashed or bound to a seal starts with its purpose, so that none can be
 * passed off as another. A label is ASCII and CBOR's arrays are not, so no two run together;
 * frames start with capitals.
 */

type Purpose =
  | 'keyslot'
  | 'wrap'
  | 'wrap key'
  | 'previous key'
  | 'acceptance'
  | 'fingerprint'
  | 'identity rotation'
  | 'notice'
  | 'pin'
  | 'pin key'
  | 'snapshot chunk'
  | 'store owner'
  | 'store header'
  | 'store header key'
  | 'store value';

/** `sealsync.v1`, the purpose, and the one encoding of `content`. */
export function encodeLabelled(purpose: Purpose, content: readonly Item[]): Uint8Array {
  const label = new TextEncoder().encode(`sealsync.v1 ${purpose}`);
  const encoded = encodeCanonical([...content]);
  const bytes = new Uint8Array(label.length + encoded.length);
  bytes.set(label);
  bytes.set(encoded, label.length);
  return bytes;
}
