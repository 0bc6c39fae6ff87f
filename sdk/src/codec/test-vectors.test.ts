import { readFileSync } from 'node:fs';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { describe, expect, it } from 'vitest';
import type { EntryBody } from '../model/body.js';
import type { DeviceId } from '../model/ids.js';
import { decodeBody, encodeBody } from './body.js';

interface Accepted {
  readonly name: string;
  readonly device: DeviceId;
  readonly body: EntryBody;
  readonly encoded: string;
}

interface Refused {
  readonly name: string;
  readonly device: DeviceId;
  readonly error: string;
  readonly encoded: string;
}

const file = new URL('../../../docs/test-vectors/body.json', import.meta.url);
const vectors = JSON.parse(
  readFileSync(file, 'utf8'),
  (_key, value: { $bytes?: unknown } | null) =>
    typeof value?.$bytes === 'string' ? hexToBytes(value.$bytes) : value,
) as { accepted: Accepted[]; refused: Refused[] };

/* If one fails, apps in other languages, and older versions of this one, read other bytes. */
describe('published vectors of bodies', () => {
  it.each(vectors.accepted)('both ways: $name', ({ device, body, encoded }) => {
    expect(bytesToHex(encodeBody(body))).toBe(encoded);
    expect(decodeBody(hexToBytes(encoded), device)).toEqual({ ok: true, value: body });
  });

  it.each(vectors.refused)('refused: $name', ({ device, error, encoded }) => {
    const result = decodeBody(hexToBytes(encoded), device);
    expect(result.ok ? 'ok' : result.error.kind).toBe(error);
  });
});
