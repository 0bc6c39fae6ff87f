import { decode, encode } from 'cborg';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { isWiped } from '../crypto/identity.js';
import { loadSodium } from '../crypto/sodium.js';
import { isSealsyncError } from '../errors.js';
import { createMemoryStore } from '../local/memory-store.js';
import { silentLogger } from '../ports/logger.js';
import { MAX_GENERATION, type StoredKeyslot } from '../ports/keyslot-directory.js';
import { type MemoryKeyslots, createMemoryKeyslots } from '../testing/memory-keyslots.js';
import { MemoryTabs } from '../testing/memory-tabs.js';
import { createSeededRandom } from '../testing/seeded-random.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import type { KeyslotEvent } from './keyslot-event.js';
import type { Keyslots } from './keyslots.js';
import { createKeyslots } from './sealed-keyslots.js';

const OLD = 'tractor rides past nine lamps';
const NEW = 'quiet harbour sells green violins';
const prf = new Uint8Array(32).fill(7);
const credentialId = new Uint8Array(16).fill(8);
const clock = new VirtualClock();
const random = createSeededRandom(1);

// Argon2id takes its time on purpose, and more on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let server: MemoryKeyslots;

beforeAll(loadSodium);
beforeEach(() => {
  server = createMemoryKeyslots();
});

interface Device {
  readonly keyslots: Keyslots;
  readonly events: KeyslotEvent[];
}

