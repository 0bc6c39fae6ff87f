/**
 * Writes docs/test-vectors/*.json from libsodium, noble and cborg alone. It deliberately
 * shares no code with the SDK: a unit test holds the two against each other.
 *
 *   node --conditions=sealsync-source --import tsx scripts/make-test-vectors.ts
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { inflateRawSync } from 'node:zlib';
import { sha256 } from '@noble/hashes/sha2.js';
import { encode } from 'cborg';
import sodium from 'libsodium-wrappers';
import { keyVectorFiles } from './make-key-vectors.js';
import { makeSnapshotVectors } from './make-snapshot-vectors.js';

await sodium.ready;

const folder = fileURLToPath(new URL('../docs/test-vectors/', import.meta.url));

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const unhex = (text: string): Buffer => Buffer.from(text, 'hex');
const ascending = (length: number, from: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, index) => (from + index) & 0xff));
const u8 = (value: number): Buffer => Buffer.of(value);
const u32 = (value: number): Buffer => unhex(value.toString(16).padStart(8, '0'));
const u64 = (value: number): Buffer => unhex(value.toString(16).padStart(16, '0'));

const budgetId = 'b0'.repeat(15) + '01';
const device = 'd0'.repeat(15) + '01';
const epochKey = ascending(32, 0x40);
const signSeed = ascending(32, 0x80);
const boxSeed = ascending(32, 0xa0);

const kidOf = (key: Uint8Array, budget: string, epoch: number): Uint8Array =>
  sodium.crypto_generichash(
    32,
    Buffer.concat([Buffer.from('sealsync.v1 kid'), unhex(budget), u32(epoch)]),
    key,
  );
const subkeyOf = (key: Uint8Array, id: number): Uint8Array =>
  sodium.crypto_kdf_derive_from_key(32, id, 'sealsync', key);

/** PADME as its paper prints it. */
function padme(length: number): number {
  const e = Math.floor(Math.log2(length));
  const s = Math.floor(Math.log2(e)) + 1;
  const mask = 2 ** (e - s) - 1;
  return length + mask - ((length + mask) % (mask + 1));
}
const padded = (length: number): number => (length <= 256 ? 256 : padme(length));

function pack(flag: number, raw: Uint8Array, data: Uint8Array): Buffer {
  const packed = Buffer.alloc(padded(9 + data.length));
  Buffer.concat([u8(flag), u32(raw.length), u32(data.length), data]).copy(packed);
  return packed;
}

const kidAndSubkeys = [1, 2, 0xffff_ffff].map((epoch) => ({
  epochKey: hex(epochKey),
  budgetId,
  epoch,
  kid: hex(kidOf(epochKey, budgetId, epoch)),
  subkeys: {
    entry: hex(subkeyOf(epochKey, 1)),
    headTag: hex(subkeyOf(epochKey, 2)),
    presence: hex(subkeyOf(epochKey, 3)),
    snapshot: hex(subkeyOf(epochKey, 4)),
    previousEpoch: hex(subkeyOf(epochKey, 5)),
    localStore: hex(subkeyOf(epochKey, 6)),
  },
}));

const makeHeadTag = (seq: number, early?: true): object => {
  const headHash = sha256(Buffer.from(`frame ${String(seq)}`));
  const head8 = headHash.subarray(0, 8);
  const message = Buffer.concat([u64(seq), u32(1), head8, ...(early ? [u8(1)] : [])]);
  const mac = sodium.crypto_generichash(32, message, subkeyOf(epochKey, 2));
  return {
    epochKey: hex(epochKey),
    budgetId,
    epoch: 1,
    seq,
    headHash: hex(headHash),
    head8: hex(head8),
    mac8: hex(mac.subarray(0, 8)),
    ...(early && { early }),
  };
};
const headSeqs = [1, 820, Number.MAX_SAFE_INTEGER];
const headTags = [
  ...headSeqs.map((seq) => makeHeadTag(seq)),
  ...headSeqs.map((seq) => makeHeadTag(seq, true)),
];

