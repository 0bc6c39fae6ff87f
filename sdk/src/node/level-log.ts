/*
 * LevelDB's log: blocks of 32 KiB of records `checksum u32 | length u16 | type u8 | data`, numbers
 * little-endian, the checksum being CRC-32C of type and data, masked. See doc/log_format.md of
 * LevelDB.
 */

const BLOCK_BYTES = 32_768;
const HEADER_BYTES = 7;
/** CRC-32C, RFC 3720 appendix B.4, reflected. */
const POLYNOMIAL = 0x82f63b78;

/** Whether all records are as they were written; one that was cut off at the end counts as none. */
export function isLogWhole(log: Uint8Array): boolean {
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
  let at = 0;
  while (at + HEADER_BYTES <= log.length) {
    const blockEnd = (Math.floor(at / BLOCK_BYTES) + 1) * BLOCK_BYTES;
    // The rest of a block that no header fits into is left empty.
    if (at + HEADER_BYTES > blockEnd) {
      at = blockEnd;
      continue;
    }
    const length = view.getUint16(at + 4, true);
    // Room that the file system had set aside when the machine lost its power.
    if (length === 0 && view.getUint32(at) === 0 && log[at + 6] === 0) {
      at = blockEnd;
      continue;
    }
    const end = at + HEADER_BYTES + length;
    if (end > log.length && blockEnd >= log.length) return true;
    if (end > blockEnd) return false;
    if (unmask(view.getUint32(at, true)) !== crc32c(log.subarray(at + 6, end))) return false;
    at = end;
  }
  return true;
}

function unmask(masked: number): number {
  const rotated = (masked - 0xa282ead8) >>> 0;
  return ((rotated >>> 17) | (rotated << 15)) >>> 0;
}

const TABLE: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) {
    value = (value & 1) === 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
  }
  return value;
});

function crc32c(bytes: Uint8Array): number {
  let sum = 0xffff_ffff;
  for (const byte of bytes) sum = (TABLE[(sum ^ byte) & 0xff] ?? 0) ^ (sum >>> 8);
  return (sum ^ 0xffff_ffff) >>> 0;
}
