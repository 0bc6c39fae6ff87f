/** Randomness, so that simulations can be replayed from a seed. */
export interface Random {
  /** `length` bytes; in production from a cryptographically secure source. */
  bytes(length: number): Uint8Array;
  /** A number in [0, 1), for jitter. */
  fraction(): number;
}