const paddedLengths = [
  0, 1, 255, 256, 257, 272, 273, 300, 511, 512, 513, 528, 529, 1000, 1024, 1025, 4097, 65_535,
  65_536, 65_537, 262_144, 262_145, 1_000_000, 4_194_313,
].map((length) => ({ length, padded: padded(length) }));

const short = Buffer.from('a short body');
const edge = ascending(247, 0);
const random = Buffer.concat([...Array(10).keys()].map((index) => sha256(u8(index))));
const repetitive = Buffer.from('groceries '.repeat(200));
// Fixed, because compressors differ from release to release.
const deflated = unhex('4b2fca4f4e2dca4c2d56481f658db24659a3ac51d6286b9435445900');
if (!inflateRawSync(deflated).equals(repetitive)) throw new Error('The deflate data is wrong.');
const packings = [
  { name: 'empty', flag: 0, body: Buffer.alloc(0), data: Buffer.alloc(0) },
  { name: 'fits the smallest bucket, so it is stored', flag: 0, body: short, data: short },
  { name: 'fills the smallest bucket exactly', flag: 0, body: edge, data: edge },
  { name: 'incompressible, so it is stored', flag: 0, body: random, data: random },
  {
    name: 'deflated; another compressor may give other data',
    flag: 1,
    body: repetitive,
    data: deflated,
  },
].map(({ name, flag, body, data }) => ({
  name,
  flag,
  body: hex(body),
  packed: hex(pack(flag, body, data)),
}));

/** Bytes are `{"$bytes": hex}` in the JSON. */
function readable(value: unknown): unknown {
  if (value instanceof Uint8Array) return { $bytes: hex(value) };
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, readable(item)]));
}

const sign = sodium.crypto_sign_seed_keypair(signSeed);
const box = sodium.crypto_box_seed_keypair(boxSeed);

const fields = {
  payee: 'Bäckerei',
  amount: -1250,
  cleared: true,
  memo: null,
  rate: 1.5,
  splits: [{ envelope: 'e1', amount: -1250 }],
  receipt: Buffer.from([0, 255]),
};

const bodies = [
  { name: 'empty', cbor: [1, [], []], edits: [], statements: [] },
  {
    name: 'every op; the second edit is told as differences from the first',
    cbor: [
      1,
      [
        [
          41,
          1_700_000_000_000,
          0,
          7,
          [
            [0, 'transactions', 't1', fields],
            [2, 'envelopes', 'e1', 'spent', 1250],
          ],
        ],
        [
          1,
          -5,
          3,
          -2,
          [
            [1, 'accounts', 'a1', 'name', '\uFEFFChecking'],
            [3, 'goals', 'g1'],
          ],
        ],
      ],
      [],
    ],
    edits: [
      {
        device,
        counter: 41,
        stamp: { wallMs: 1_700_000_000_000, logical: 0 },
        base: 7,
        ops: [
          { type: 'put', collection: 'transactions', id: 't1', fields },
          { type: 'increment', collection: 'envelopes', id: 'e1', field: 'spent', by: 1250 },
        ],
      },
      {
        device,
        counter: 42,
        stamp: { wallMs: 1_699_999_999_995, logical: 3 },
        base: 5,
        ops: [
          {
            type: 'set',
            collection: 'accounts',
            id: 'a1',
            field: 'name',
            value: '\uFEFFChecking',
          },
          { type: 'remove', collection: 'goals', id: 'g1' },
        ],
      },
    ],
    statements: [],
  },
  {
    name: 'statements',
    cbor: [
      1,
      [],
      [
        [0, sign.publicKey, box.publicKey],
        [1, 'bea', 1, sign.publicKey, box.publicKey],
        [2, 7, filled(32, 0xa1), filled(3, 0xa2)],
        [3, 'bea'],
        [4, 'bea', 2],
        [5, 'bea', filled(2, 0xa3)],
        [6, filled(16, 0xa4), 0, 1_800_000_000_000, sign.publicKey, box.publicKey],
        [7, filled(16, 0xa4)],
        [8, filled(16, 0xa4), filled(2, 0xa5)],
        [9, filled(1, 0xa6)],
        [10, 'kitchen'],
        [11, filled(16, 0xa7)],
        [12, filled(32, 0xa8)],
        [13, 9],
      ],
    ],
    edits: [],
    statements: [
      { type: 'genesis', keys: { sign: sign.publicKey, box: box.publicKey } },
      {
        type: 'member_added',
        uid: 'bea',
        role: 'editor',
        keys: { sign: sign.publicKey, box: box.publicKey },
      },
      {
        type: 'epoch_started',
        previousEpoch: 7,
        previousKid: filled(32, 0xa1),
        previousKey: filled(3, 0xa2),
      },
      { type: 'member_removed', uid: 'bea' },
      { type: 'role_changed', uid: 'bea', role: 'viewer' },
      { type: 'member_left', uid: 'bea', notice: filled(2, 0xa3) },
      {
        type: 'invite_created',
        inviteId: 'a4'.repeat(16),
        role: 'owner',
        expiresAt: 1_800_000_000_000,
        keys: { sign: sign.publicKey, box: box.publicKey },
      },
      { type: 'invite_revoked', inviteId: 'a4'.repeat(16) },
      { type: 'joined', inviteId: 'a4'.repeat(16), acceptance: filled(2, 0xa5) },
      { type: 'identity_rotated', rotation: filled(1, 0xa6) },
      { type: 'device_named', name: 'kitchen' },
      { type: 'device_revoked', device: 'a7'.repeat(16) },
      { type: 'state_digest', digest: filled(32, 0xa8) },
      { type: 'digest_disputed', seq: 9 },
    ],
  },
].map(({ name, cbor, edits, statements }) => ({
  name,
  device,
  body: readable({ edits, statements }),
  encoded: hex(encode(cbor, { float64: true })),
}));

