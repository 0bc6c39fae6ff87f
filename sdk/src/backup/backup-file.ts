import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import { equalBytes } from '../bytes.js';
import { decodeCanonical, encodeCanonical, type Item } from '../codec/cbor.js';
import { NONCE_BYTES } from '../crypto/frame.js';
import type { Argon2idParameters } from '../crypto/passphrase.js';
import { isBytes, isCount } from '../crypto/read-array.js';
import { isBudgetId, type BudgetId } from '../model/ids.js';
import { err, ok, type Result } from '../result.js';

/*
 * magic 16 | version u8 | headerLength u32 | header | nonce 24 | commitment 32 | ciphertext
 * | SHA-256 of all that, 32. The header is bound to the seal with everything before it.
 */

const MAGIC: Uint8Array = new TextEncoder().encode('sealsync backup\n');
const VERSION = 1;
const PREFIX_BYTES = 21;
const COMMITMENT_BYTES = 32;
const DIGEST_BYTES = 32;
const HEADER_ITEMS = 8;
export const SALT_BYTES = 16;
const MAX_UINT32 = 0xffff_ffff;
/** Nothing inflates beyond it, whatever a file claims. */
export const MAX_CONTENT_BYTES: number = 256 * 1024 * 1024;

/** What anyone who holds the file can read of it, and nobody can change unnoticed. */
export interface BackupHeader {
  readonly budgetId: BudgetId;
  /** In ms since the Unix epoch, by the clock of the device that made it. */
  readonly createdAt: number;
  readonly salt: Uint8Array;
  readonly argon2id: Argon2idParameters;
  /** Lengths of the content and of its deflated, sealed form. */
  readonly contentBytes: number;
  readonly ciphertextBytes: number;
}

export interface BackupFile {
  readonly header: BackupHeader;
  /** The bytes that the seal binds: everything up to the end of the header. */
  readonly bound: Uint8Array;
  readonly nonce: Uint8Array;
  /** 32 bytes that commit to the key: the seal alone would open under crafted others. */
  readonly commitment: Uint8Array;
  readonly ciphertext: Uint8Array;
}

export interface BackupFileError {
  readonly kind: 'backup_damaged' | 'backup_newer';
  readonly message: string;
}

export function encodeBound(header: BackupHeader): Uint8Array {
  const { budgetId, createdAt, salt, argon2id, contentBytes, ciphertextBytes } = header;
  const { memoryKiB, passes, parallelism } = argon2id;
  const encoded = encodeCanonical([
    hexToBytes(budgetId),
    createdAt,
    salt,
    memoryKiB,
    passes,
    parallelism,
    contentBytes,
    ciphertextBytes,
  ]);
  const prefix = new Uint8Array(PREFIX_BYTES);
  prefix.set(MAGIC);
  prefix[MAGIC.length] = VERSION;
  new DataView(prefix.buffer).setUint32(MAGIC.length + 1, encoded.length);
  return concatBytes(prefix, encoded);
}

export function encodeFile({ bound, nonce, commitment, ciphertext }: BackupFile): Uint8Array {
  const content = concatBytes(bound, nonce, commitment, ciphertext);
  return concatBytes(content, sha256(content));
}

/** Takes a file apart. What is cut off or altered is told before anybody is asked for a passphrase. */
export function parseFile(bytes: Uint8Array): Result<BackupFile, BackupFileError> {
  if (!equalBytes(bytes.subarray(0, MAGIC.length), MAGIC)) return damaged('it is no backup');
  const version = bytes[MAGIC.length];
  if (version === undefined || bytes.length < PREFIX_BYTES + DIGEST_BYTES) {
    return damaged('it is cut off');
  }
  if (version !== VERSION) {
    const message = 'A newer version of the app made this backup: update the app.';
    return err({ kind: 'backup_newer', message });
  }
  const digestAt = bytes.length - DIGEST_BYTES;
  if (!equalBytes(sha256(bytes.subarray(0, digestAt)), bytes.subarray(digestAt))) {
    return damaged('its checksum is wrong, so that a part is missing or altered');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const nonceAt = PREFIX_BYTES + view.getUint32(MAGIC.length + 1);
  const header = readHeader(bytes.subarray(PREFIX_BYTES, nonceAt));
  const commitmentAt = nonceAt + NONCE_BYTES;
  const ciphertextAt = commitmentAt + COMMITMENT_BYTES;
  if (header?.ciphertextBytes !== digestAt - ciphertextAt) {
    return damaged('its header is malformed');
  }
  return ok({
    header,
    bound: bytes.subarray(0, nonceAt),
    nonce: bytes.subarray(nonceAt, commitmentAt),
    commitment: bytes.subarray(commitmentAt, ciphertextAt),
    ciphertext: bytes.subarray(ciphertextAt, digestAt),
  });
}

function readHeader(bytes: Uint8Array): BackupHeader | undefined {
  const decoded = decodeCanonical(bytes);
  const items: readonly Item[] = Array.isArray(decoded) ? decoded : [];
  const [id, createdAt, salt, memoryKiB, passes, parallelism, contentBytes, ciphertextBytes] =
    items;
  if (items.length !== HEADER_ITEMS || !isBytes(id, 16) || !isBytes(salt, SALT_BYTES)) {
    return undefined;
  }
  const budgetId = bytesToHex(id);
  if (
    !isBudgetId(budgetId) ||
    !isCount(createdAt, 0, Number.MAX_SAFE_INTEGER) ||
    !isCount(memoryKiB, 0, MAX_UINT32) ||
    !isCount(passes, 0, MAX_UINT32) ||
    !isCount(parallelism, 0, MAX_UINT32) ||
    !isCount(contentBytes, 0, MAX_CONTENT_BYTES) ||
    !isCount(ciphertextBytes, 0, MAX_UINT32)
  ) {
    return undefined;
  }
  const argon2id = { memoryKiB, passes, parallelism };
  return { budgetId, createdAt, salt, argon2id, contentBytes, ciphertextBytes };
}

export function damaged(why: string): Result<never, BackupFileError> {
  const message = `This backup cannot be used: ${why}. Nothing was changed; take another copy.`;
  return err({ kind: 'backup_damaged', message });
}
