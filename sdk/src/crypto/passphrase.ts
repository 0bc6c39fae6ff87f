import { type Result, err, ok } from '../result.js';
import { EPOCH_KEY_BYTES } from './epoch-key.js';

export interface Argon2idParameters {
  readonly memoryKiB: number;
  readonly passes: number;
  readonly parallelism: number;
}

/** The least that is accepted, and what is used: 64 MiB, 3 passes. */
export const ARGON2ID_FLOOR: Argon2idParameters = {
  memoryKiB: 64 * 1024,
  passes: 3,
  parallelism: 1,
};

/** The most that is run: a slot that asks for more would freeze the device that opens it. */
const ARGON2ID_CEILING: Argon2idParameters = {
  memoryKiB: 1024 * 1024,
  passes: 20,
  parallelism: 16,
};

export interface WeakParametersError {
  readonly kind: 'weak_parameters';
  readonly message: string;
}

/** This device could not run Argon2id: too little memory, or no WebAssembly. */
export interface KdfFailedError {
  readonly kind: 'kdf_failed';
  readonly message: string;
}

/**
 * 32 bytes from a passphrase by Argon2id (RFC 9106) over its NFKC form in UTF-8, so that
 * the same words typed on another keyboard give the same key. `salt` is 16 bytes or more.
 * `weak_parameters`, decided before running, also for such as no device could bear;
 * `kdf_failed` where there is too little memory or no WebAssembly, or hash-wasm does not load.
 */
export async function deriveKeyArgon2id(
  passphrase: string,
  salt: Uint8Array,
  parameters: Argon2idParameters,
): Promise<Result<Uint8Array, WeakParametersError | KdfFailedError>> {
  if (!isWithinBounds(parameters)) {
    return err({
      kind: 'weak_parameters',
      message: 'Argon2id needs 64 MiB to 1 GiB, 3 to 20 passes and 1 to 16 lanes.',
    });
  }
  const password = new TextEncoder().encode(passphrase.normalize('NFKC'));
  try {
    // Only those who use a passphrase load it.
    const { argon2id } = await import('hash-wasm');
    const key = await argon2id({
      password,
      salt,
      memorySize: parameters.memoryKiB,
      iterations: parameters.passes,
      parallelism: parameters.parallelism,
      hashLength: EPOCH_KEY_BYTES,
      outputType: 'binary',
    });
    return ok(key);
  } catch {
    return err({ kind: 'kdf_failed', message: describeFailure(parameters) });
  } finally {
    password.fill(0);
  }
}

function describeFailure({ memoryKiB }: Argon2idParameters): string {
  const memory = `${String(Math.ceil(memoryKiB / 1024))} MiB`;
  return `This device could not run Argon2id, which takes ${memory} of memory and WebAssembly: close other tabs or apps, start this one anew and try again. A page's Content-Security-Policy has to allow 'wasm-unsafe-eval'.`;
}

function isWithinBounds(parameters: Argon2idParameters): boolean {
  return (['memoryKiB', 'passes', 'parallelism'] as const).every((name) => {
    const value = parameters[name];
    return (
      Number.isInteger(value) && value >= ARGON2ID_FLOOR[name] && value <= ARGON2ID_CEILING[name]
    );
  });
}
