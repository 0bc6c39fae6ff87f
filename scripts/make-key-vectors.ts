/**
 * The vectors of keyslots, wrapped keys, invites and identities, from libsodium, noble and
 * cborg alone, like those of make-test-vectors.ts, which writes them.
 */
import { argon2id } from '@noble/hashes/argon2.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { encode } from 'cborg';
import sodium from 'libsodium-wrappers';

await sodium.ready;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const filled = (length: number, value: number): Buffer => Buffer.alloc(length, value);
const ascending = (length: number, from: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, index) => (from + index) & 0xff));
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const u64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
};
const labelled = (purpose: string, items: readonly unknown[]): Buffer =>
  Buffer.concat([Buffer.from(`sealsync.v1 ${purpose}`), encode(items)]);
const seal = (plaintext: Uint8Array, bound: Uint8Array, nonce: Uint8Array, key: Uint8Array) =>
  sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, bound, null, nonce, key);
const subkey = (id: number, context: string, key: Uint8Array): Uint8Array =>
  sodium.crypto_kdf_derive_from_key(32, id, context, key);

const budgetId = Buffer.from('b0'.repeat(15) + '01', 'hex');

interface Person {
  readonly uid: string;
  readonly signSeed: Uint8Array;
  readonly boxSeed: Uint8Array;
  readonly sign: { readonly publicKey: Uint8Array; readonly privateKey: Uint8Array };
  readonly box: { readonly publicKey: Uint8Array; readonly privateKey: Uint8Array };
}

const person = (uid: string, signSeed: Uint8Array, boxSeed: Uint8Array): Person => ({
  uid,
  signSeed,
  boxSeed,
  sign: sodium.crypto_sign_seed_keypair(signSeed),
  box: sodium.crypto_box_seed_keypair(boxSeed),
});
const seedsOf = ({ uid, signSeed, boxSeed }: Person): object => ({
  uid,
  signSeed: hex(signSeed),
  boxSeed: hex(boxSeed),
});
const signedBy = (who: Person, message: Uint8Array): Uint8Array =>
  sodium.crypto_sign_detached(message, who.sign.privateKey);

const ann = person('ann', ascending(32, 0x80), ascending(32, 0xa0));
const annLater = person('ann', ascending(32, 0x10), ascending(32, 0x30));
const bea = person('bea', ascending(32, 0x01), ascending(32, 0x21));

function makeKeyslot(input: {
  readonly name: string;
  readonly slot: string;
  readonly generation: number;
  readonly identityVersion: number;
  readonly kind: number;
  readonly parameters: readonly unknown[];
  readonly slotSecret: Uint8Array;
  readonly secret: object;
  readonly random: readonly Uint8Array[];
}): object {
  const { slot, generation, identityVersion, kind, parameters, slotSecret } = input;
  const header = [1, ann.uid, slot, kind, parameters, generation];
  const bound = labelled('keyslot', header);
  const nonce = input.random.at(-1) ?? filled(24, 0);
  const content = Buffer.concat([u32(identityVersion), ann.signSeed, ann.boxSeed]);
  const ciphertext = seal(content, bound, nonce, subkey(1, 'sealslot', slotSecret));
  const commitment = sodium.crypto_generichash(32, bound, subkey(2, 'sealslot', slotSecret));
  return {
    name: input.name,
    identity: seedsOf(ann),
    identityVersion,
    slot,
    generation,
    secret: input.secret,
    random: input.random.map(hex),
    slotSecret: hex(slotSecret),
    keyslot: hex(encode([...header, nonce, ciphertext, commitment])),
  };
}

const composed = 'k\u00fcche rows past nine lamps';
const salt = ascending(16, 0x50);
const credentialId = ascending(20, 0x60);
const prfOutput = ascending(32, 0x70);
const stretched = (t: number, m: number): Uint8Array =>
  argon2id(Buffer.from(composed, 'utf8'), salt, { t, m, p: 1, dkLen: 32 });

