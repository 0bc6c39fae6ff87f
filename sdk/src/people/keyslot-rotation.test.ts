import { sha256 } from '@noble/hashes/sha2.js';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Identity } from '../crypto/identity.js';
import { loadSodium } from '../crypto/sodium.js';
import { WipedKeyError } from '../crypto/wiped-key-error.js';
import { isSealsyncError } from '../errors.js';
import { createMemoryStore } from '../local/memory-store.js';
import { silentLogger } from '../ports/logger.js';
import type { StoredKeyslot } from '../ports/keyslot-directory.js';
import { type MemoryKeyslots, createMemoryKeyslots } from '../testing/memory-keyslots.js';
import { createSeededRandom } from '../testing/seeded-random.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import type { KeyslotEvent } from './keyslot-event.js';
import type { Keyslots } from './keyslots.js';
import { createKeyslots } from './sealed-keyslots.js';

// Dozens of crashes are resumed here, and none of it is about how long a guess takes.
vi.mock('hash-wasm', () => ({
  argon2id: ({ password, salt }: { password: Uint8Array; salt: Uint8Array }) =>
    Promise.resolve(sha256(Uint8Array.of(...salt, ...password))),
}));

const OLD = 'tractor rides past nine lamps';
const NEW = 'quiet harbour sells green violins';
const prf = new Uint8Array(32).fill(7);
const credentialId = new Uint8Array(16).fill(8);
const message = new Uint8Array(1);

let clock: VirtualClock;
let random: ReturnType<typeof createSeededRandom>;
let server: MemoryKeyslots;

beforeAll(loadSodium);
beforeEach(() => {
  clock = new VirtualClock();
  random = createSeededRandom(1);
  server = createMemoryKeyslots();
});

interface Device {
  readonly keyslots: Keyslots;
  readonly events: KeyslotEvent[];
}

/** A device, which `contents` outlives. */
function openDevice(contents = new Map<string, Uint8Array>()): Device {
  const store = createMemoryStore(contents);
  const logger = silentLogger;
  const keyslots = createKeyslots({ uid: 'ann', directory: server, store, clock, random, logger });
  const events: KeyslotEvent[] = [];
  keyslots.on('security', (event) => events.push(event));
  return { keyslots, events };
}

async function failureOf(run: Promise<unknown>): Promise<string> {
  try {
    await run;
  } catch (error) {
    return isSealsyncError(error) ? error.kind : String(error);
  }
  return 'none';
}

const stored = (name: string): StoredKeyslot =>
  server.stored.get(name) ?? expect.fail(`no slot ${name}`);
const keysOf = (identity: Identity): string => JSON.stringify(identity.publicKeys);

/** A device of a user who has set up all ways to unlock. */
async function setUp(contents?: Map<string, Uint8Array>): Promise<Keyslots> {
  const { keyslots } = openDevice(contents);
  await keyslots.create({ passphrase: OLD });
  await keyslots.addRecoveryPhrase();
  await keyslots.addPasskey({ prf, credentialId });
  return keyslots;
}

async function rotate(keyslots: Keyslots): Promise<{ from: string; to: string; version: number }> {
  const { from, to, identityVersion } = await keyslots.prepareRotation({ passphrase: OLD });
  const keys = { from: keysOf(from), to: keysOf(to), version: identityVersion };
  await keyslots.completeRotation({ passphrase: OLD });
  return keys;
}

