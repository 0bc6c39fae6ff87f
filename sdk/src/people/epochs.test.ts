import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadSodium } from '../crypto/sodium.js';
import { isSealsyncError } from '../errors.js';
import { parseFrame } from '../crypto/frame.js';
import { unwrapEpochKey } from '../crypto/wrap-epoch-key.js';
import { makeNotice } from '../crypto/notice.js';
import { createMemoryStore } from '../local/memory-store.js';
import { foundWorlds } from '../testing/found-worlds.js';
import type { SyncDevice, SyncWorld } from '../testing/sync-world.js';
import type { MembershipEnd } from '../sync/standing.js';

const worlds = foundWorlds();

beforeAll(loadSodium);
afterEach(() => worlds.closeAll());

const kindOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'ok',
    (error: unknown) => (isSealsyncError(error) ? error.kind : `untyped: ${String(error)}`),
  );

function hearEnd({ budget }: SyncDevice): MembershipEnd[] {
  const heard: MembershipEnd[] = [];
  budget.on('removed', (end) => heard.push(end));
  return heard;
}

/** Whether any wrap that is stored gives `uid` the key of the newest entry. */
function holdsNewestKey(world: SyncWorld, uid: string): boolean {
  const stored = world.backend.inspect(world.budgetId);
  const head = stored?.entries.get(stored.entries.size);
  const frame = head && parseFrame(head.frame);
  if (!stored || !frame?.ok) throw new Error('there is no log');
  const { epoch, kid } = frame.value.header;
  return [...stored.wraps.values()].some(({ wrap: bytes }) => {
    const identity = world.identityOf(uid);
    const { budgetId } = world;
    const wrapperSignKey = undefined;
    return unwrapEpochKey({ bytes, identity, wrapperSignKey, budgetId, epoch, kid }).ok;
  });
}

describe('removing a member', () => {
  it('starts a new epoch whose key they do not get, and keeps what they wrote', async () => {
    const world = await worlds.found();
    const [ann, ben] = [await world.open('ann'), await world.open('ben')];
    const ended = hearEnd(ben);
    await ben.budget.collection('envelopes').put('food', { limit: 1 });
    await world.settle();
    expect(holdsNewestKey(world, 'ben')).toBe(true);
    await world.during(ann.budget.people.removeMember('ben'));
    expect(ann.budget.verifiedState().epoch).toBe(2);
    expect([...ann.budget.people.members().keys()]).toEqual(['ann']);
    expect(ann.budget.collection('envelopes').get('food')).toEqual({ limit: 1 });
    expect(holdsNewestKey(world, 'ann')).toBe(true);
    expect(holdsNewestKey(world, 'ben')).toBe(false);
    await world.clock.advance(10_000);
    expect(ended).toEqual([{ kind: 'removed', by: 'ann' }]);
    expect(ben.budget.sync.getStatus().error?.kind).toBe('removed');
    expect(await kindOf(ben.budget.collection('envelopes').remove('food'))).toBe('removed');
    expect(world.backend.inspectPins('ben').size).toBe(0);
  });

  it('turns what they had not pushed into rejected edits, which they can export and wipe', async () => {
    const world = await worlds.found();
    const contents = new Map<string, Uint8Array>();
    const ann = await world.open('ann');
    const ben = await world.open('ben', { store: createMemoryStore(contents) });
    await world.during(ben.budget.sync.stop());
    await ben.budget.collection('envelopes').put('late', { limit: 1 });
    await world.during(ann.budget.people.removeMember('ben'));
    ben.budget.sync.start();
    await world.clock.advance(10_000);
    expect(await ben.budget.rejectedEdits()).toHaveLength(1);
    expect(ben.budget.pendingEdits).toBe(0);
    expect(contents.size).toBeGreaterThan(0);
    await world.during(ben.budget.wipe());
    expect(contents.size).toBe(0);
  });

  it('is for owners, not of oneself, and harmless when repeated', async () => {
    const world = await worlds.found();
    const [ann, ben] = [await world.open('ann'), await world.open('ben')];
    expect(await kindOf(world.during(ben.budget.people.removeMember('ann')))).toBe('access_denied');
    expect(await kindOf(world.during(ann.budget.people.removeMember('ann')))).toBe('bad_input');
    await world.during(ann.budget.people.removeMember('ben'));
    await world.during(ann.budget.people.removeMember('ben'));
    expect(ann.budget.verifiedState().epoch).toBe(2);
  });

  it('reaches a device of theirs that was offline, when it is back', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const ben = await world.open('ben');
    await world.during(ben.budget.sync.stop());
    await world.during(ann.budget.people.removeMember('ben'));
    const ended = hearEnd(ben);
    ben.budget.sync.start();
    await world.clock.advance(10_000);
    expect(ended).toEqual([{ kind: 'removed', by: 'ann' }]);
  });

  it('can be followed by a new invitation, whatever the old notice says', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    await world.during(ann.budget.people.removeMember('ben'));
    await world.add(ann, 'ben', 'viewer');
    const ben = await world.open('ben');
    await ann.budget.collection('envelopes').put('food', { limit: 1 });
    await world.settle();
    expect(ben.budget.collection('envelopes').get('food')).toEqual({ limit: 1 });
    expect(ben.budget.people.members().get('ben')?.role).toBe('viewer');
  });
});

