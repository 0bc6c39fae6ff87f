import libsodium from 'libsodium-wrappers';

type Sodium = typeof libsodium;

let loaded: Sodium | undefined;

/** Compiles libsodium once; everything else in this folder needs it to have resolved. */
export async function loadSodium(): Promise<void> {
  await libsodium.ready;
  loaded = libsodium;
}

/** libsodium, or a thrown bug if nobody awaited {@link loadSodium}. */
export function sodium(): Sodium {
  if (loaded === undefined) throw new Error('libsodium is used before loadSodium() resolved.');
  return loaded;
}

/** Where nonces and keys come from; the `Random` port is one. */
export interface RandomBytes {
  bytes(length: number): Uint8Array;
}
