import { beforeEach, describe, expect, it } from 'vitest';
import { generateIdentity, type Role } from '@sealsync/sdk';
import { wrapIdOf } from '../../sdk/src/remote/wrap-id.js';
import { forgeWrap, newestKid, putWrap, readWrap } from './forgery.js';
import {
  honestView,
  kindsOf,
  type DeviceContents,
  type OpenDevice,
  type Person,
} from './person.js';
import { failureOf, foundBudget, limitOf, lookAgain, put, useStage } from './stage.js';

/*
 * A key counts only if the log commits to it, whoever wrapped it, and whatever for. So a
 * wrong one stops the device that it was meant for, which says so; and since the others have
 * the right one, one of their devices wraps it again.
 */

const stage = useStage();

/** Ann, Ben and Cy are in; Cy's device is not listening while the key is replaced. */
async function replaceKey(): Promise<{ founder: OpenDevice; victim: OpenDevice }> {
  const { ben, cy } = stage;
  const founder = await foundBudget(stage, ben, cy);
  const victim = await cy.open(founder.budget.id, kept);
  await victim.budget.sync.stop();
  await victim.budget.collection('envelopes').put('pending', { limit: 3 });
  await founder.budget.people.rotateKey();
  await put(founder, 'rent', 800);
  return { founder, victim };
}

/** What Cy's device keeps of the budget. */
const kept: DeviceContents = new Map();
beforeEach(() => {
  kept.clear();
});

async function startAgain({ budget }: OpenDevice): Promise<string> {
  budget.sync.start();
  return failureOf(budget.sync.syncNow());
}

/** Cy cannot read on, is told so, and has lost nothing; for the others nothing has changed. */
async function expectStopped(
  victim: OpenDevice,
  before: ReturnType<typeof honestView>,
  founder: OpenDevice,
): Promise<void> {
  const others = honestView(founder);
  expect(await startAgain(victim)).toBe('key_missing');
  expect(kindsOf(victim)).toContain('key_not_genuine');
  expect(new Set(kindsOf(victim))).toEqual(new Set(['key_not_genuine']));
  expect(victim.security[0]?.message).toContain('wraps it again');
  expect(honestView(victim)).toEqual(before);
  expect(victim.budget.pendingEdits).toBe(1);
  expect(await failureOf(stage.cy.open(founder.budget.id))).toBe('key_missing');
  await founder.budget.sync.syncNow();
  expect(honestView(founder)).toEqual(others);
  expect(kindsOf(founder)).toEqual([]);
}

/** Somebody's device mends it, and what Cy had pending reaches everybody. */
async function expectMendedBy(
  mender: Person,
  victim: OpenDevice,
  founder: OpenDevice,
): Promise<void> {
  await lookAgain(mender, founder);
  await victim.budget.sync.syncNow();
  expect(victim.budget.pendingEdits).toBe(0);
  await founder.budget.sync.syncNow();
  expect(limitOf(founder, 'pending')).toBe(3);
  expect(honestView(victim)).toEqual(honestView(founder));
}