describe('leaving', () => {
  it('shuts the door behind oneself: who stays starts an epoch before the next edit', async () => {
    const world = await worlds.found();
    const [ann, ben] = [await world.open('ann'), await world.open('ben')];
    const ended = hearEnd(ben);
    await world.during(ben.budget.people.leave());
    expect(ended).toEqual([{ kind: 'left', by: 'ben' }]);
    const late = ben.budget.collection('envelopes').put('late', { limit: 1 });
    expect(await kindOf(late)).toBe('removed');
    expect(ben.budget.pendingEdits).toBe(0);
    await ann.budget.collection('envelopes').put('private', { limit: 1 });
    await world.clock.advance(10_000);
    expect(ann.budget.pendingEdits).toBe(0);
    expect(ann.budget.verifiedState().epoch).toBe(2);
    expect([...ann.budget.people.members().keys()]).toEqual(['ann']);
    expect(holdsNewestKey(world, 'ben')).toBe(false);
  });

  it('is settled by an editor where no owner is online, and whatever is pending there', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    await world.add(ann, 'cy', 'editor');
    await world.during(ann.budget.close());
    world.devices.splice(0);
    const ben = await world.open('ben');
    await world.during(ben.budget.people.leave());
    const cy = await world.open('cy');
    await cy.budget.collection('envelopes').put('food', { limit: 1 });
    await world.clock.advance(10_000);
    expect(cy.budget.pendingEdits).toBe(0);
    expect([...cy.budget.people.members().keys()]).toEqual(['ann', 'cy']);
    expect(cy.budget.verifiedState().epoch).toBe(2);
  });

  it('is settled by whoever replaces the key next, even without knowing of it', async () => {
    const world = await worlds.found({ settings: { peopleIntervalMs: 1_000_000 } });
    const ann = await world.open('ann');
    const ben = await world.open('ben');
    await world.during(ben.budget.people.leave());
    await world.during(ann.budget.people.rotateKey());
    expect([...ann.budget.people.members().keys()]).toEqual(['ann']);
    expect(holdsNewestKey(world, 'ben')).toBe(false);
  });

  it('of the last owner, whom the log keeps, starts one epoch and not one at every look', async () => {
    const world = await worlds.found();
    const { budgetId } = world;
    const by = world.identityOf('ann');
    const notice = makeNotice({ kind: 'left', budgetId, uid: 'ann', by, epoch: 1 });
    world.backend.overwrite(budgetId, {
      members: { ben: 'editor' },
      rekey: true,
      departures: new Map([['ann', notice]]),
    });
    const epochs: number[] = [];
    for (let look = 0; look < 3; look += 1) {
      const ben = await world.open('ben');
      await world.during(ben.budget.whenPeopleSettled());
      await world.clock.advance(60_000);
      epochs.push(ben.budget.verifiedState().epoch);
    }
    expect(new Set(epochs).size).toBe(1);
  });

  it('pushes what is pending first', async () => {
    const world = await worlds.found();
    const [ann, ben] = [await world.open('ann'), await world.open('ben')];
    await ben.budget.collection('envelopes').put('mine', { limit: 1 });
    await world.during(ben.budget.people.leave());
    await world.clock.advance(10_000);
    expect(ann.budget.collection('envelopes').get('mine')).toEqual({ limit: 1 });
  });

  it('is not for the last owner, who hands over first', async () => {
    const world = await worlds.found();
    const [ann, ben] = [await world.open('ann'), await world.open('ben')];
    const { people } = ann.budget;
    expect(await kindOf(world.during(people.leave()))).toBe('last_owner');
    expect(await kindOf(world.during(people.changeRole({ uid: 'ann', role: 'editor' })))).toBe(
      'last_owner',
    );
    await world.during(people.changeRole({ uid: 'ben', role: 'owner' }));
    await world.during(people.leave());
    await world.clock.advance(10_000);
    expect([...ben.budget.people.members()].map(([uid, { role }]) => [uid, role])).toEqual([
      ['ben', 'owner'],
    ]);
  });
});

