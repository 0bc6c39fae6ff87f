import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadSodium } from '../crypto/sodium.js';
import { foundWorlds } from '../testing/found-worlds.js';
import type { Disruption } from '../testing/memory-log-faults.js';
import type { SyncDevice, SyncWorld } from '../testing/sync-world.js';

/*
 * Whatever people do takes several calls, and a device may die at each of them: before the
 * server has applied it, or after. Afterwards another device of the same user does it again.
 */

const worlds = foundWorlds();
const HOUR_MS = 3_600_000;
/** More than any of them takes; each run stops at the first call that it never reaches. */
const MAX_CALLS = 40;

beforeAll(loadSodium);
afterEach(() => worlds.closeAll());

interface Scenario {
  readonly prepare?: (world: SyncWorld, ann: SyncDevice) => Promise<string>;
  /** Whose device dies. */
  readonly uid: string;
  readonly act: (world: SyncWorld, prepared: string) => Promise<unknown>;
  readonly check: (world: SyncWorld, ann: SyncDevice) => void;
}

const namesOf = ({ budget }: SyncDevice): string[] => [...budget.people.members().keys()].sort();

/** Opens a device and runs `call` on it; it need not be the last of its user. */
const onDevice =
  (uid: string, call: (device: SyncDevice) => Promise<unknown>) =>
  async (world: SyncWorld): Promise<void> => {
    const device = await world.open(uid);
    try {
      await world.during(call(device));
    } finally {
      world.devices.splice(world.devices.indexOf(device), 1);
      await world.during(device.budget.close());
    }
  };

const scenarios: Readonly<Record<string, Scenario>> = {
  'removing a member': {
    uid: 'ann',
    act: onDevice('ann', ({ budget }) => budget.people.removeMember('ben')),
    check: (_world, ann) => {
      expect(namesOf(ann)).toEqual(['ann']);
      expect(ann.budget.verifiedState().epoch).toBe(2);
    },
  },
  'accepting an invite': {
    prepare: async (world, ann) => {
      const made = ann.budget.people.createInvite({ role: 'editor', expiresInMs: HOUR_MS });
      return (await world.during(made)).link;
    },
    uid: 'cy',
    act: async (world, link) => {
      await world.accept('cy', link);
      await onDevice('cy', async ({ budget }) => {
        await budget.sync.syncNow();
        await budget.whenPeopleSettled();
      })(world);
    },
    check: (_world, ann) => {
      expect(namesOf(ann)).toEqual(['ann', 'ben', 'cy']);
    },
  },
  'replacing the key': {
    uid: 'ann',
    act: onDevice('ann', ({ budget }) => budget.people.rotateKey()),
    check: (_world, ann) => {
      expect(ann.budget.verifiedState().epoch).toBeGreaterThanOrEqual(2);
      expect(namesOf(ann)).toEqual(['ann', 'ben']);
    },
  },
  'handing over': {
    uid: 'ann',
    act: onDevice('ann', ({ budget }) => budget.people.changeRole({ uid: 'ben', role: 'owner' })),
    check: (_world, ann) => {
      expect(ann.budget.people.members().get('ben')?.role).toBe('owner');
    },
  },
};

/** Runs the scenario with the device dying at its `at`-th call; `false` if it makes fewer. */
async function dieAt(
  { prepare, uid, act, check }: Scenario,
  at: number,
  hang: 'before' | 'after',
): Promise<boolean> {
  const world = await worlds.found({ deadlineMs: 1_000 });
  const ann = await world.open('ann');
  const prepared = (await prepare?.(world, ann)) ?? '';
  world.devices.splice(world.devices.indexOf(ann), 1);
  await world.during(ann.budget.close());

  let calls = 0;
  let isDead = false;
  const revive = world.backend.intercept((call): Disruption | undefined => {
    if (call.uid !== uid) return undefined;
    calls += 1;
    if (calls === at) {
      isDead = true;
      return { hang };
    }
    return isDead ? { hang: 'before' } : undefined;
  });
  const outcome = await act(world, prepared).then(
    () => 'done',
    () => 'failed',
  );
  revive();
  if (!isDead) {
    expect(outcome).toBe('done');
    return false;
  }
  await act(world, prepared);
  const [again, ben] = [await world.open('ann'), await world.open('ben')];
  await again.budget.collection('envelopes').put('after', { limit: 1 });
  await world.clock.advance(20_000);
  expect(again.budget.pendingEdits).toBe(0);
  if (namesOf(again).includes('ben')) {
    expect(ben.budget.collection('envelopes').get('after')).toEqual({ limit: 1 });
  }
  check(world, again);
  return true;
}

describe.each(Object.entries(scenarios))('%s', (_name, scenario) => {
  it.each(['before', 'after'] as const)(
    'is finished by the next attempt, whichever call its device died at (%s the server applied it)',
    async (hang) => {
      let at = 1;
      while (await dieAt(scenario, at, hang)) {
        at += 1;
        expect(at).toBeLessThan(MAX_CALLS);
      }
      expect(at).toBeGreaterThan(4);
    },
  );
});