describe('a rotation of identity', () => {
  it('leaves the passphrase alone to open the new one, and none of the leaked keys', async () => {
    const keyslots = await setUp();
    const before = await keyslots.unlock({ passphrase: OLD });
    const { from, to, identityVersion } = await keyslots.prepareRotation({ passphrase: OLD });
    expect(from).toBe(before);
    expect(identityVersion).toBe(2);
    expect(to.uid).toBe('ann');
    expect(keysOf(to)).not.toBe(keysOf(from));
    await keyslots.completeRotation({ passphrase: OLD });
    expect([...server.stored.keys()]).toEqual(['passphrase']);
    expect(await keyslots.unlock({ passphrase: OLD })).toBe(to);
    expect(to.sign(message)).toHaveLength(64);
    expect(() => before.sign(message)).toThrow(WipedKeyError);
    expect(keysOf(await openDevice().keyslots.unlock({ passphrase: OLD }))).toBe(keysOf(to));
    await keyslots.addRecoveryPhrase();
    expect((await rotate(keyslots)).version).toBe(3);
  });

  it('changes nothing while it is only prepared, for any way to unlock', async () => {
    const keyslots = await setUp();
    const before = new Map(server.stored);
    const { from } = await keyslots.prepareRotation({ passphrase: OLD });
    expect(server.stored.size).toBe(before.size + 1);
    for (const [name, slot] of before) expect(server.stored.get(name)).toBe(slot);
    const other = openDevice().keyslots;
    expect(keysOf(await other.unlock({ passphrase: OLD }))).toBe(keysOf(from));
    expect(keysOf(await other.unlock({ passkeyPrf: prf }))).toBe(keysOf(from));
    expect((await other.list()).map(({ name }) => name)).toEqual([...before.keys()]);
    expect(await other.rotationPending()).toBe(true);
  });

  it('begun on one device is resumed on another, with the same keys', async () => {
    const one = await setUp();
    const { to } = await one.prepareRotation({ passphrase: OLD });
    const again = await one.prepareRotation({ passphrase: OLD });
    expect(again.to).toBe(to);
    const two = openDevice().keyslots;
    const resumed = await two.prepareRotation({ passphrase: OLD });
    expect(keysOf(resumed.to)).toBe(keysOf(to));
    await two.completeRotation({ passphrase: OLD });
    expect(keysOf(await one.unlock({ passphrase: OLD }))).toBe(keysOf(to));
    expect(await one.rotationPending()).toBe(false);
  });

  it('needs the passphrase, and a server that can be reached', async () => {
    const keyslots = await setUp();
    expect(await failureOf(keyslots.prepareRotation({ passphrase: NEW }))).toBe('wrong_secret');
    expect(await failureOf(keyslots.completeRotation({ passphrase: NEW }))).toBe('wrong_secret');
    server.failNext('list', 'offline');
    expect(await failureOf(keyslots.prepareRotation({ passphrase: OLD }))).toBe('offline');
    expect(await failureOf(openDevice().keyslots.abandonRotation())).toBe('locked');
    server = createMemoryKeyslots();
    const none = openDevice().keyslots;
    expect(await failureOf(none.prepareRotation({ passphrase: OLD }))).toBe('keyslots_missing');
    expect(await failureOf(none.completeRotation({ passphrase: OLD }))).toBe('keyslots_missing');
  });

  it('that was never begun, or is complete, has nothing left to complete', async () => {
    const keyslots = await setUp();
    const before = new Map(server.stored);
    await keyslots.completeRotation({ passphrase: OLD });
    expect(server.stored).toEqual(before);
    const { to } = await rotate(keyslots);
    await keyslots.completeRotation({ passphrase: OLD });
    expect(keysOf(await keyslots.unlock({ passphrase: OLD }))).toBe(to);
  });

  it('is not taken for complete by a server that hides the next identity', async () => {
    const keyslots = await setUp();
    await keyslots.prepareRotation({ passphrase: OLD });
    server.stored.delete('next');
    expect(await failureOf(keyslots.completeRotation({ passphrase: OLD }))).toBe(
      'keyslots_changed',
    );
  });

  it('wipes both identities when it is locked, and goes on after unlocking', async () => {
    const keyslots = await setUp();
    const { from, to } = await keyslots.prepareRotation({ passphrase: OLD });
    keyslots.lock();
    for (const identity of [from, to]) expect(() => identity.sign(message)).toThrow(WipedKeyError);
    const preparing = failureOf(keyslots.prepareRotation({ passphrase: OLD }));
    keyslots.lock();
    expect(await preparing).toBe('locked');
    await keyslots.completeRotation({ passphrase: OLD });
    expect(keysOf(await keyslots.unlock({ passphrase: OLD }))).toBe(keysOf(to));
  });
});

