import { decode, encode } from 'cborg';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { createSeededRandom } from '../testing/seeded-random.js';
import { type Identity, generateIdentity } from './identity.js';
import { type NewKeyslotLock, type SealKeyslotInput, openKeyslot, sealKeyslot } from './keyslot.js';
import { parseKeyslot } from './keyslot-format.js';
import type { KeyslotSecret } from './keyslot-secret.js';
import { generateRecoveryPhrase } from './recovery-phrase.js';
import { loadSodium } from './sodium.js';

const random = createSeededRandom(1);
const prfOutput = new Uint8Array(32).fill(7);
const credentialId = new Uint8Array(16).fill(8);
const passkey = { kind: 'passkey', prfOutput, credentialId } as const;
const passphrase = { kind: 'passphrase', passphrase: 'tractor rides past nine lamps' } as const;

let ann: Identity;

beforeAll(async () => {
  await loadSodium();
  ann = generateIdentity('ann', random);
});

async function seal(
  lock: NewKeyslotLock,
  change: Partial<SealKeyslotInput> = {},
): Promise<Uint8Array> {
  const input = { identity: ann, identityVersion: 3, slot: 'laptop', generation: 5, lock, random };
  const sealed = await sealKeyslot({ ...input, ...change });
  return sealed.ok ? sealed.value : expect.fail(sealed.error.message);
}

async function outcome(
  bytes: Uint8Array,
  secret: KeyslotSecret = passkey,
  { uid = 'ann', slot = 'laptop' } = {},
): Promise<string> {
  const opened = await openKeyslot({ bytes, uid, slot, secret });
  return opened.ok ? 'ok' : opened.error.kind;
}

/** The slot with item `at` of its array replaced, as whoever stores it could. */
function replaceItem(bytes: Uint8Array, at: number, item: unknown): Uint8Array {
  const items = decode(bytes) as unknown[];
  items[at] = item;
  return Uint8Array.from(encode(items));
}

