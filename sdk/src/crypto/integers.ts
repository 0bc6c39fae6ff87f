/*
 * 64-bit integers that JavaScript holds exactly: big-endian, at most 2^53 - 1. Two
 * 32-bit halves are several times faster than BigInt.
 */

const TWO_TO_32 = 0x1_0000_0000;

export function writeUint64(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, Math.floor(value / TWO_TO_32));
  view.setUint32(offset + 4, value % TWO_TO_32);
}

/** The integer at `offset`; not a safe integer if it is above 2^53 - 1. */
export function readUint64(view: DataView, offset: number): number {
  return view.getUint32(offset) * TWO_TO_32 + view.getUint32(offset + 4);
}
