import { sha256 } from '@noble/hashes/sha2.js';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadSodium } from '../crypto/sodium.js';
import { SealsyncError, type SealsyncErrorKind } from '../errors.js';
import { createMemoryStore } from '../local/memory-store.js';
import { isBudgetId, type BudgetId } from '../model/ids.js';
import { silentLogger } from '../ports/logger.js';
import type { OwnIdentities } from '../sync/own-identities.js';
import { foundWorlds } from '../testing/found-worlds.js';
import { createMemoryKeyslots } from '../testing/memory-keyslots.js';
import type { SyncWorld } from '../testing/sync-world.js';
import type { BudgetPeople } from './budget-people.js';
import type { Keyslots } from './keyslots.js';
import { rotateEverywhere, type RotationDeps, type RotationProgress } from './rotate-everywhere.js';
import { createKeyslots } from './sealed-keyslots.js';

// None of it is about how long a guess takes.
vi.mock('hash-wasm', () => ({
  argon2id: ({ password, salt }: { password: Uint8Array; salt: Uint8Array }) =>
    Promise.resolve(sha256(Uint8Array.of(...salt, ...password))),
}));

const worlds = foundWorlds();
const PASSPHRASE = 'tractor rides past nine lamps';

beforeAll(loadSodium);
afterEach(() => worlds.closeAll());

const idOf = (digit: string): BudgetId => {
  const id = digit.repeat(32);
  return isBudgetId(id) ? id : expect.fail('that is a budget id');
};
/** Listed first, so that whatever stops there reaches no other. */
const BROKEN = idOf('a');

interface Stage {
  readonly world: SyncWorld;
  readonly keyslots: Keyslots;
  readonly deps: RotationDeps;
  readonly forgotten: BudgetId[];
  /** Why the first budget of the list does not open; it is left alone without. */
  broken: Error | undefined;
}

/** Ben, who is in a budget that works, and in one that may not. */
async function setUp(broken: Error): Promise<Stage> {
  const world = await worlds.found();
  const { clock, random } = world;
  const keyslots = createKeyslots({
    uid: 'cy',
    directory: createMemoryKeyslots(),
    store: createMemoryStore(),
    clock,
    random,
    logger: silentLogger,
  });
  const identity = await keyslots.create({ passphrase: PASSPHRASE });
  world.identitiesOf('cy').add(identity);
  world.identitiesOf('cy').dropOthers();
  const ann = await world.open('ann');
  await world.add(ann, 'cy', 'editor');
  const identities: OwnIdentities = world.identitiesOf('cy');
  const forgotten: BudgetId[] = [];
  const listed = [BROKEN, world.budgetId];
  const stage: Stage = {
    world,
    keyslots,
    forgotten,
    broken,
    deps: {
      identities,
      listBudgets: () => Promise.resolve(listed.filter((id) => !forgotten.includes(id))),
      forget: (id) => {
        forgotten.push(id);
        return Promise.resolve();
      },
      withPeople: async <T>(
        id: BudgetId,
        use: (people: BudgetPeople) => Promise<T>,
      ): Promise<T> => {
        if (id === BROKEN && stage.broken) throw stage.broken;
        const device = await world.open('cy');
        return use(device.budget.people);
      },
    },
  };
  return stage;
}

const failure = (kind: SealsyncErrorKind): SealsyncError => new SealsyncError(kind, 'A test.');

describe('rotating an identity', () => {
  it('goes on where one budget does not open, and stays pending for that one', async () => {
    const { world, deps, keyslots } = await setUp(failure('access_denied'));
    const told: number[] = [];
    const onProgress = ({ done, total }: RotationProgress): void => {
      told.push(done / total);
      throw new Error('of the app');
    };
    const options = { keyslots, passphrase: PASSPHRASE };
    const done = await world.during(rotateEverywhere(deps, { ...options, onProgress }));
    expect(told).toEqual([0, 0.5, 1]);
    const failed = [{ id: BROKEN, kind: 'access_denied' }];
    expect(done).toEqual({ rotated: [world.budgetId], left: [], failed, isComplete: false });
    expect(world.devices[0]?.budget.verifiedState().epoch).toBe(2);
    expect(await keyslots.rotationPending()).toBe(true);
  });

  it('is complete once nothing fails, whatever failed before', async () => {
    const stage = await setUp(failure('offline'));
    const { world, deps, keyslots } = stage;
    const options = { keyslots, passphrase: PASSPHRASE };
    await world.during(rotateEverywhere(deps, options));
    stage.broken = failure('removed');
    const done = await world.during(rotateEverywhere(deps, options));
    expect(done).toEqual({ rotated: [world.budgetId], left: [], failed: [], isComplete: true });
    expect(await keyslots.rotationPending()).toBe(false);
    expect(deps.identities.all).toHaveLength(1);
  });

  it.each(['removed', 'budget_deleted'] as const)(
    'forgets a budget that opens no more (%s)',
    async (kind) => {
      const { world, deps, keyslots, forgotten } = await setUp(failure(kind));
      const options = { keyslots, passphrase: PASSPHRASE };
      const done = await world.during(rotateEverywhere(deps, options));
      expect(done).toMatchObject({ failed: [], isComplete: true });
      expect(forgotten).toEqual([BROKEN]);
    },
  );

  it('gives up the budgets that the user gives up, and no others', async () => {
    const { world, deps, keyslots, forgotten } = await setUp(failure('log_halted'));
    const options = { keyslots, passphrase: PASSPHRASE };
    const giveUp = (id: BudgetId): ReturnType<typeof rotateEverywhere> =>
      world.during(rotateEverywhere(deps, { ...options, giveUpOn: [id] }));
    expect(await giveUp(idOf('c'))).toMatchObject({ isComplete: false });
    expect(forgotten).toEqual([]);
    const done = await giveUp(BROKEN);
    expect(done).toMatchObject({ isComplete: true, failed: [{ id: BROKEN, kind: 'log_halted' }] });
    expect(forgotten).toEqual([BROKEN]);
    expect(await keyslots.rotationPending()).toBe(false);
  });

  it('is not stopped by a budget that meets a fault of the kit', async () => {
    const { world, deps, keyslots } = await setUp(new RangeError('a bug'));
    const options = { keyslots, passphrase: PASSPHRASE };
    const done = await world.during(rotateEverywhere(deps, options));
    expect(done.rotated).toEqual([world.budgetId]);
    expect(done.failed).toEqual([{ id: BROKEN, kind: 'failed' }]);
  });

  it('is stopped by a lock, after which every budget would fail', async () => {
    const { world, deps, keyslots } = await setUp(failure('locked'));
    const rotating = rotateEverywhere(deps, { keyslots, passphrase: PASSPHRASE });
    await expect(world.during(rotating)).rejects.toMatchObject({ kind: 'locked' });
  });
});