/** A body with one edit of one `set` of collection "c", record "d", field "f" to `value`. */
const setTo = (value: string): string => '8301818501000000818501616361646166' + value + '80';

/** Of what only its type and length matter. */
function filled(length: number, byte: number): Uint8Array {
  return new Uint8Array(length).fill(byte);
}

const refused = [
  ['trailing byte', 'malformed', '8301808000'],
  ['length not in its shortest form', 'malformed', '8301980080'],
  ['indefinite length', 'malformed', '83019fff80'],
  ['truncated', 'malformed', '830180'],
  ['duplicate key', 'malformed', setTo('a2616101616102')],
  ['keys out of order', 'malformed', setTo('a2616201616102')],
  ['key that is no text', 'malformed', setTo('a10102')],
  ['integer as a float', 'malformed', setTo('fb3ff0000000000000')],
  ['float of 32 bits', 'malformed', setTo('fa3fc00000')],
  ['not a number', 'malformed', setTo('fb7ff8000000000000')],
  ['infinity', 'malformed', setTo('fb7ff0000000000000')],
  ['integer above 2^53 - 1', 'malformed', setTo('1b0020000000000000')],
  ['undefined', 'malformed', setTo('f7')],
  ['tag', 'malformed', setTo('c000')],
  ['text that is not UTF-8', 'malformed', setTo('61ff')],
  ['nine levels', 'malformed', setTo('818181818181818100')],
  ['increment by zero', 'malformed', '83018185010000008185026163616461660080'],
  ['empty record id', 'malformed', '830181850100000081830361636080'],
  ['counter that does not increase', 'malformed', '83018185000000008080'],
  ['newer body version', 'upgrade_required', '83028080'],
  ['longer body', 'upgrade_required', '8401808080'],
  ['longer op', 'upgrade_required', '8301818501000000818403616361640080'],
  ['unknown op', 'upgrade_required', '83018185010000008183046163616480'],
  ['unknown statement', 'upgrade_required', '83018081811863'],
  ['longer statement', 'upgrade_required', '8301808183036161' + '00'],
  ['shorter statement', 'malformed', '830180818103'],
  ['unknown role', 'upgrade_required', '8301808183046161' + '03'],
  ['empty uid', 'malformed', '83018081820360'],
  ['invite id of 15 bytes', 'malformed', '8301808182074f' + '00'.repeat(15)],
  ['empty notice', 'malformed', '830180818305616140'],
].map(([name, error, encoded]) => ({ name, device, error, encoded }));