describe('a rotation that a crash interrupts', () => {
  /** Answers with the crashed one's keys as far as it told them. */
  async function crash(calls: number, applied: 'applied' | undefined) {
    const contents = new Map<string, Uint8Array>();
    const keyslots = await setUp(contents);
    const before = keysOf(await keyslots.unlock({ passphrase: OLD }));
    let told: string | undefined;
    server.cutAfter(calls, applied);
    const failure = await failureOf(
      (async () => {
        const { to } = await keyslots.prepareRotation({ passphrase: OLD });
        told = keysOf(to);
        await keyslots.completeRotation({ passphrase: OLD });
      })(),
    );
    return { contents, before, told, failure, wasCut: server.reconnect() };
  }

  const cases = (['applied', undefined] as const).flatMap((applied) =>
    (['the same', 'a fresh'] as const).map((device) => ({ applied, device })),
  );

  it.each(cases)(
    'at any call (its effect $applied) is finished on $device device, with no key lost',
    async ({ applied, device }) => {
      let calls = 0;
      for (; ; calls += 1) {
        server = createMemoryKeyslots();
        const crashed = await crash(calls, applied);
        if (!crashed.wasCut) {
          expect(crashed.failure).toBe('none');
          break;
        }
        const { keyslots, events } = openDevice(
          device === 'the same' ? crashed.contents : undefined,
        );
        const found = keysOf(await keyslots.unlock({ passphrase: OLD }));
        expect([crashed.before, crashed.told]).toContain(found);
        // Whoever knows of the next identity must find it, wherever the first device died.
        if (crashed.told !== undefined && found !== crashed.told) {
          expect(await keyslots.rotationPending()).toBe(true);
        }
        const isDone = found === crashed.told && !(await keyslots.rotationPending());
        const finished = isDone ? { to: found } : await rotate(keyslots);
        if (crashed.told !== undefined) expect(finished.to).toBe(crashed.told);
        expect([...server.stored.keys()]).toEqual(['passphrase']);
        expect(await keyslots.rotationPending()).toBe(false);
        expect(keysOf(await keyslots.unlock({ passphrase: OLD }))).toBe(finished.to);
        expect(keysOf(await openDevice().keyslots.unlock({ passphrase: OLD }))).toBe(finished.to);
        expect(events).toEqual([]);
      }
      // list, put; list, put, three removals.
      expect(calls).toBe(7);
    },
  );

  it('while its acknowledgement is lost goes on as if nothing had happened', async () => {
    const keyslots = await setUp();
    server.failNext('put', 'deadline', 'applied');
    const { to } = await keyslots.prepareRotation({ passphrase: OLD });
    server.failNext('put', 'deadline', 'applied');
    server.failNext('remove', 'deadline', 'applied');
    await keyslots.completeRotation({ passphrase: OLD });
    expect([...server.stored.keys()]).toEqual(['passphrase']);
    expect(await keyslots.unlock({ passphrase: OLD })).toBe(to);
  });
});

describe('while a rotation is pending', () => {
  it('no slot is added, since it would hold the keys that leaked', async () => {
    const keyslots = await setUp();
    await keyslots.prepareRotation({ passphrase: OLD });
    const before = new Map(server.stored);
    for (const call of [
      keyslots.addRecoveryPhrase(),
      keyslots.addPasskey({ prf, credentialId }),
      keyslots.setPassphrase(NEW),
    ]) {
      expect(await failureOf(call)).toBe('rotation_pending');
    }
    expect(await failureOf(keyslots.removeSlot('next'))).toBe('bad_input');
    expect(server.stored).toEqual(before);
  });

  it('the next identity is no slot that may stay alone', async () => {
    const { keyslots } = openDevice();
    await keyslots.create({ passphrase: OLD });
    await keyslots.prepareRotation({ passphrase: OLD });
    expect(await failureOf(keyslots.removeSlot('passphrase'))).toBe('last_slot');
  });

  it('a device that knows the others says so when the next identity is all that is shown', async () => {
    const contents = new Map<string, Uint8Array>();
    const keyslots = await setUp(contents);
    const { from } = await keyslots.prepareRotation({ passphrase: OLD });
    for (const name of [...server.stored.keys()]) {
      if (name !== 'next') server.stored.delete(name);
    }
    const again = openDevice(contents);
    const found = await again.keyslots.unlockOrCreate({ passphrase: OLD });
    expect(keysOf(found)).toBe(keysOf(from));
    expect(again.events).toMatchObject([{ kind: 'keyslots_missing' }]);
    expect(await failureOf(openDevice().keyslots.unlockOrCreate({ passphrase: OLD }))).toBe(
      'wrong_secret',
    );
  });

  it('a change of passphrase takes the next identity along, also if it was interrupted', async () => {
    const keyslots = await setUp();
    const { to } = await keyslots.prepareRotation({ passphrase: OLD });
    // After the next identity's slot, before the passphrase's own.
    server.cutAfter(2);
    const change = { from: OLD, to: NEW };
    expect(await failureOf(keyslots.changePassphrase(change))).toBe('offline');
    server.reconnect();
    const other = openDevice().keyslots;
    expect(await failureOf(other.prepareRotation({ passphrase: OLD }))).toBe('rotation_pending');
    await other.changePassphrase(change);
    await other.completeRotation({ passphrase: NEW });
    const found = await openDevice().keyslots.unlock({ passphrase: NEW });
    expect(keysOf(found)).toBe(keysOf(to));
  });

  it('a forgotten passphrase is set anew once the next identity was given up', async () => {
    const { keyslots } = openDevice();
    const before = keysOf(await keyslots.create({ passphrase: OLD }));
    const recoveryPhrase = await keyslots.addRecoveryPhrase();
    await keyslots.prepareRotation({ passphrase: OLD });
    const other = openDevice().keyslots;
    await other.unlock({ recoveryPhrase });
    expect(await failureOf(other.setPassphrase(NEW))).toBe('rotation_pending');
    await other.abandonRotation();
    await other.abandonRotation();
    expect(await other.rotationPending()).toBe(false);
    await other.setPassphrase(NEW);
    const found = await openDevice().keyslots.unlock({ passphrase: NEW });
    expect(keysOf(found)).toBe(before);
  });
});