const keyslots = {
  prfInput: hex(Buffer.from('sealsync.v1 keyslot prf')),
  accepted: [
    makeKeyslot({
      name: 'passphrase, typed with a combining diaeresis',
      slot: 'passphrase',
      generation: 1,
      identityVersion: 1,
      kind: 0,
      parameters: [salt, 65_536, 3, 1],
      slotSecret: stretched(3, 65_536),
      secret: { kind: 'passphrase', passphrase: composed.normalize('NFD') },
      random: [salt, ascending(24, 1)],
    }),
    makeKeyslot({
      // https://github.com/trezor/python-mnemonic/blob/v0.20/vectors.json, entropy 7f...7f.
      name: 'recovery phrase',
      slot: 'recovery',
      generation: 2,
      identityVersion: 1,
      kind: 1,
      parameters: [],
      slotSecret: filled(32, 0x7f),
      secret: {
        kind: 'recovery',
        phrase:
          'legal winner thank year wave sausage worth useful legal winner thank year wave ' +
          'sausage worth useful legal winner thank year wave sausage worth title',
      },
      random: [ascending(24, 2)],
    }),
    makeKeyslot({
      name: 'passkey, the largest numbers',
      slot: 'passkey-1',
      generation: Number.MAX_SAFE_INTEGER,
      identityVersion: 0xffff_ffff,
      kind: 2,
      parameters: [credentialId],
      slotSecret: prfOutput,
      secret: {
        kind: 'passkey',
        prfOutput: hex(prfOutput),
        credentialId: hex(credentialId),
      },
      random: [ascending(24, 3)],
    }),
  ],
  refused: [
    ['less memory than the floor', 'weak_parameters', 0, [salt, 65_535, 3, 1]],
    ['fewer passes than the floor', 'weak_parameters', 0, [salt, 65_536, 2, 1]],
    ['more memory than is run', 'weak_parameters', 0, [salt, 1_048_577, 3, 1]],
    ['more passes than are run', 'weak_parameters', 0, [salt, 65_536, 21, 1]],
    ['no lane', 'weak_parameters', 0, [salt, 65_536, 3, 0]],
    ['more lanes than are run', 'weak_parameters', 0, [salt, 65_536, 3, 17]],
    ['a short salt', 'wrong_secret', 0, [salt.subarray(1), 65_536, 3, 1]],
    ['passes that are no integer', 'wrong_secret', 0, [salt, 65_536, 3.5, 1]],
    ['a parameter more', 'upgrade_required', 0, [salt, 65_536, 3, 1, 0]],
    ['an unknown kind', 'upgrade_required', 3, []],
  ].map(([name, error, kind, parameters]) => ({
    name,
    error,
    uid: 'ann',
    slot: 'passphrase',
    passphrase: composed,
    keyslot: hex(
      encode(
        [1, 'ann', 'passphrase', kind, parameters, 1, filled(24, 1), filled(84, 2), filled(32, 3)],
        { float64: true },
      ),
    ),
  })),
};

const kidOf = (key: Uint8Array, epoch: number): Uint8Array =>
  sodium.crypto_generichash(
    32,
    Buffer.concat([Buffer.from('sealsync.v1 kid'), budgetId, u32(epoch)]),
    key,
  );

const epochKey = ascending(32, 0x40);
const laterKey = ascending(32, 0xc0);

function makeWrap(name: string, epoch: number, recipient: Person): object {
  const ephemeralKey = ascending(32, 0x05);
  const nonce = ascending(24, 0x04);
  const kid = kidOf(epochKey, epoch);
  const context = [
    1,
    budgetId,
    epoch,
    kid,
    recipient.uid,
    recipient.box.publicKey,
    ann.uid,
    sodium.crypto_scalarmult_base(ephemeralKey),
  ];
  const bound = labelled('wrap key', context);
  const shared = sodium.crypto_scalarmult(ephemeralKey, recipient.box.publicKey);
  const wrappingKey = sodium.crypto_generichash(32, bound, shared);
  const unsigned = [...context, nonce, seal(epochKey, bound, nonce, wrappingKey)];
  return {
    name,
    epochKey: hex(epochKey),
    budgetId: hex(budgetId),
    epoch,
    kid: hex(kid),
    recipient: seedsOf(recipient),
    wrapper: seedsOf(ann),
    random: [ephemeralKey, nonce].map(hex),
    wrappingKey: hex(wrappingKey),
    wrap: hex(encode([...unsigned, signedBy(ann, labelled('wrap', unsigned))])),
  };
}

function makePreviousKey(): object {
  const nonce = ascending(24, 0x09);
  const bound = labelled('previous key', [
    1,
    budgetId,
    2,
    kidOf(laterKey, 2),
    1,
    kidOf(epochKey, 1),
  ]);
  const ciphertext = seal(epochKey, bound, nonce, subkey(5, 'sealsync', laterKey));
  return {
    budgetId: hex(budgetId),
    newKey: hex(laterKey),
    newEpoch: 2,
    oldKey: hex(epochKey),
    oldEpoch: 1,
    oldKid: hex(kidOf(epochKey, 1)),
    random: [hex(nonce)],
    sealed: hex(encode([1, nonce, ciphertext])),
  };
}

const fingerprintOf = ({ uid, sign, box }: Person): Uint8Array =>
  sodium.crypto_generichash(
    32,
    labelled('fingerprint', [1, uid, sign.publicKey, box.publicKey]),
    null,
  );

