import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { agreeOnSecret, lendSeeds } from '../crypto/identity.js';
import { loadSodium } from '../crypto/sodium.js';
import { WipedKeyError } from '../crypto/wiped-key-error.js';
import { createMemoryStore } from '../local/memory-store.js';
import { silentLogger } from '../ports/logger.js';
import { createMemoryKeyslots } from '../testing/memory-keyslots.js';
import { createSeededRandom } from '../testing/seeded-random.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import type { Keyslots, LockEvent } from './keyslots.js';
import { createKeyslots } from './sealed-keyslots.js';

const passphrase = 'tractor rides past nine lamps';
const random = createSeededRandom(1);

// Argon2id takes its time on purpose, and more on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let clock: VirtualClock;
let events: LockEvent[];

beforeAll(loadSodium);
beforeEach(() => {
  clock = new VirtualClock();
  events = [];
});

function openKeyslots(autoLock: { autoLockMs?: number }): Keyslots {
  const keyslots = createKeyslots({
    uid: 'ann',
    directory: createMemoryKeyslots(),
    store: createMemoryStore(),
    clock,
    random,
    logger: silentLogger,
    ...autoLock,
  });
  keyslots.on('lock', (event) => events.push(event));
  return keyslots;
}

describe('keyslots that lock by themselves', () => {
  it('do so once nobody was there for so long, and wipe the keys for whoever holds them', async () => {
    const keyslots = openKeyslots({ autoLockMs: 10_000 });
    const identity = await keyslots.create({ passphrase });
    await clock.advance(9_999);
    expect(identity.sign(new Uint8Array(1))).toHaveLength(64);
    expect(events).toEqual([]);
    await clock.advance(1);
    expect(events).toEqual([{ reason: 'idle' }]);
    for (const use of [
      () => identity.sign(new Uint8Array(1)),
      () => agreeOnSecret(identity, identity.publicKeys.box),
      () => lendSeeds(identity, () => 0),
    ]) {
      expect(use).toThrow(WipedKeyError);
    }
    expect(clock.pendingTimers).toBe(0);
    keyslots.touch();
    keyslots.lock();
    expect([events.length, clock.pendingTimers]).toEqual([1, 0]);
  });

  it('stay open while somebody is there, or unlocks again', async () => {
    const keyslots = openKeyslots({ autoLockMs: 10_000 });
    const identity = await keyslots.create({ passphrase });
    for (let minute = 0; minute < 3; minute += 1) {
      await clock.advance(9_999);
      keyslots.touch();
    }
    await clock.advance(9_999);
    expect(await keyslots.unlock({ passphrase })).toBe(identity);
    await clock.advance(9_999);
    expect(events).toEqual([]);
    await clock.advance(1);
    expect(events).toEqual([{ reason: 'idle' }]);
  });

  it('lock at the first touch of who comes back to a device that slept, timers and all', async () => {
    const keyslots = openKeyslots({ autoLockMs: 10_000 });
    const identity = await keyslots.create({ passphrase });
    clock.setTo(clock.now() + 3_600_000);
    keyslots.touch();
    expect(events).toEqual([{ reason: 'idle' }]);
    expect(() => identity.sign(new Uint8Array(1))).toThrow(WipedKeyError);
  });

  it('leave no timer once they are locked by hand or closed', async () => {
    const keyslots = openKeyslots({ autoLockMs: 10_000 });
    await keyslots.create({ passphrase });
    keyslots.lock();
    expect(clock.pendingTimers).toBe(0);
    await keyslots.unlock({ passphrase });
    expect(clock.pendingTimers).toBe(1);
    await keyslots.close();
    expect(clock.pendingTimers).toBe(0);
    expect(events).toEqual([{ reason: 'called' }, { reason: 'called' }]);
  });

  it('never do so unless the app asked for it', async () => {
    const keyslots = openKeyslots({});
    const identity = await keyslots.create({ passphrase });
    expect(clock.pendingTimers).toBe(0);
    keyslots.touch();
    await clock.advance(30 * 86_400_000);
    expect(identity.sign(new Uint8Array(1))).toHaveLength(64);
  });
});