describe('a keyslot', () => {
  it('gives the identity back, so that a lost device loses nothing', async () => {
    const phrase = await generateRecoveryPhrase(random);
    const recovery = { kind: 'recovery', phrase } as const;
    for (const lock of [passphrase, recovery, passkey]) {
      const bytes = await seal(lock);
      const opened = await openKeyslot({ bytes, uid: 'ann', slot: 'laptop', secret: lock });
      if (!opened.ok) return expect.fail(`${lock.kind}: ${opened.error.message}`);
      const { identity, identityVersion, generation } = opened.value;
      expect(identity.publicKeys).toEqual(ann.publicKeys);
      expect(identity.sign(prfOutput)).toEqual(ann.sign(prfOutput));
      expect([identityVersion, generation]).toEqual([3, 5]);
      // What was opened can be sealed again: changing a passphrase needs nothing else.
      expect(await outcome(await seal(passkey, { identity }))).toBe('ok');
    }
  });

  it('that this device cannot open is not called a wrong secret', async () => {
    const bytes = await seal(passphrase);
    vi.stubGlobal('WebAssembly', undefined);
    expect(await outcome(bytes, passphrase)).toBe('kdf_failed');
    const lock = passphrase;
    const input = {
      identity: ann,
      identityVersion: 1,
      slot: 'laptop',
      generation: 6,
      lock,
      random,
    };
    expect(await sealKeyslot(input)).toMatchObject({ error: { kind: 'kdf_failed' } });
    expect(await outcome(await seal(passkey))).toBe('ok');
  });

  it('tells what is needed to open it before it is opened', async () => {
    const parsed = parseKeyslot(await seal(passkey));
    if (!parsed.ok) return expect.fail(parsed.error.message);
    const lock = { kind: 'passkey', credentialId };
    expect(parsed.value.header).toEqual({ uid: 'ann', slot: 'laptop', lock, generation: 5 });
  });

  it('has one answer for every wrong secret, so that a thief learns nothing from it', async () => {
    const phrase = await generateRecoveryPhrase(random);
    const another = await generateRecoveryPhrase(random);
    const bytes = await seal({ kind: 'recovery', phrase });
    const answers = await Promise.all(
      [
        { kind: 'recovery', phrase: another } as const,
        { kind: 'recovery', phrase: phrase.slice(0, -1) } as const,
        passphrase,
        passkey,
      ].map((secret) => openKeyslot({ bytes, uid: 'ann', slot: 'laptop', secret })),
    );
    const wrongPassphrase = { kind: 'passphrase', passphrase: 'tractor rides past' } as const;
    const slot = await seal(passphrase);
    answers.push(
      await openKeyslot({ bytes: slot, uid: 'ann', slot: 'laptop', secret: wrongPassphrase }),
      await openKeyslot({ bytes: slot.fill(0), uid: 'ann', slot: 'laptop', secret: passphrase }),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ ok: false, error: { kind: 'wrong_secret' } });
  });

  it('does not open with any byte changed, nor shorter, nor longer', async () => {
    const bytes = await seal(passkey);
    expect(await outcome(bytes)).toBe('ok');
    const kinds = new Set<string>();
    for (let at = 0; at < bytes.length; at += 1) {
      for (const flip of [1, 0x80]) {
        const changed = Uint8Array.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ flip;
        kinds.add(await outcome(changed));
      }
      kinds.add(await outcome(bytes.subarray(0, at)));
    }
    kinds.add(await outcome(Uint8Array.of(...bytes, 0)));
    expect([...kinds].sort()).toEqual(['upgrade_required', 'wrong_secret']);
  });

  it('does not open as another user’s or another slot, or with another generation', async () => {
    const bytes = await seal(passkey);
    const lies = [
      outcome(bytes, passkey, { uid: 'bea' }),
      outcome(bytes, passkey, { slot: 'phone' }),
      outcome(replaceItem(bytes, 1, 'bea'), passkey, { uid: 'bea' }),
      outcome(replaceItem(bytes, 2, 'phone'), passkey, { slot: 'phone' }),
      outcome(replaceItem(bytes, 5, 6)),
    ];
    expect(await Promise.all(lies)).toEqual(lies.map(() => 'wrong_secret'));
  });

  it('does not open with its salt or its cost changed, if only to a greater one', async () => {
    const bytes = await seal(passphrase);
    const parsed = parseKeyslot(bytes);
    if (!parsed.ok || parsed.value.header.lock.kind !== 'passphrase') return expect.fail();
    const { salt } = parsed.value.header.lock;
    expect(await outcome(bytes, passphrase)).toBe('ok');
    const greater = replaceItem(bytes, 4, [salt, 65_536, 4, 1]);
    const other = replaceItem(bytes, 4, [new Uint8Array(16), 65_536, 3, 1]);
    expect(await outcome(greater, passphrase)).toBe('wrong_secret');
    expect(await outcome(other, passphrase)).toBe('wrong_secret');
  });

  it.each([
    ['below the floor', [8, 1, 1]],
    ['that would freeze the device', [2 ** 32 - 1, 2 ** 32 - 1, 1]],
  ])('refuses parameters %s without running them', async (_name, parameters) => {
    const bytes = replaceItem(await seal(passphrase), 4, [new Uint8Array(16), ...parameters]);
    expect(await outcome(bytes, passphrase)).toBe('weak_parameters');
  });

  it('is not made under a passphrase that is easy to guess', async () => {
    const lock = { kind: 'passphrase', passphrase: 'Summer2024!!' } as const;
    const sealed = await sealKeyslot({
      identity: ann,
      identityVersion: 1,
      slot: 'laptop',
      generation: 1,
      lock,
      random,
    });
    expect(sealed).toMatchObject({ ok: false, error: { kind: 'weak_passphrase' } });
  });

  it.each([
    ['generation 0', { generation: 0 }],
    ['identity version 0', { identityVersion: 0 }],
    ['a nameless slot', { slot: '' }],
  ])('is not made with %s', async (_name, change) => {
    await expect(seal(passkey, change)).rejects.toThrow(RangeError);
  });

  it('is not made of an identity that was wiped', async () => {
    const wiped = generateIdentity('ann', random);
    wiped.wipe();
    await expect(seal(passkey, { identity: wiped })).rejects.toThrow('wiped');
  });

  it('holds neither seed nor passphrase in the open', async () => {
    const seeds = { bytes: (length: number) => new Uint8Array(length).fill(0x5e) };
    const bytes = await seal(passphrase, { identity: generateIdentity('ann', seeds) });
    const found = Buffer.from(bytes);
    expect(found.includes(Buffer.alloc(8, 0x5e)) || found.includes('tractor')).toBe(false);
  });
});
