import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { encodeBody } from '../codec/body.js';
import { sealFrame } from '../crypto/envelope.js';
import { generateEpochKey, type EpochKey } from '../crypto/epoch-key.js';
import { hashFrame } from '../crypto/frame.js';
import { inviteRecipient } from '../crypto/invite-secret.js';
import { loadSodium } from '../crypto/sodium.js';
import { isDeviceId } from '../model/ids.js';
import type { BudgetChange, StoredEntry } from '../ports/remote-log.js';
import { foundWorlds } from '../testing/found-worlds.js';
import type { SyncWorld } from '../testing/sync-world.js';
import { readInviteLink } from './accept-invite.js';
import { wrapFor } from './wrap-for.js';

/*
 * An editor with an app of their own can append what nobody can read. It must not keep those
 * out who have no key yet: they get the newest one, and earlier ones from it.
 */

const worlds = foundWorlds();
const STRANGE_DEVICE = 'e'.repeat(32);

beforeAll(loadSodium);
afterEach(() => worlds.closeAll());

const headOf = (world: SyncWorld): StoredEntry => {
  const stored = world.backend.inspect(world.budgetId);
  const head = stored?.entries.get(stored.entries.size);
  if (!head) throw new Error('there is a log');
  return head;
};

/** Appends, as ben and through the rules, an entry without content that is sealed under `epochKey`. */
async function append(
  world: SyncWorld,
  epochKey: EpochKey,
  change: BudgetChange = {},
): Promise<void> {
  const head = headOf(world);
  const [seq, prev] = [head.seq + 1, hashFrame(head.frame)];
  const frame = sealBens(world, epochKey, head);
  const { epoch } = epochKey;
  const entry = { seq, epoch, author: 'ben', t: world.clock.now(), prev, frame };
  const log = world.backend.logFor('ben', world.budgetId);
  expect((await world.during(log.append([entry], change))).ok).toBe(true);
}

/** An entry of ben's that is sealed under `epochKey`. */
function sealBens(world: SyncWorld, epochKey: EpochKey, head: StoredEntry): Uint8Array {
  if (!isDeviceId(STRANGE_DEVICE)) throw new Error('that is a device id');
  return sealFrame({
    kind: 'edits',
    seq: head.seq + 1,
    device: STRANGE_DEVICE,
    t: world.clock.now(),
    prev: hashFrame(head.frame),
    plaintext: encodeBody({ edits: [], statements: [] }),
    epochKey,
    identity: world.identityOf('ben'),
    random: world.random,
  });
}

/** A budget in its second epoch, with a record of the first, and a link that nobody has used. */
async function invite(world: SyncWorld): Promise<{ link: string; inviteId: string }> {
  const ann = await world.open('ann');
  await ann.budget.collection('envelopes').put('food', { limit: 1 });
  await world.during(ann.budget.people.rotateKey());
  const options = { role: 'editor', expiresInMs: 3_600_000 } as const;
  const made = await world.during(ann.budget.people.createInvite(options));
  await world.during(ann.budget.close());
  world.devices.splice(world.devices.indexOf(ann), 1);
  return made;
}

async function expectToJoin(world: SyncWorld, link: string): Promise<void> {
  await world.accept('cy', link);
  const cy = await world.open('cy');
  await world.clock.advance(60_000);
  expect(cy.budget.collection('envelopes').get('food')).toEqual({ limit: 1 });
  expect(cy.budget.sync.getStatus()).toMatchObject({ state: 'idle', error: undefined });
}

describe('a newcomer reads all history', () => {
  it('where the newest entry names a key that nobody has', async () => {
    const world = await worlds.found();
    const { link } = await invite(world);
    const junk = generateEpochKey(world.random, world.budgetId, 2);
    await append(world, junk);
    await expectToJoin(world, link);
  });

  it('where the newest entry names a key of its own, which is wrapped for them', async () => {
    const world = await worlds.found();
    const { link, inviteId } = await invite(world);
    const junk = generateEpochKey(world.random, world.budgetId, 2);
    await append(world, junk);
    const read = readInviteLink(link);
    if (!read.ok) throw new Error(read.error.message);
    const { box } = read.value.invite.identity.publicKeys;
    const recipient = { uid: inviteRecipient(inviteId), box };
    const wraps = wrapFor([recipient], junk, world.identityOf('ben'), world.random);
    const put = world.backend.budgetFor('ben', world.budgetId).wraps.put(wraps);
    expect((await world.during(put)).ok).toBe(true);
    await expectToJoin(world, link);
  });

  it('where an editor has only pretended to start an epoch', async () => {
    const world = await worlds.found();
    const { link } = await invite(world);
    await append(world, generateEpochKey(world.random, world.budgetId, 3), { epoch: 3 });
    await expectToJoin(world, link);
  });

  it('where an editor has put something in front of the entry that starts an epoch', async () => {
    const world = await worlds.found();
    const junk = generateEpochKey(world.random, world.budgetId, 2);
    await append(world, junk, { epoch: 2 });
    await append(world, junk);
    const { link } = await invite(world);
    expect(headOf(world).epoch).toBe(4);
    await expectToJoin(world, link);
  });
});

describe('a newcomer who is let in but cannot read the budget yet', () => {
  it('accuses nobody of showing another history', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const { link } = await world.during(
      ann.budget.people.createInvite({ role: 'editor', expiresInMs: 86_400_000 }),
    );
    await world.accept('cy', link);
    const calm = world.backend.intercept(({ operation, uid }) =>
      uid === 'cy' && operation === 'read' ? { failBefore: 'denied' } : undefined,
    );
    const heard: string[] = [];
    const onSecurity = ({ kind }: { readonly kind: string }): unknown => heard.push(kind);
    const cy = await world.open('cy', { onSecurity });
    await world.clock.advance(60_000);
    calm();
    await world.clock.advance(120_000);
    expect(heard).toEqual([]);
    expect(cy.budget.people.members().get('cy')?.role).toBe('editor');
  });
});