describe('a wrapped key', () => {
  it('that is the one of another member stops its victim until any member mends it', async () => {
    const { ben, cy, project } = stage;
    const { founder, victim } = await replaceKey();
    const before = honestView(victim);
    const { id } = founder.budget;
    const named = await newestKid(project, id);
    const [bens, cys] = await Promise.all(
      [ben, cy].map(({ uid }) => readWrap(project, id, wrapIdOf(named.kid, uid))),
    );
    if (!bens || !cys) throw new Error('both have a wrap');
    await putWrap(project, id, named, cy.uid, bens);
    await putWrap(project, id, named, ben.uid, cys);
    await expectStopped(victim, before, founder);
    expect(await failureOf(ben.open(id))).toBe('key_missing');
    await expectMendedBy(stage.ann, victim, founder);
    expect(honestView(await ben.open(id))).toEqual(honestView(founder));
  });

  it('that is one of an identity made up by the project stops its victim, and is mended', async () => {
    const { ann, ben, cy, project } = stage;
    const { founder, victim } = await replaceKey();
    const before = honestView(victim);
    const { id } = founder.budget;
    const named = await newestKid(project, id);
    const fake = await generateIdentity(ann.uid);
    const planted = forgeWrap(named, id, cy.identity, fake);
    await putWrap(project, id, named, cy.uid, planted);
    // Its signature alone gives it away, before its victim has said anything.
    await lookAgain(ben, founder);
    expect(await readWrap(project, id, wrapIdOf(named.kid, cy.uid))).not.toEqual(planted);
    await putWrap(project, id, named, cy.uid, planted);
    await expectStopped(victim, before, founder);
    await expectMendedBy(ben, victim, founder);
  });

  it('that a hostile member has made for one of the others is mended by a third', async () => {
    const { ann, ben, cy, project } = stage;
    const { founder, victim } = await replaceKey();
    const before = honestView(victim);
    const { id } = founder.budget;
    const named = await newestKid(project, id);
    // Ann's own signature: nobody but Cy can tell that another key is inside.
    const planted = forgeWrap(named, id, cy.identity, ann.identity);
    await putWrap(project, id, named, cy.uid, planted);
    await lookAgain(ben, founder);
    expect(await readWrap(project, id, wrapIdOf(named.kid, cy.uid))).toEqual(planted);
    await expectStopped(victim, before, founder);
    await expectMendedBy(ben, victim, founder);
  });

  it('that was taken away stops its victim, and is put back', async () => {
    const { ben, cy, project } = stage;
    const { founder, victim } = await replaceKey();
    const { id } = founder.budget;
    const { kid } = await newestKid(project, id);
    await project.budget(id).collection('keys').doc(wrapIdOf(kid, cy.uid)).delete();
    expect(await startAgain(victim)).toBe('key_missing');
    expect(victim.budget.pendingEdits).toBe(1);
    await expectMendedBy(ben, victim, founder);
  });

  it.each<Role>(['editor', 'viewer'])(
    'for somebody whom nobody has let in is not made, whatever the project calls them: %s',
    async (role) => {
      const { ann, eve, ben, project } = stage;
      const founder = await foundBudget(stage, ben);
      await project.grant(founder.budget.id, eve.uid, role);
      await founder.budget.people.rotateKey();
      await lookAgain(ann, founder);
      const ids = await project.listIds(founder.budget.id, 'keys');
      expect(ids.filter((id) => id.endsWith(`_${eve.uid}`))).toEqual([]);
      expect(ids).toHaveLength(4);
    },
  );
});

describe('the epoch in the document of a budget', () => {
  it('rolled back is reported, and nothing is sealed under the earlier key', async () => {
    const { ann, ben, project } = stage;
    const founder = await foundBudget(stage, ben);
    const { id } = founder.budget;
    await founder.budget.people.rotateKey();
    const other = await ben.open(id);
    const before = honestView(other);
    const { seq } = founder.budget.verifiedState();
    await project.budget(id).update({ epoch: 1 });

    await founder.budget.collection('envelopes').put('rent', { limit: 800 });
    expect(await failureOf(founder.budget.sync.syncNow())).not.toBe('none');
    expect(kindsOf(founder)).toContain('epoch_rolled_back');
    expect(founder.budget.pendingEdits).toBe(1);
    expect(founder.budget.verifiedState()).toMatchObject({ seq, epoch: 2 });
    expect(kindsOf(await lookAgain(ann, founder))).toEqual(['epoch_rolled_back']);
    expect(await project.readLog(id)).toHaveLength(seq);
    await other.budget.sync.syncNow();
    expect(honestView(other)).toEqual(before);

    await project.budget(id).update({ epoch: 2 });
    await founder.budget.sync.syncNow();
    await other.budget.sync.syncNow();
    expect(founder.budget.pendingEdits).toBe(0);
    expect(limitOf(other, 'rent')).toBe(800);
    expect(honestView(other)).toEqual(honestView(founder));
    expect((await project.readLog(id)).at(-1)?.epoch).toBe(2);
  });

  it.each([
    { epoch: 5, rekey: false },
    { epoch: 5, rekey: true },
    { epoch: 1, rekey: true },
  ])('set to %o costs no flood of requests, and loses nothing', async (set) => {
    const { ann, ben, project } = stage;
    const founder = await foundBudget(stage, ben);
    const { id } = founder.budget;
    const before = honestView(founder);
    const { reads, writes } = ann.count;
    await project.budget(id).update(set);
    await founder.budget.collection('envelopes').put('rent', { limit: 800 });
    await failureOf(founder.budget.sync.syncNow());
    expect(ann.count.reads - reads).toBeLessThan(30);
    expect(ann.count.writes - writes).toBeLessThan(30);
    expect(honestView(founder).roles).toEqual(before.roles);
    const { epoch } = founder.budget.verifiedState();
    await project.budget(id).update({ epoch, rekey: false });
    await founder.budget.sync.syncNow();
    expect(founder.budget.pendingEdits).toBe(0);
    const other = await ben.open(id);
    expect(honestView(other)).toEqual(honestView(founder));
    expect(limitOf(other, 'rent')).toBe(800);
  });
});