function digitsOf(who: Person): string {
  const fingerprint = hex(fingerprintOf(who));
  const groups = Array.from({ length: 6 }, (_, index) => {
    const chunk = BigInt(`0x${fingerprint.slice(index * 10, index * 10 + 10)}`);
    return (chunk % 100_000n).toString().padStart(5, '0');
  });
  return groups.join(' ');
}

const inviteId = Buffer.from('1d'.repeat(15) + '01', 'hex');
const inviteSecret = ascending(32, 0xe0);
const accessValue = subkey(1, 'sealinvt', inviteSecret);
const invite = person(
  `invite:${hex(inviteId)}`,
  subkey(2, 'sealinvt', inviteSecret),
  subkey(3, 'sealinvt', inviteSecret),
);

function makeInvite(): object {
  const genesisHash = sha256(Buffer.from('genesis'));
  const head8 = sha256(Buffer.from('head')).subarray(0, 8);
  const content = Buffer.concat([
    Buffer.of(1),
    budgetId,
    inviteId,
    inviteSecret,
    genesisHash,
    fingerprintOf(ann),
    u64(820),
    head8,
  ]);
  const checked = Buffer.concat([content, sha256(content).subarray(0, 4)]);
  const acceptance = [1, budgetId, inviteId, bea.uid, bea.sign.publicKey, bea.box.publicKey];
  const signed = labelled('acceptance', acceptance);
  return {
    budgetId: hex(budgetId),
    inviteId: hex(inviteId),
    secret: hex(inviteSecret),
    accessValue: hex(accessValue),
    accessHash: hex(sha256(accessValue)),
    signPublicKey: hex(invite.sign.publicKey),
    boxPublicKey: hex(invite.box.publicKey),
    genesisHash: hex(genesisHash),
    inviterFingerprint: hex(fingerprintOf(ann)),
    head: { seq: 820, head8: hex(head8) },
    fragment: checked.toString('base64url'),
    newcomer: seedsOf(bea),
    acceptance: hex(encode([...acceptance, signedBy(invite, signed), signedBy(bea, signed)])),
  };
}

function makeRotation(): object {
  const { publicKey: oldSign } = ann.sign;
  const { publicKey: oldBox } = ann.box;
  const { publicKey: newSign } = annLater.sign;
  const items = [1, ann.uid, 2, oldSign, oldBox, newSign, annLater.box.publicKey];
  const signed = labelled('identity rotation', items);
  return {
    from: seedsOf(ann),
    to: seedsOf(annLater),
    identityVersion: 2,
    rotation: hex(encode([...items, signedBy(ann, signed), signedBy(annLater, signed)])),
  };
}

const makeNotice = (kind: string, code: number, uid: string, epoch: number): object => {
  const items = [1, code, budgetId, uid, ann.uid, epoch];
  return {
    kind,
    budgetId: hex(budgetId),
    uid,
    by: seedsOf(ann),
    epoch,
    notice: hex(encode([...items, signedBy(ann, labelled('notice', items))])),
  };
};

function makePin(name: string, inviteFragment: string): object {
  const nonce = ascending(24, 0x0b);
  const genesisHash = sha256(Buffer.from('genesis'));
  const shared = sodium.crypto_scalarmult(ann.box.privateKey, ann.box.publicKey);
  const key = sodium.crypto_generichash(32, labelled('pin key', [1, ann.uid]), shared);
  const bound = labelled('pin', [1, budgetId, ann.uid]);
  return {
    name,
    budgetId: hex(budgetId),
    identity: seedsOf(ann),
    genesisHash: hex(genesisHash),
    inviteFragment,
    random: [hex(nonce)],
    key: hex(key),
    pin: hex(encode([1, nonce, seal(encode([genesisHash, inviteFragment]), bound, nonce, key)])),
  };
}

/** File name -> content. */
export const keyVectorFiles: Readonly<Record<string, unknown>> = {
  'keyslots.json': keyslots,
  'wrapped-keys.json': {
    wraps: [
      makeWrap('for a member', 1, bea),
      makeWrap('for an invite, at the last epoch', 0xffff_ffff, invite),
    ],
    previousKey: makePreviousKey(),
  },
  'invites.json': [makeInvite()],
  'notices.json': [
    makeNotice('left', 0, 'ann', 1),
    makeNotice('removed', 1, 'bea', 0xffff_ffff),
    makeNotice('deleted', 2, 'ann', 7),
  ],
  'pins.json': [makePin('of a member', ''), makePin('of who is joining', 'AbC-_9')],
  'identities.json': {
    identities: [ann, bea].map((who) => ({
      identity: seedsOf(who),
      signPublicKey: hex(who.sign.publicKey),
      boxPublicKey: hex(who.box.publicKey),
      fingerprint: hex(fingerprintOf(who)),
    })),
    safetyNumber: [digitsOf(ann), digitsOf(bea)].sort().join(' '),
    rotation: makeRotation(),
  },
};
