import { readFileSync } from 'node:fs';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { openFrame, sealFrame, verifyFrameSignature } from './envelope.js';
import type { BudgetId, DeviceId } from '../model/ids.js';
import { type SubkeyPurpose, createEpochKey } from './epoch-key.js';
import { hashFrame, parseFrame } from './frame.js';
import type { FrameKind } from './frame-header.js';
import { makeHeadHint, verifyHeadHint } from './head-hint.js';
import { createIdentity } from './identity.js';
import { packBody, unpackBody } from './packing.js';
import { paddedLength } from './padme.js';
import { loadSodium } from './sodium.js';

/* If one fails, apps in other languages, and older versions of this one, read other bytes. */

interface KeyVector {
  readonly epochKey: string;
  readonly budgetId: BudgetId;
  readonly epoch: number;
}

interface KidVector extends KeyVector {
  readonly kid: string;
  readonly subkeys: Readonly<Record<SubkeyPurpose, string>>;
}

interface HeadVector extends KeyVector {
  readonly seq: number;
  readonly headHash: string;
  readonly head8: string;
  readonly mac8: string;
  readonly early?: true;
}

interface PackingVector {
  readonly name: string;
  readonly flag: number;
  readonly body: string;
  readonly packed: string;
}

interface FrameVector extends KeyVector {
  readonly name: string;
  readonly signSeed: string;
  readonly boxSeed: string;
  readonly signPublicKey: string;
  readonly kind: FrameKind;
  readonly seq: number;
  readonly kid: string;
  readonly author: string;
  readonly device: DeviceId;
  readonly t: number;
  readonly prev: string;
  readonly nonce: string;
  readonly body: string;
  readonly header: string;
  readonly frame: string;
  readonly hash: string;
}

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../docs/test-vectors/${name}`, import.meta.url), 'utf8'));

beforeAll(loadSodium);

describe('published vectors', () => {
  it.each(read('kid-and-subkeys.json') as KidVector[])('of keys: epoch $epoch', (vector) => {
    const key = createEpochKey(hexToBytes(vector.epochKey), vector.budgetId, vector.epoch);
    expect(bytesToHex(key.kid)).toBe(vector.kid);
    for (const [purpose, subkey] of Object.entries(vector.subkeys)) {
      expect(bytesToHex(key.subkey(purpose as SubkeyPurpose))).toBe(subkey);
    }
  });

  it.each(read('head-tag.json') as HeadVector[])(
    'of head tags: seq $seq, early $early',
    (vector) => {
      const { seq, epoch, head8, mac8, early } = vector;
      const key = createEpochKey(hexToBytes(vector.epochKey), vector.budgetId, epoch);
      const headHash = hexToBytes(vector.headHash);
      const hint = makeHeadHint({ seq, headHash, epochKey: key, early });
      expect(hint).toEqual({ seq, epoch, head8, mac8, ...(early && { early }) });
      expect(verifyHeadHint({ seq, epoch, head8, mac8, early }, key)).toBe(true);
    },
  );

  it.each(read('padme.json') as { length: number; padded: number }[])(
    'of padding: $length -> $padded',
    ({ length, padded }) => {
      expect(paddedLength(length)).toBe(padded);
    },
  );

  it.each(read('packing.json') as PackingVector[])(
    'of packing: $name',
    ({ flag, body, packed }) => {
      const opened = unpackBody(hexToBytes(packed));
      expect(opened.ok && bytesToHex(opened.value)).toBe(body);
      const made = packBody(hexToBytes(body));
      expect(made[0]).toBe(flag);
      if (flag === 0) expect(bytesToHex(made)).toBe(packed);
      expect(unpackBody(made)).toEqual(opened);
    },
  );

  it.each(read('frame.json') as FrameVector[])('of frames: $name', (vector) => {
    const { kind, budgetId, seq, epoch, author, device, t } = vector;
    const epochKey = createEpochKey(hexToBytes(vector.epochKey), budgetId, epoch);
    const identity = createIdentity(author, {
      sign: hexToBytes(vector.signSeed),
      box: hexToBytes(vector.boxSeed),
    });
    const sealed = sealFrame({
      kind,
      seq,
      device,
      t,
      prev: hexToBytes(vector.prev),
      plaintext: hexToBytes(vector.body),
      epochKey,
      identity,
      random: { bytes: () => hexToBytes(vector.nonce) },
    });
    expect(bytesToHex(sealed)).toBe(vector.frame);

    const frame = parseFrame(hexToBytes(vector.frame));
    if (!frame.ok) return expect.fail(frame.error.message);
    const { header, headerBytes, bytes } = frame.value;
    expect(bytesToHex(headerBytes)).toBe(vector.header);
    expect(header).toMatchObject({ kind, budgetId, seq, epoch, author, device, t });
    expect([bytesToHex(header.kid), bytesToHex(header.prev)]).toEqual([vector.kid, vector.prev]);
    expect(verifyFrameSignature(frame.value, hexToBytes(vector.signPublicKey))).toBe(true);
    const opened = openFrame(frame.value, epochKey);
    expect(opened.ok && bytesToHex(opened.value)).toBe(vector.body);
    expect(bytesToHex(hashFrame(bytes))).toBe(vector.hash);
  });
});