/** A device, which `contents` outlives. */
function openDevice(contents = new Map<string, Uint8Array>(), uid = 'ann'): Device {
  const store = createMemoryStore(contents);
  const options = { uid, directory: server, store, clock, random, logger: silentLogger };
  const keyslots = createKeyslots(options);
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

const stored = (name = 'passphrase'): StoredKeyslot =>
  server.stored.get(name) ?? expect.fail(`no slot ${name}`);

describe('keyslots', () => {
  it('give the same identity on every device, and never a second one', async () => {
    const first = await openDevice().keyslots.unlockOrCreate({ passphrase: OLD });
    const second = await openDevice().keyslots.unlockOrCreate({ passphrase: OLD });
    expect(second.publicKeys).toEqual(first.publicKeys);
    expect([...server.stored.keys()]).toEqual(['passphrase']);
    expect(await failureOf(openDevice().keyslots.create({ passphrase: OLD }))).toBe(
      'keyslots_exist',
    );
  });

  it('tell a wrong secret by one error, whatever it was', async () => {
    const { keyslots } = openDevice();
    await keyslots.create({ passphrase: OLD });
    const phrase = await keyslots.addRecoveryPhrase();
    const other = openDevice().keyslots;
    for (const secret of [
      { passphrase: NEW },
      { passphrase: '' },
      { recoveryPhrase: phrase.replace(/^\w+/, 'zoo') },
      { passkeyPrf: prf },
    ]) {
      expect(await failureOf(other.unlock(secret))).toBe('wrong_secret');
    }
  });

  it('tell a device that cannot run Argon2id from a wrong secret, and what to do', async () => {
    const { keyslots } = openDevice();
    await keyslots.create({ passphrase: OLD });
    vi.stubGlobal('WebAssembly', undefined);
    const failed = { kind: 'failed', message: expect.stringContaining('64 MiB') as string };
    const other = openDevice().keyslots;
    await expect(other.unlock({ passphrase: OLD })).rejects.toMatchObject(failed);
    await expect(keyslots.setPassphrase(NEW)).rejects.toMatchObject(failed);
    server = createMemoryKeyslots();
    const first = openDevice().keyslots;
    await expect(first.create({ passphrase: OLD })).rejects.toMatchObject(failed);
    expect(server.stored.size).toBe(0);
  });

  it('are not made of a passphrase that is easily guessed', async () => {
    const { keyslots } = openDevice();
    expect(await failureOf(keyslots.create({ passphrase: 'password123' }))).toBe('weak_passphrase');
    await keyslots.create({ passphrase: OLD });
    const change = keyslots.changePassphrase({ from: OLD, to: 'password123' });
    expect(await failureOf(change)).toBe('weak_passphrase');
    expect(await failureOf(openDevice().keyslots.unlock({ passphrase: OLD }))).toBe('none');
  });

  it('are not made anew when reading them fails: the first ones would be lost', async () => {
    await openDevice().keyslots.create({ passphrase: OLD });
    server.failNext('list', 'offline');
    const fresh = openDevice().keyslots;
    expect(await failureOf(fresh.unlockOrCreate({ passphrase: NEW }))).toBe('offline');
    expect(server.calls.filter((call) => call === 'put')).toHaveLength(1);
  });

  it('are not made anew when what is stored cannot be read', async () => {
    server.stored.set('passphrase', {
      name: 'passphrase',
      generation: 0,
      bytes: new Uint8Array(),
    });
    const failure = await failureOf(openDevice().keyslots.unlockOrCreate({ passphrase: NEW }));
    expect(failure).toBe('wrong_secret');
    expect(server.calls).not.toContain('put');
  });

  it('of the faster of two devices win when both are first', async () => {
    const [one, two] = [openDevice().keyslots, openDevice().keyslots];
    const [first, second] = await Promise.all([
      one.unlockOrCreate({ passphrase: OLD }),
      two.unlockOrCreate({ passphrase: OLD }),
    ]);
    expect(second.publicKeys).toEqual(first.publicKeys);
  });

  it('say so when there are none', async () => {
    expect(await failureOf(openDevice().keyslots.unlock({ passphrase: OLD }))).toBe(
      'keyslots_missing',
    );
  });

  it('open by recovery phrase, after which a forgotten passphrase is set anew', async () => {
    const { keyslots } = openDevice();
    const identity = await keyslots.create({ passphrase: OLD });
    const recoveryPhrase = await keyslots.addRecoveryPhrase();
    const other = openDevice().keyslots;
    const found = await other.unlock({ recoveryPhrase: ` ${recoveryPhrase.toUpperCase()} ` });
    expect(found.publicKeys).toEqual(identity.publicKeys);
    await other.setPassphrase(NEW);
    expect(await failureOf(openDevice().keyslots.unlock({ passphrase: NEW }))).toBe('none');
    expect(await failureOf(openDevice().keyslots.unlock({ passphrase: OLD }))).toBe('wrong_secret');
  });

  it('open by passkey, whose credential is told to who wants to unlock', async () => {
    const { keyslots } = openDevice();
    const identity = await keyslots.create({ passphrase: OLD });
    const name = await keyslots.addPasskey({ prf, credentialId });
    const other = openDevice().keyslots;
    expect(await other.list()).toEqual([
      { name: 'passphrase', kind: 'passphrase' },
      { name, kind: 'passkey', credentialId },
    ]);
    expect((await other.unlock({ passkeyPrf: prf })).publicKeys).toEqual(identity.publicKeys);
    const short = keyslots.addPasskey({ prf: prf.subarray(1), credentialId });
    expect(await failureOf(short)).toBe('bad_input');
  });

  it('change in one write, and leave the other slots alone', async () => {
    const { keyslots } = openDevice();
    await keyslots.create({ passphrase: OLD });
    await keyslots.addRecoveryPhrase();
    const recovery = stored('recovery');
    server.calls.length = 0;
    await keyslots.changePassphrase({ from: OLD, to: NEW });
    expect(server.calls).toEqual(['list', 'put']);
    expect(stored('recovery')).toEqual(recovery);
    expect(await failureOf(openDevice().keyslots.unlock({ passphrase: NEW }))).toBe('none');
  });

  it('keep the old passphrase when storing the new one fails', async () => {
    const { keyslots } = openDevice();
    await keyslots.create({ passphrase: OLD });
    server.failNext('put', 'quota');
    expect(await failureOf(keyslots.changePassphrase({ from: OLD, to: NEW }))).toBe('quota');
    const wrong = keyslots.changePassphrase({ from: NEW, to: OLD });
    expect(await failureOf(wrong)).toBe('wrong_secret');
    expect(await failureOf(openDevice().keyslots.unlock({ passphrase: OLD }))).toBe('none');
  });

  it('take a change for done whose acknowledgement was lost', async () => {
    const { keyslots } = openDevice();
    await keyslots.create({ passphrase: OLD });
    server.failNext('put', 'deadline', 'applied');
    expect(await failureOf(keyslots.changePassphrase({ from: OLD, to: NEW }))).toBe('none');
    await keyslots.addRecoveryPhrase();
    server.failNext('remove', 'offline', 'applied');
    expect(await failureOf(keyslots.removeSlot('recovery'))).toBe('none');
  });

  it('do not lose the change of a device that was faster', async () => {
    const { keyslots } = openDevice();
    await keyslots.create({ passphrase: OLD });
    const [one, two] = [openDevice().keyslots, openDevice().keyslots];
    const failures = await Promise.all([
      failureOf(one.changePassphrase({ from: OLD, to: NEW })),
      failureOf(two.changePassphrase({ from: OLD, to: NEW })),
    ]);
    expect(failures.sort()).toEqual(['keyslots_changed', 'none']);
  });

  it('rotate to one identity when two devices begin at once', async () => {
    await openDevice().keyslots.create({ passphrase: OLD });
    const [one, two] = [openDevice().keyslots, openDevice().keyslots];
    const [first, second] = await Promise.all([
      one.prepareRotation({ passphrase: OLD }),
      two.prepareRotation({ passphrase: OLD }),
    ]);
    expect(second.to.publicKeys).toEqual(first.to.publicKeys);
  });

  it('are never all removed', async () => {
    const { keyslots } = openDevice();
    await keyslots.create({ passphrase: OLD });
    await keyslots.addPasskey({ prf, credentialId });
    expect(await failureOf(keyslots.removeSlot('passphrase'))).toBe('last_slot');
    const recoveryPhrase = await keyslots.addRecoveryPhrase();
    await keyslots.removeSlot('passphrase');
    expect(await failureOf(keyslots.removeSlot('recovery'))).toBe('last_slot');
    expect(await failureOf(keyslots.removeSlot('passphrase'))).toBe('bad_input');
    expect(await failureOf(openDevice().keyslots.unlock({ recoveryPhrase }))).toBe('none');
  });

  it('are changed by nobody who has not unlocked', async () => {
    await openDevice().keyslots.create({ passphrase: OLD });
    const { keyslots } = openDevice();
    for (const call of [
      keyslots.setPassphrase(NEW),
      keyslots.addRecoveryPhrase(),
      keyslots.addPasskey({ prf, credentialId }),
      keyslots.removeSlot('passphrase'),
    ]) {
      expect(await failureOf(call)).toBe('locked');
    }
  });

  it('lock: the identity signs nothing any more, and one that is just opening neither', async () => {
    const { keyslots } = openDevice();
    const identity = await keyslots.create({ passphrase: OLD });
    expect(await keyslots.unlock({ passphrase: OLD })).toBe(identity);
    keyslots.lock();
    expect(() => identity.sign(prf)).toThrow();
    const opening = failureOf(keyslots.unlock({ passphrase: OLD }));
    keyslots.lock();
    expect(await opening).toBe('locked');
    await keyslots.unlock({ passphrase: OLD });
    const changing = failureOf(keyslots.setPassphrase(NEW));
    keyslots.lock();
    expect(await changing).toBe('locked');
    expect(await failureOf(keyslots.addRecoveryPhrase())).toBe('locked');
    await keyslots.close();
    await keyslots.close();
    expect(await failureOf(keyslots.unlock({ passphrase: OLD }))).toBe('closed');
  });

  it('show no secret to whoever prints them', async () => {
    const { keyslots } = openDevice();
    await keyslots.create({ passphrase: OLD });
    expect(JSON.stringify(keyslots)).toBe('{}');
  });
});

describe('a device that has unlocked before', () => {
  it('unlocks offline, and by what other devices changed while it could see it', async () => {
    const contents = new Map<string, Uint8Array>();
    const { keyslots } = openDevice(contents);
    await keyslots.create({ passphrase: OLD });
    server.failNext('list', 'offline');
    const offline = openDevice(contents).keyslots;
    expect(await failureOf(offline.unlock({ passphrase: OLD }))).toBe('none');
    server.failNext('list', 'offline');
    const change = offline.changePassphrase({ from: OLD, to: NEW });
    expect(await failureOf(change)).toBe('offline');

    await openDevice().keyslots.changePassphrase({ from: OLD, to: NEW });
    await openDevice(contents).keyslots.unlock({ passphrase: NEW });
    for (const [passphrase, outcome] of [
      [NEW, 'none'],
      [OLD, 'wrong_secret'],
    ] as const) {
      server.failNext('list', 'offline');
      expect(await failureOf(openDevice(contents).keyslots.unlock({ passphrase }))).toBe(outcome);
    }
  });

  it('refuses an older slot that is put back, says so, and still opens', async () => {
    const contents = new Map<string, Uint8Array>();
    const { keyslots } = openDevice(contents);
    await keyslots.create({ passphrase: OLD });
    const old = stored();
    await keyslots.changePassphrase({ from: OLD, to: NEW });
    server.stored.set('passphrase', old);
    const again = openDevice(contents);
    expect(await failureOf(again.keyslots.unlock({ passphrase: OLD }))).toBe('wrong_secret');
    expect(again.events).toMatchObject([{ kind: 'keyslot_rolled_back', slot: 'passphrase' }]);
    expect(await failureOf(again.keyslots.unlock({ passphrase: NEW }))).toBe('none');
    // A device that never saw the newer slot cannot know.
    const fresh = openDevice();
    expect(await failureOf(fresh.keyslots.unlock({ passphrase: OLD }))).toBe('none');
    expect(fresh.events).toEqual([]);
  });

  it('refuses a removed slot that is put back, until a new one takes its name', async () => {
    const contents = new Map<string, Uint8Array>();
    const { keyslots } = openDevice(contents);
    await keyslots.create({ passphrase: OLD });
    const recoveryPhrase = await keyslots.addRecoveryPhrase();
    const old = stored('recovery');
    await keyslots.removeSlot('recovery');
    server.stored.set('recovery', old);
    const again = openDevice(contents);
    expect(await failureOf(again.keyslots.unlock({ recoveryPhrase }))).toBe('wrong_secret');
    expect(again.events).toMatchObject([{ kind: 'keyslot_rolled_back', slot: 'recovery' }]);

    server.stored.delete('recovery');
    const fresh = openDevice().keyslots;
    await fresh.unlock({ passphrase: OLD });
    await clock.advance(1_000);
    const next = await fresh.addRecoveryPhrase();
    const outcome = await failureOf(openDevice(contents).keyslots.unlock({ recoveryPhrase: next }));
    expect(outcome).toBe('none');
  });

  it('refuses a slot that another device removed', async () => {
    const contents = new Map<string, Uint8Array>();
    const { keyslots } = openDevice(contents);
    await keyslots.create({ passphrase: OLD });
    const recoveryPhrase = await keyslots.addRecoveryPhrase();
    const old = stored('recovery');
    const other = openDevice().keyslots;
    await other.unlock({ passphrase: OLD });
    await other.removeSlot('recovery');
    await keyslots.unlock({ passphrase: OLD });
    server.stored.set('recovery', old);
    expect(await failureOf(openDevice(contents).keyslots.unlock({ recoveryPhrase }))).toBe(
      'wrong_secret',
    );
  });

  it('says so when the server has lost all slots, opens with its own, and makes no new identity', async () => {
    const contents = new Map<string, Uint8Array>();
    const identity = await openDevice(contents).keyslots.create({ passphrase: OLD });
    server.stored.clear();
    const again = openDevice(contents);
    const found = await again.keyslots.unlockOrCreate({ passphrase: OLD });
    expect(found.publicKeys).toEqual(identity.publicKeys);
    expect(again.events).toMatchObject([{ kind: 'keyslots_missing' }]);
    await again.keyslots.setPassphrase(NEW);
    const fresh = await openDevice().keyslots.unlock({ passphrase: NEW });
    expect(fresh.publicKeys).toEqual(identity.publicKeys);
  });

  it('does not take a damaged memory for none, which would let an old slot pass', async () => {
    const contents = new Map<string, Uint8Array>();
    await openDevice(contents).keyslots.create({ passphrase: OLD });
    for (const key of contents.keys()) contents.set(key, new Uint8Array([1, 2, 3]));
    const { keyslots } = openDevice(contents);
    expect(await failureOf(keyslots.unlock({ passphrase: OLD }))).toBe('store_corrupt');
  });
});

describe('a generation that no clock gives', () => {
  it('does not keep a slot from opening, nor later ones from being told apart', async () => {
    const ahead = new VirtualClock(clock.now() + 400 * 86_400_000);
    const store = createMemoryStore();
    const options = { uid: 'ann', directory: server, store, random, logger: silentLogger };
    await createKeyslots({ ...options, clock: ahead }).create({ passphrase: OLD });
    const contents = new Map<string, Uint8Array>();
    const { keyslots } = openDevice(contents);
    await keyslots.unlock({ passphrase: OLD });
    const old = stored();
    await keyslots.changePassphrase({ from: OLD, to: NEW });
    expect(stored().generation).toBe(old.generation + 1);
    server.stored.set('passphrase', old);
    const again = openDevice(contents);
    expect(await failureOf(again.keyslots.unlock({ passphrase: OLD }))).toBe('wrong_secret');
  });

  it('that is impossible stores nothing that could not be read again, and is forgotten', async () => {
    const { keyslots } = openDevice();
    await keyslots.create({ passphrase: OLD });
    const bytes = new Uint8Array([1]);
    server.stored.set('recovery', { name: 'recovery', generation: MAX_GENERATION, bytes });
    expect(await failureOf(keyslots.addRecoveryPhrase())).toBe('failed');
    expect(stored('recovery').bytes).toBe(bytes);
    await keyslots.changePassphrase({ from: OLD, to: NEW });
    expect(stored().generation).toBeLessThan(MAX_GENERATION);
    await keyslots.removeSlot('recovery');
    expect(await failureOf(keyslots.addRecoveryPhrase())).toBe('none');
  });
});

describe('a slot that somebody changed', () => {
  const change = (at: number, item: unknown): void => {
    const slot = stored();
    const items = decode(slot.bytes) as unknown[];
    items[at] = item;
    server.stored.set('passphrase', { ...slot, bytes: Uint8Array.from(encode(items)) });
  };

  it('with weaker parameters is not opened, and reported', async () => {
    await openDevice().keyslots.create({ passphrase: OLD });
    const [, , , , parameters] = decode(stored().bytes) as [0, 0, 0, 0, unknown[]];
    change(4, [parameters[0], 8, 1, 1]);
    const { keyslots, events } = openDevice();
    expect(await failureOf(keyslots.unlock({ passphrase: OLD }))).toBe('weak_parameters');
    expect(events).toMatchObject([{ kind: 'keyslot_weakened', slot: 'passphrase' }]);
  });

  it('of a newer version asks for a newer app, and of another user is none', async () => {
    await openDevice().keyslots.create({ passphrase: OLD });
    const original = stored();
    change(0, 2);
    expect(await failureOf(openDevice().keyslots.unlock({ passphrase: OLD }))).toBe(
      'upgrade_required',
    );
    server.stored.set('passphrase', original);
    expect(await failureOf(openDevice(new Map(), 'eve').keyslots.unlock({ passphrase: OLD }))).toBe(
      'wrong_secret',
    );
  });

  it('whose plain generation is not its own does not open', async () => {
    await openDevice().keyslots.create({ passphrase: OLD });
    server.stored.set('passphrase', { ...stored(), generation: stored().generation + 1 });
    expect(await failureOf(openDevice().keyslots.unlock({ passphrase: OLD }))).toBe('wrong_secret');
  });
});

describe('keyslots in several tabs', () => {
  /** Two tabs of one user, unlocked, and what each heard of being locked. */
  async function openTabs(autoLockMs = 600_000): Promise<[Keyslots, Keyslots, string[]]> {
    const group = new MemoryTabs(clock);
    const heard: string[] = [];
    const open = async (name: string): Promise<Keyslots> => {
      const base = { uid: 'ann', directory: server, clock, random, logger: silentLogger };
      const store = createMemoryStore();
      const keyslots = createKeyslots({ ...base, store, autoLockMs, tabs: group.open() });
      keyslots.on('lock', ({ reason }) => heard.push(`${name}: ${reason}`));
      await keyslots.unlockOrCreate({ passphrase: OLD });
      return keyslots;
    };
    return [await open('one'), await open('two'), heard];
  }

  it('are all locked by locking one, and none by closing one', async () => {
    const [one, two, heard] = await openTabs();
    const identity = await two.unlock({ passphrase: OLD });
    await one.close();
    await clock.advance(0);
    expect(heard).toEqual(['one: called']);
    expect(isWiped(identity)).toBe(false);
    await two.close();
    const [four, five, others] = await openTabs();
    const other = await five.unlock({ passphrase: OLD });
    four.lock();
    await clock.advance(0);
    expect(others).toEqual(['one: called', 'two: called']);
    expect(isWiped(other)).toBe(true);
    for (const keyslots of [four, five]) await keyslots.close();
  });

  it('stay unlocked while their user is in any of them', async () => {
    const [one, two, heard] = await openTabs(60_000);
    await clock.advance(50_000);
    one.touch();
    await clock.advance(50_000);
    expect(heard).toEqual([]);
    await clock.advance(10_000);
    expect(heard.sort()).toEqual(['one: idle', 'two: called']);
    await one.close();
    await two.close();
  });

  it('are locked where they hold keys that another one has replaced', async () => {
    const [one, two, heard] = await openTabs();
    await one.prepareRotation({ passphrase: OLD });
    await one.completeRotation({ passphrase: OLD });
    await clock.advance(0);
    expect(heard).toEqual(['two: called']);
    const now = await two.unlock({ passphrase: OLD });
    expect(now.publicKeys).toEqual((await one.unlock({ passphrase: OLD })).publicKeys);
    await one.close();
    await two.close();
  });
});
