import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadSodium } from '../crypto/sodium.js';
import { isSealsyncError } from '../errors.js';
import type { Role } from '../model/roles.js';
import { foundWorlds } from '../testing/found-worlds.js';
import type { SyncDevice, SyncWorld } from '../testing/sync-world.js';

const worlds = foundWorlds();
const HOUR_MS = 3_600_000;

beforeAll(loadSodium);
afterEach(() => worlds.closeAll());

async function invite(world: SyncWorld, device: SyncDevice, role: Role = 'editor') {
  return world.during(device.budget.people.createInvite({ role, expiresInMs: HOUR_MS }));
}

const kindOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'ok',
    (error: unknown) => (isSealsyncError(error) ? error.kind : `untyped: ${String(error)}`),
  );

describe('an invite link', () => {
  it('lets its holder read all history and write, with nobody else online', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    await ann.budget.collection('envelopes').put('food', { limit: 1 });
    const { link } = await invite(world, ann);
    await world.during(ann.budget.close());
    world.devices.splice(world.devices.indexOf(ann), 1);
    await world.accept('cy', link);
    const cy = await world.open('cy');
    await world.during(cy.budget.whenPeopleSettled());
    expect(cy.budget.collection('envelopes').get('food')).toEqual({ limit: 1 });
    expect(cy.budget.people.members().get('cy')?.role).toBe('editor');
    await cy.budget.collection('envelopes').put('rent', { limit: 2 });
    const again = await world.open('ann');
    await world.settle();
    expect(again.budget.collection('envelopes').get('rent')).toEqual({ limit: 2 });
    expect(again.budget.people.members().get('cy')?.keys).toEqual(
      world.identityOf('cy').publicKeys,
    );
  });

  it('gives its holder all keys of earlier epochs as well', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    for (const limit of [1, 2, 3]) {
      await ann.budget.collection('envelopes').put(`epoch-${String(limit)}`, { limit });
      await world.during(ann.budget.people.rotateKey());
    }
    const { link } = await invite(world, ann);
    await world.accept('cy', link);
    const cy = await world.open('cy');
    await world.settle();
    expect(cy.budget.collection('envelopes').list()).toHaveLength(3);
    expect(cy.budget.verifiedState().epoch).toBe(4);
  });

  it('still works when the key was replaced after it was made', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const { link } = await invite(world, ann);
    await world.during(ann.budget.people.rotateKey());
    await world.accept('cy', link);
    const cy = await world.open('cy');
    await world.settle();
    expect(cy.budget.people.members().has('cy')).toBe(true);
    expect(cy.budget.verifiedState().epoch).toBe(2);
  });

  it('lets a viewer read at once, and be taken up by the next device that may write', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    await ann.budget.collection('envelopes').put('food', { limit: 1 });
    await world.settle();
    const { link } = await invite(world, ann, 'viewer');
    await world.during(ann.budget.close());
    world.devices.splice(world.devices.indexOf(ann), 1);
    await world.accept('vic', link);
    const vic = await world.open('vic');
    await world.during(vic.budget.whenPeopleSettled());
    expect(vic.budget.collection('envelopes').get('food')).toEqual({ limit: 1 });
    expect(vic.budget.people.isJoining).toBe(true);
    await world.open('ben');
    await world.settle();
    expect(vic.budget.people.isJoining).toBe(false);
    expect(vic.budget.people.members().get('vic')?.role).toBe('viewer');
  });

  it('keeps a viewer reading through an epoch that starts before anybody has taken them up', async () => {
    const world = await worlds.found({ settings: { peopleIntervalMs: 10_000_000 } });
    const ann = await world.open('ann');
    const { link } = await invite(world, ann, 'viewer');
    await world.accept('vic', link);
    const vic = await world.open('vic');
    await world.during(vic.budget.whenPeopleSettled());
    await world.during(ann.budget.people.rotateKey());
    await ann.budget.collection('envelopes').put('food', { limit: 1 });
    await world.settle();
    expect(vic.budget.people.isJoining).toBe(true);
    expect(vic.budget.collection('envelopes').get('food')).toEqual({ limit: 1 });
  });

  it('is good for one person', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const { link } = await invite(world, ann);
    await world.accept('cy', link);
    expect(await kindOf(world.accept('dan', link))).toBe('invite_used');
  });

  it('may be opened again by the same person, who had been interrupted', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const { link } = await invite(world, ann);
    await world.accept('cy', link);
    await world.accept('cy', link);
    const cy = await world.open('cy');
    await world.settle();
    expect(cy.budget.people.members().has('cy')).toBe(true);
  });

  it('runs out', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const { link } = await invite(world, ann);
    await world.clock.advance(HOUR_MS + 1);
    expect(ann.budget.people.invites().size).toBe(0);
    expect(await kindOf(world.accept('cy', link))).toBe('invite_expired');
  });

  it('can be taken back', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const { link, inviteId } = await invite(world, ann);
    expect([...ann.budget.people.invites().keys()]).toEqual([inviteId]);
    await world.during(ann.budget.people.revokeInvite(inviteId));
    await world.during(ann.budget.people.revokeInvite(inviteId));
    expect(ann.budget.people.invites().size).toBe(0);
    expect(await kindOf(world.accept('cy', link))).toBe('invite_revoked');
  });

  it('cannot be taken back once somebody has accepted it', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const { link, inviteId } = await invite(world, ann);
    await world.accept('cy', link);
    expect(await kindOf(world.during(ann.budget.people.revokeInvite(inviteId)))).toBe(
      'invite_used',
    );
  });

  it('ends with the rights of who made it', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    await world.add(ann, 'olga', 'owner');
    const olga = await world.open('olga');
    const { link } = await invite(world, olga);
    await world.during(ann.budget.people.changeRole({ uid: 'olga', role: 'editor' }));
    expect(await kindOf(world.accept('cy', link))).toBe('invite_revoked');
  });

  it('of a full budget names that among the reasons, and nobody else is added to it either', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const { link } = await invite(world, ann);
    const others = Array.from({ length: 48 }, (_, n) => [`member${String(n)}`, 'editor'] as const);
    const members = { ann: 'owner', ben: 'editor', ...Object.fromEntries(others) } as const;
    world.backend.overwrite(world.budgetId, { members });
    await expect(world.accept('cy', link)).rejects.toThrow('50 members');
    const adding = world.add(ann, 'cy', 'editor');
    await expect(adding).rejects.toThrow('A budget has at most 50 members');
    expect(await kindOf(adding)).toBe('too_large');
  });

  it('that is cut off or changed says so', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const { link } = await invite(world, ann);
    expect(await kindOf(world.accept('cy', link.slice(0, -20)))).toBe('invite_malformed');
    const broken = `${link.slice(0, 60)}${link[60] === 'A' ? 'B' : 'A'}${link.slice(61)}`;
    expect(await kindOf(world.accept('cy', broken))).toBe('invite_malformed');
    expect(await kindOf(world.accept('cy', ''))).toBe('invite_malformed');
  });

  it('says so to a member who is inside already', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const { link } = await invite(world, ann);
    expect(await kindOf(world.accept('ben', link))).toBe('already_member');
  });

  it('for a budget that has been deleted says so', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const { link } = await invite(world, ann);
    await world.during(ann.budget.people.deleteBudget());
    expect(await kindOf(world.accept('cy', link))).toBe('budget_deleted');
  });

  it('is for owners to make', async () => {
    const world = await worlds.found();
    const ben = await world.open('ben');
    expect(await kindOf(invite(world, ben))).toBe('access_denied');
  });

  it.each([0, -1, 1.5, Number.NaN, 91 * 24 * HOUR_MS])('cannot stand for %s ms', async (ms) => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const made = ann.budget.people.createInvite({ role: 'editor', expiresInMs: ms });
    expect(await kindOf(world.during(made))).toBe('bad_input');
  });

  it('is followed by the same safety number on both devices, until keys change', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const { link } = await invite(world, ann);
    await world.accept('cy', link);
    const cy = await world.open('cy');
    await world.settle();
    expect(ann.budget.people.safetyNumber('cy')).toBe(cy.budget.people.safetyNumber('ann'));
    expect(ann.budget.people.members().get('cy')?.verified).toBe(false);
    await ann.budget.people.markVerified('cy');
    expect(ann.budget.people.members().get('cy')?.verified).toBe(true);
  });
});