describe('after a rotation', () => {
  it('a device that still holds the old identity puts it under no secret again', async () => {
    const keyslots = await setUp();
    const { keyslots: other } = openDevice();
    await other.unlock({ passphrase: OLD });
    const { to } = await rotate(keyslots);
    for (const call of [
      () => other.setPassphrase(NEW),
      () => other.addRecoveryPhrase(),
      () => other.addPasskey({ prf, credentialId }),
    ]) {
      expect(await failureOf(call())).toBe('keyslots_changed');
    }
    expect([...server.stored.keys()]).toEqual(['passphrase']);
    expect(keysOf(await other.unlock({ passphrase: OLD }))).toBe(to);
    expect(await failureOf(other.addRecoveryPhrase())).toBe('none');
  });

  it('a next identity of earlier that is put back is reported and not used', async () => {
    const contents = new Map<string, Uint8Array>();
    const keyslots = await setUp(contents);
    await keyslots.prepareRotation({ passphrase: OLD });
    const next = stored('next');
    await keyslots.completeRotation({ passphrase: OLD });
    const { to } = await rotate(keyslots);
    server.stored.set('next', next);
    const again = openDevice(contents);
    expect(await again.keyslots.rotationPending()).toBe(false);
    expect(again.events).toMatchObject([{ kind: 'keyslot_rolled_back', slot: 'next' }]);

    // A device that never saw it removed opens it, and finds it to be of an earlier version.
    const fresh = openDevice();
    expect(await fresh.keyslots.rotationPending()).toBe(true);
    await fresh.keyslots.completeRotation({ passphrase: OLD });
    expect(fresh.events).toMatchObject([{ kind: 'keyslot_rolled_back', slot: 'next' }]);
    expect([...server.stored.keys()]).toEqual(['passphrase']);
    expect(keysOf(await fresh.keyslots.unlock({ passphrase: OLD }))).toBe(to);

    server.stored.set('next', next);
    const { to: third } = await openDevice().keyslots.prepareRotation({ passphrase: OLD });
    expect([keysOf(third) === to, stored('next') === next]).toEqual([false, false]);
  });

  it('a passphrase slot of before is no reason to lose what is newer', async () => {
    const keyslots = await setUp();
    const first = stored('passphrase');
    await rotate(keyslots);
    await keyslots.prepareRotation({ passphrase: OLD });
    server.stored.set('passphrase', first);
    const fresh = openDevice().keyslots;
    expect(await failureOf(fresh.prepareRotation({ passphrase: OLD }))).toBe('keyslots_changed');
    expect(server.stored.has('next')).toBe(true);
  });
});