const kindCodes = { edits: 1, membership: 2, snapshot: 3 };

interface FrameCase {
  readonly name: string;
  readonly kind: keyof typeof kindCodes;
  readonly seq: number;
  readonly epoch: number;
  readonly author: string;
  readonly t: number;
  readonly prev: Uint8Array;
  readonly body: Uint8Array;
}

function makeFrame(input: FrameCase): { frame: Buffer; json: unknown } {
  const author = Buffer.from(input.author, 'utf8');
  const kid = kidOf(epochKey, budgetId, input.epoch);
  const nonce = ascending(24, input.seq & 0xff);
  const header = Buffer.concat([
    Buffer.from('SEAL'),
    u8(1),
    u8(1),
    u8(kindCodes[input.kind]),
    u8(author.length),
    unhex(budgetId),
    u64(input.seq),
    u32(input.epoch),
    kid,
    unhex(device),
    u64(input.t),
    input.prev,
    author,
  ]);
  const ciphertext = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
    pack(0, input.body, input.body),
    header,
    null,
    nonce,
    subkeyOf(epochKey, 1),
  );
  const signed = Buffer.concat([header, nonce, ciphertext]);
  const frame = Buffer.concat([signed, sodium.crypto_sign_detached(signed, sign.privateKey)]);
  const json = {
    name: input.name,
    epochKey: hex(epochKey),
    signSeed: hex(signSeed),
    boxSeed: hex(boxSeed),
    signPublicKey: hex(sign.publicKey),
    kind: input.kind,
    budgetId,
    seq: input.seq,
    epoch: input.epoch,
    kid: hex(kid),
    author: input.author,
    device,
    t: input.t,
    prev: hex(input.prev),
    nonce: hex(nonce),
    body: hex(input.body),
    header: hex(header),
    frame: hex(frame),
    hash: hex(sha256(frame)),
  };
  return { frame, json };
}

const genesis = makeFrame({
  name: 'the first entry of a log',
  kind: 'membership',
  seq: 1,
  epoch: 1,
  author: 'ann',
  t: 1_700_000_000_000,
  prev: Buffer.alloc(32),
  body: encode([1, [], [[0, sign.publicKey, box.publicKey]]]),
});
const second = makeFrame({
  name: 'the entry after it, chained to it',
  kind: 'edits',
  seq: 2,
  epoch: 1,
  author: 'ann',
  t: 1_700_000_000_001,
  prev: sha256(genesis.frame),
  body: encode([1, [[1, 1_700_000_000_000, 0, 1, [[3, 'goals', 'g1']]]], []]),
});
const extreme = makeFrame({
  name: 'the largest numbers, an author of 128 bytes, a body beyond the smallest bucket',
  kind: 'edits',
  seq: Number.MAX_SAFE_INTEGER,
  epoch: 0xffff_ffff,
  author: 'ü'.repeat(64),
  t: Number.MAX_SAFE_INTEGER,
  prev: sha256(second.frame),
  body: random,
});

const snapshot = makeSnapshotVectors({
  budgetId: unhex(budgetId),
  device: unhex(device),
  kid: kidOf(epochKey, budgetId, 1),
  epochKey,
  key: subkeyOf(epochKey, 4),
});
const header = makeFrame({
  name: 'the header of a snapshot, with the chain hash of the entry at its own seq',
  kind: 'snapshot',
  seq: 3,
  epoch: 1,
  author: 'ann',
  t: 1_700_000_000_002,
  prev: Buffer.alloc(32, 0x33),
  body: snapshot.header,
});

const files: Readonly<Record<string, unknown>> = {
  'kid-and-subkeys.json': kidAndSubkeys,
  'head-tag.json': headTags,
  'padme.json': paddedLengths,
  'packing.json': packings,
  'body.json': { accepted: bodies, refused },
  'frame.json': [genesis.json, second.json, extreme.json, header.json],
  'snapshot.json': snapshot.file,
  ...keyVectorFiles,
};

await mkdir(folder, { recursive: true });
for (const [name, content] of Object.entries(files)) {
  await writeFile(folder + name, `${JSON.stringify(content, null, 2)}\n`);
}
