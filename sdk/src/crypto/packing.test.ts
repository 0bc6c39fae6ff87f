import fc from 'fast-check';
import { deflateSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { MAX_BODY_BYTES, packBody, unpackBody } from './packing.js';
import { paddedLength } from './padme.js';

/** Packs `data` as it stands, whatever it claims. */
function packRaw(flag: number, rawLength: number, data: Uint8Array): Uint8Array {
  const packed = new Uint8Array(paddedLength(9 + data.length));
  const view = new DataView(packed.buffer);
  packed[0] = flag;
  view.setUint32(1, rawLength);
  view.setUint32(5, data.length);
  packed.set(data, 9);
  return packed;
}

const kindOf = (packed: Uint8Array): string => {
  const result = unpackBody(packed);
  return result.ok ? 'ok' : result.error.kind;
};

describe('packing', () => {
  it('gives back every body, compressible or not', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 3000 }),
        fc.integer({ min: 1, max: 40 }),
        (part, times) => {
          const body = new Uint8Array(part.length * times);
          for (let at = 0; at < times; at += 1) body.set(part, at * part.length);
          const packed = packBody(body);
          expect(packed.length).toBe(paddedLength(packed.length));
          expect(unpackBody(packed)).toEqual({ ok: true, value: body });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('spends no more bytes on a body than padding its stored form would', () => {
    const noise = Uint8Array.from({ length: 5000 }, (_, at) => (at * at * 31 + (at >> 3)) & 0xff);
    expect(packBody(noise).length).toBeLessThanOrEqual(paddedLength(9 + noise.length));
    expect(packBody(new Uint8Array(5000)).length).toBe(256);
  });

  it('refuses a body above its limit when sealing, rather than seal what nobody opens', () => {
    expect(() => packBody(new Uint8Array(MAX_BODY_BYTES + 1))).toThrow(RangeError);
    expect(unpackBody(packBody(new Uint8Array(MAX_BODY_BYTES))).ok).toBe(true);
  });
});

describe('unpacking what someone else packed', () => {
  const body = new Uint8Array(300).fill(7);
  const deflated = deflateSync(body);

  it('opens a proper one', () => {
    expect(kindOf(packRaw(0, 300, body))).toBe('ok');
    expect(kindOf(packRaw(1, 300, deflated))).toBe('ok');
  });

  it('refuses a bomb that announces its size, before inflating anything', () => {
    const bomb = deflateSync(new Uint8Array(64 * 1024 * 1024));
    expect(kindOf(packRaw(1, 64 * 1024 * 1024, bomb))).toBe('too_large');
  });

  it('refuses a bomb that lies about its size, writing no more than it announced', () => {
    const bomb = deflateSync(new Uint8Array(64 * 1024 * 1024));
    expect(kindOf(packRaw(1, MAX_BODY_BYTES, bomb))).toBe('malformed');
    expect(kindOf(packRaw(1, bomb.length + 1, bomb))).toBe('malformed');
  });

  it.each([
    ['an unknown flag', packRaw(2, 300, body)],
    ['stored bytes of another length', packRaw(0, 301, body)],
    ['too short an inflated length', packRaw(1, 299, deflated)],
    ['too long an inflated length', packRaw(1, 301, deflated)],
    ['a truncated stream', packRaw(1, 300, deflated.subarray(0, -2))],
    ['a stream that is no deflate', packRaw(1, 300, new Uint8Array(20).fill(0xff))],
    ['compression that does not compress', packRaw(1, deflated.length, deflated)],
    ['nothing', new Uint8Array(0)],
    ['a longer bucket than needed', new Uint8Array(272)],
    ['a length beyond the end', packRaw(0, 300, body).fill(0xff, 5, 9)],
  ])('refuses %s', (_name, packed) => {
    expect(kindOf(packed)).toBe('malformed');
  });

  it('refuses padding that hides a message', () => {
    const packed = packRaw(0, 300, body);
    for (let at = 309; at < packed.length; at += 1) {
      const changed = Uint8Array.from(packed);
      changed[at] = 1;
      expect(kindOf(changed)).toBe('malformed');
    }
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 9, maxLength: 400 }), (head) => {
        const packed = new Uint8Array(paddedLength(head.length));
        packed.set(head);
        unpackBody(packed);
      }),
      { numRuns: 500 },
    );
  });
});