describe('a key', () => {
  it('is replaced on demand, and nobody loses an edit made meanwhile', async () => {
    const world = await worlds.found();
    const [ann, ben] = [await world.open('ann'), await world.open('ben')];
    await ben.budget.collection('envelopes').put('before', { limit: 1 });
    const rotated = ann.budget.people.rotateKey();
    await ben.budget.collection('envelopes').put('meanwhile', { limit: 2 });
    await world.during(rotated);
    await ben.budget.collection('envelopes').put('after', { limit: 3 });
    await world.settle();
    expect(ann.budget.collection('envelopes').list()).toHaveLength(3);
    expect(ben.budget.verifiedState().epoch).toBe(2);
  });

  it('is replaced when it has been in use for long enough', async () => {
    const day = 24 * 3_600_000;
    const world = await worlds.found({ settings: { rotateKeyAfterMs: 30 * day } });
    await world.clock.advance(29 * day);
    const early = await world.open('ann');
    await world.settle();
    expect(early.budget.verifiedState().epoch).toBe(1);
    await world.during(early.budget.close());
    await world.clock.advance(day);
    world.devices.splice(0);
    const late = await world.open('ann');
    await world.during(late.budget.whenPeopleSettled());
    expect(late.budget.verifiedState().epoch).toBe(2);
  });

  it('that an editor replaces reaches everybody, also who was offline for several of them', async () => {
    const world = await worlds.found();
    const [ann, ben] = [await world.open('ann'), await world.open('ben')];
    await world.during(ben.budget.sync.stop());
    for (let round = 0; round < 4; round += 1) await world.during(ann.budget.people.rotateKey());
    await ann.budget.collection('envelopes').put('food', { limit: 1 });
    await world.clock.advance(1_000);
    await ben.budget.collection('envelopes').put('offline', { limit: 1 });
    await world.goOnline(ben);
    await world.settle();
    expect(ben.budget.verifiedState().epoch).toBe(5);
    expect(ann.budget.collection('envelopes').get('offline')).toEqual({ limit: 1 });
  });

  it('whose wrap got lost is wrapped again by whoever is next online', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    await world.during(ann.budget.people.rotateKey());
    const stored = world.backend.inspect(world.budgetId);
    const wraps = [...(stored?.wraps ?? [])].filter(([, { recipient }]) => recipient !== 'ben');
    world.backend.overwrite(world.budgetId, { wraps: new Map(wraps) });
    const ben = await world.open('ben');
    await world.clock.advance(1_000);
    expect(ben.budget.sync.getStatus().error?.kind).toBe('key_missing');
    const again = await world.open('ann');
    await world.during(again.budget.whenPeopleSettled());
    await world.settle();
    expect(ben.budget.verifiedState().epoch).toBe(2);
  });
});

describe('devices', () => {
  it('are listed by name, and one that is revoked has no say any more', async () => {
    const world = await worlds.found({ settings: { deviceName: 'kitchen' } });
    const [phone, laptop] = [await world.open('ben'), await world.open('ben')];
    const ann = await world.open('ann');
    await world.settle();
    const named = ann.budget.people.devices().filter(({ uid }) => uid === 'ben');
    expect(named.map(({ name }) => name)).toEqual(['kitchen', 'kitchen']);
    const lost = phone.budget.people.devices().find(({ isThis }) => isThis);
    const ended = hearEnd(phone);
    await world.during(phone.budget.sync.stop());
    await phone.budget.collection('envelopes').put('stolen', { limit: 1 });
    await world.during(laptop.budget.people.revokeDevice(lost?.id ?? ''));
    phone.budget.sync.start();
    await world.clock.advance(10_000);
    expect(ended.map(({ kind }) => kind)).toEqual(['device_revoked']);
    expect(await phone.budget.rejectedEdits()).toHaveLength(1);
    expect(ann.budget.collection('envelopes').get('stolen')).toBeUndefined();
  });

  it("of others are an owner's to revoke", async () => {
    const world = await worlds.found({ settings: { deviceName: 'kitchen' } });
    const [ann, ben] = [await world.open('ann'), await world.open('ben')];
    await world.settle();
    const idOf = (uid: string): string =>
      ann.budget.people.devices().find((device) => device.uid === uid)?.id ?? '';
    expect(await kindOf(world.during(ben.budget.people.revokeDevice(idOf('ann'))))).toBe(
      'access_denied',
    );
    await world.during(ann.budget.people.revokeDevice(idOf('ben')));
    expect(ann.budget.people.devices().filter(({ revoked }) => revoked)).toHaveLength(1);
  });
});

describe('deleting a budget', () => {
  it('tells every member, leaves their copy, and nothing on the server but the tombstone', async () => {
    const world = await worlds.found();
    const [ann, ben] = [await world.open('ann'), await world.open('ben')];
    await ann.budget.collection('envelopes').put('food', { limit: 1 });
    await world.settle();
    const ended = hearEnd(ben);
    await world.during(ann.budget.people.deleteBudget());
    await world.clock.advance(10_000);
    expect(ended).toEqual([{ kind: 'deleted', by: 'ann' }]);
    expect(ben.budget.collection('envelopes').get('food')).toEqual({ limit: 1 });
    const stored = world.backend.inspect(world.budgetId);
    expect(stored?.deleted).toBe(true);
    expect([stored?.entries.size, stored?.wraps.size, stored?.invites.size]).toEqual([0, 0, 0]);
    expect(world.backend.inspectPins('ann').size).toBe(0);
  });

  it('is for owners', async () => {
    const world = await worlds.found();
    const ben = await world.open('ben');
    expect(await kindOf(world.during(ben.budget.people.deleteBudget()))).toBe('access_denied');
  });
});
