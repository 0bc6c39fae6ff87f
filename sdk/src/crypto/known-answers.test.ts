import { createHash } from 'node:crypto';
import { blake2b } from '@noble/hashes/blake2.js';
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { hashFrame } from './frame.js';
import { createIdentity } from './identity.js';
import { deriveKeyArgon2id } from './passphrase.js';
import { loadSodium, sodium } from './sodium.js';

/*
 * If one of these fails, the libraries do not compute the published algorithms, and
 * nothing that this version seals can be opened by another.
 */

beforeAll(loadSodium);

describe('XChaCha20-Poly1305 as published', () => {
  const plaintext = utf8ToBytes(
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
  );
  const additional = hexToBytes('50515253c0c1c2c3c4c5c6c7');
  const key = hexToBytes('808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f');
  const nonce = hexToBytes('404142434445464748494a4b4c4d4e4f5051525354555657');
  const sealed =
    'bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb' +
    '731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452' +
    '2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9' +
    '21f9664c97637da9768812f615c68b13b52e' +
    'c0875924c1c7987947deafd8780acf49';

  it('seals and opens draft-irtf-cfrg-xchacha-03, A.3.1', () => {
    const lib = sodium();
    const made = lib.crypto_aead_xchacha20poly1305_ietf_encrypt(
      plaintext,
      additional,
      null,
      nonce,
      key,
    );
    expect(bytesToHex(made)).toBe(sealed);
    const opened = lib.crypto_aead_xchacha20poly1305_ietf_decrypt(
      null,
      hexToBytes(sealed),
      additional,
      nonce,
      key,
    );
    expect(opened).toEqual(plaintext);
  });
});

describe('Ed25519 as published', () => {
  it.each([
    [
      'TEST 1',
      '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      '',
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    ],
    [
      'TEST 2',
      '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
      '72',
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    ],
    [
      'TEST 3',
      'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
      'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
      'af82',
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
    ],
  ])('signs RFC 8032, 7.1, %s', (_name, seed, publicKey, message, signature) => {
    const identity = createIdentity('ann', { sign: hexToBytes(seed), box: new Uint8Array(32) });
    expect(bytesToHex(identity.publicKeys.sign)).toBe(publicKey);
    expect(bytesToHex(identity.sign(hexToBytes(message)))).toBe(signature);
    const isValid = sodium().crypto_sign_verify_detached(
      hexToBytes(signature),
      hexToBytes(message),
      hexToBytes(publicKey),
    );
    expect(isValid).toBe(true);
  });
});

describe('Argon2id as published', () => {
  it('derives t=4, m=2^16 KiB, p=1 of src/test.c in the reference implementation', async () => {
    // https://github.com/P-H-C/phc-winner-argon2/blob/20190702/src/test.c, Argon2id, v=19.
    const key = await deriveKeyArgon2id('password', utf8ToBytes('somesalt'), {
      memoryKiB: 65_536,
      passes: 4,
      parallelism: 1,
    });
    expect(key.ok && bytesToHex(key.value)).toBe(
      '9025d48e68ef7395cca9079da4c4ec3affb3c8911fe4f86d1a2520856f63172c',
    );
  });
});

describe('hashes as published', () => {
  it('hashes "abc" as FIPS 180-2, B.1 does, and whole frames as another implementation does', () => {
    expect(bytesToHex(hashFrame(utf8ToBytes('abc')))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
    const long = new Uint8Array(100_000).fill(0xa5);
    expect(bytesToHex(hashFrame(long))).toBe(createHash('sha256').update(long).digest('hex'));
  });

  it('computes keyed BLAKE2b, of which kid and tags are made, as RFC 7693 and another library do', () => {
    const key = new Uint8Array(32).fill(9);
    const message = utf8ToBytes('abc');
    expect(bytesToHex(sodium().crypto_generichash(64, message, null))).toBe(
      'ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1' +
        '7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923',
    );
    expect(sodium().crypto_generichash(32, message, key)).toEqual(
      blake2b(message, { key, dkLen: 32 }),
    );
  });
});
