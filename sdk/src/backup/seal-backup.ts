import { deflateSync, inflateSync } from 'fflate';
import { openBytes, sealBytes } from '../crypto/aead.js';
import { checkPassphrase, type WeakPassphraseError } from '../crypto/passphrase-strength.js';
import {
  ARGON2ID_FLOOR,
  deriveKeyArgon2id,
  type Argon2idParameters,
  type KdfFailedError,
  type WeakParametersError,
} from '../crypto/passphrase.js';
import { sodium, type RandomBytes } from '../crypto/sodium.js';
import type { BudgetId } from '../model/ids.js';
import { err, ok, type Result } from '../result.js';
import { decodeContent, encodeContent, type BackupContent } from './backup-content.js';
import {
  damaged,
  encodeBound,
  encodeFile,
  MAX_CONTENT_BYTES,
  parseFile,
  SALT_BYTES,
  type BackupFile,
  type BackupFileError,
  type BackupHeader,
} from './backup-file.js';

const KDF_CONTEXT = 'sealback';
const SEAL_KEY_ID = 1;
const COMMITMENT_KEY_ID = 2;
const TAG_BYTES = 16;

export interface SealBackupInput {
  readonly budgetId: BudgetId;
  readonly createdAt: number;
  readonly content: BackupContent;
  readonly passphrase: string;
  readonly random: RandomBytes;
}

export interface OpenedBackup {
  readonly header: BackupHeader;
  readonly content: BackupContent;
}

interface TooLarge {
  readonly kind: 'too_large';
  readonly message: string;
}

interface WrongPassphrase {
  readonly kind: 'wrong_passphrase';
  readonly message: string;
}

export type SealBackupError = WeakPassphraseError | KdfFailedError | TooLarge;
export type OpenBackupError = BackupFileError | WrongPassphrase | KdfFailedError;

interface Keys {
  readonly seal: Uint8Array;
  readonly commitment: Uint8Array;
}

/** The content, deflated and sealed under the passphrase. One that is too weak is refused. */
export async function sealBackup(
  input: SealBackupInput,
): Promise<Result<Uint8Array, SealBackupError>> {
  const { budgetId, createdAt, passphrase, random } = input;
  const strength = await checkPassphrase(passphrase);
  if (!strength.ok) return strength;
  const content = encodeContent(input.content);
  if (content.length > MAX_CONTENT_BYTES) {
    return err({ kind: 'too_large', message: 'The budget is too large for one backup file.' });
  }
  const salt = random.bytes(SALT_BYTES);
  const keys = await deriveKeys(passphrase, salt, ARGON2ID_FLOOR);
  if (!keys.ok) {
    if (keys.error.kind === 'kdf_failed') return err(keys.error);
    throw new RangeError('The floor of the parameters is within their bounds.');
  }
  const packed = deflateSync(content, { level: 6 });
  const header: BackupHeader = {
    budgetId,
    createdAt,
    salt,
    argon2id: ARGON2ID_FLOOR,
    contentBytes: content.length,
    ciphertextBytes: packed.length + TAG_BYTES,
  };
  const bound = encodeBound(header);
  const sealed = sealBytes(packed, bound, keys.value.seal, random);
  const commitment = commitTo(bound, keys.value);
  wipe(keys.value);
  return ok(encodeFile({ header, bound, ...sealed, commitment }));
}

/** What a backup file holds, once every byte of it is known to be as it was made. */
export async function openBackup(
  bytes: Uint8Array,
  passphrase: string,
): Promise<Result<OpenedBackup, OpenBackupError>> {
  const file = parseFile(bytes);
  if (!file.ok) return file;
  const { header } = file.value;
  // Nothing is sealed under an empty one, and the KDF throws at it.
  if (passphrase === '') return wrongPassphrase();
  const keys = await deriveKeys(passphrase, header.salt, header.argon2id);
  if (!keys.ok) {
    if (keys.error.kind === 'kdf_failed') return err(keys.error);
    return damaged('it asks for too little or too much work to be opened');
  }
  const opened = openFile(file.value, keys.value);
  wipe(keys.value);
  if (!opened.ok) return opened;
  const content = decodeContent(opened.value);
  if (content.ok) return ok({ header, content: content.value });
  return content.error.kind === 'upgrade_required'
    ? err({
        kind: 'backup_newer',
        message: 'A newer version of the app made this backup: update the app.',
      })
    : damaged('what is in it is malformed');
}

function openFile(
  file: BackupFile,
  keys: Keys,
): Result<Uint8Array, WrongPassphrase | BackupFileError> {
  if (!sodium().memcmp(file.commitment, commitTo(file.bound, keys))) return wrongPassphrase();
  const packed = openBytes(file, file.bound, keys.seal);
  if (!packed) return damaged('its seal does not open');
  // One byte more than announced, so that what would inflate further shows by filling it.
  const out = new Uint8Array(file.header.contentBytes + 1);
  try {
    const content = inflateSync(packed, { out });
    if (content.length === file.header.contentBytes) return ok(content);
  } catch {
    // Told below.
  }
  return damaged('what is in it cannot be unpacked');
}

async function deriveKeys(
  passphrase: string,
  salt: Uint8Array,
  parameters: Argon2idParameters,
): Promise<Result<Keys, WeakParametersError | KdfFailedError>> {
  const stretched = await deriveKeyArgon2id(passphrase, salt, parameters);
  if (!stretched.ok) return stretched;
  const derive = (id: number): Uint8Array =>
    sodium().crypto_kdf_derive_from_key(32, id, KDF_CONTEXT, stretched.value);
  const keys = { seal: derive(SEAL_KEY_ID), commitment: derive(COMMITMENT_KEY_ID) };
  stretched.value.fill(0);
  return ok(keys);
}

const commitTo = (bound: Uint8Array, keys: Keys): Uint8Array =>
  sodium().crypto_generichash(32, bound, keys.commitment);

function wipe({ seal, commitment }: Keys): void {
  seal.fill(0);
  commitment.fill(0);
}

function wrongPassphrase(): Result<never, WrongPassphrase> {
  const message = 'This passphrase does not open the backup: check it and try again.';
  return err({ kind: 'wrong_passphrase', message });
}
