import { describe, expect, it } from 'vitest';
import { generateIdentity, type Identity } from '@sealsync/sdk';
import { FieldPath, FieldValue } from 'firebase-admin/firestore';
import { generateEpochKey } from '../../sdk/src/crypto/epoch-key.js';
import { makeNotice, type NoticeKind } from '../../sdk/src/crypto/notice.js';
import { sealPreviousKey } from '../../sdk/src/crypto/previous-key.js';
import { wrapEpochKey } from '../../sdk/src/crypto/wrap-epoch-key.js';
import type { Statement } from '../../sdk/src/model/membership.js';
import { budgetIdOf, forgeEntry, putWrap, random, takeKey } from './forgery.js';
import { addTo, honestView, kindsOf, type OpenDevice } from './person.js';
import { bytesOf } from './project.js';
import { failureOf, foundBudget, limitOf, lookAgain, put, useStage } from './stage.js';

/* The project says that it is over, for a member or for all, without an owner's signature. */

const stage = useStage();

type MakeNotice = (device: OpenDevice) => Promise<Uint8Array>;

const noticeBy = (
  { budget }: OpenDevice,
  by: Identity,
  kind: NoticeKind,
  uid: string = by.uid,
): Uint8Array =>
  makeNotice({
    kind,
    budgetId: budgetIdOf(budget.id),
    uid,
    by,
    epoch: budget.verifiedState().epoch,
  });

const tombstones: Readonly<Record<string, MakeNotice>> = {
  'no signature at all': async () => new Uint8Array(1),
  'the signature of keys that nobody knows': async (device) =>
    noticeBy(device, await generateIdentity(stage.ann.uid), 'deleted'),
  'the signature of a member who is no owner': async (device) =>
    noticeBy(device, stage.cy.identity, 'deleted'),
  'the tombstone of another budget': async () => {
    const other = await foundBudget(stage);
    return noticeBy(other, stage.ann.identity, 'deleted');
  },
};

describe('a budget that the project calls deleted', () => {
  it.each(Object.entries(tombstones))(
    'with %s is reported; what devices hold stays, and so do its documents',
    async (_name, make) => {
      const { ann, ben, cy, project } = stage;
      const founder = await foundBudget(stage, ben, cy);
      const { id } = founder.budget;
      const other = await ben.open(id);
      const before = honestView(other);
      const stored = await project.readLog(id);
      const tombstone = Buffer.from(await make(founder));
      await project.budget(id).update({ deleted: true, tombstone });

      await other.budget.collection('envelopes').put('rent', { limit: 800 });
      expect(await failureOf(other.budget.sync.syncNow())).toBe('access_denied');
      expect(new Set(kindsOf(other))).toEqual(new Set(['deletion_unproven']));
      expect(other.ends).toEqual([]);
      expect(honestView(other)).toEqual(before);
      expect(other.budget.pendingEdits).toBe(1);
      expect(limitOf(other, 'food')).toBe(100);
      // A new start tidies nothing away: neither the owner's, who could, nor anybody's.
      expect(await failureOf(ben.open(id))).toBe('access_denied');
      const owner = await ann.open(id);
      await owner.budget.collection('envelopes').put('more', { limit: 1 });
      expect(await failureOf(owner.budget.sync.syncNow())).toBe('access_denied');
      expect(kindsOf(owner)).toContain('deletion_unproven');
      expect(owner.ends).toEqual([]);
      expect(await project.readLog(id)).toEqual(stored);
      expect(await ben.sync.listBudgets()).toContain(id);

      await project.budget(id).update({ deleted: false, tombstone: Buffer.alloc(0) });
      await other.budget.sync.syncNow();
      await founder.budget.sync.syncNow();
      expect(other.budget.pendingEdits).toBe(0);
      expect(limitOf(founder, 'rent')).toBe(800);
    },
  );
});

/** Shuts Ben out, with a notice that says why. */
async function shutOut({ budget }: OpenDevice, notice: Uint8Array, rekey = false): Promise<void> {
  const { ben, project } = stage;
  const document = project.budget(budget.id);
  await document
    .collection('departures')
    .doc(ben.uid)
    .set({ v: 1, notice: Buffer.from(notice) });
  await document.update(new FieldPath('members', ben.uid), FieldValue.delete(), 'rekey', rekey);
}

const notices: Readonly<Record<string, MakeNotice>> = {
  "signed by keys that the project calls the owner's": async (device) =>
    noticeBy(device, await generateIdentity(stage.ann.uid), 'removed', stage.ben.uid),
  'signed by another member, who is no owner': async (device) =>
    noticeBy(device, stage.cy.identity, 'removed', stage.ben.uid),
  'that he leaves, signed by keys that are not his': async (device) =>
    noticeBy(device, await generateIdentity(stage.ben.uid), 'left'),
  'of another budget that he did leave': async () => {
    const other = await foundBudget(stage);
    return noticeBy(other, stage.ben.identity, 'left');
  },
  'from when he had been in before': async (device) => {
    const { ann, ben, project } = stage;
    const { budget } = device;
    await budget.people.removeMember(ben.uid);
    const departure = project.budget(budget.id).collection('departures').doc(ben.uid);
    const notice = bytesOf((await project.read(departure))['notice'] as Uint8Array);
    await addTo(device, ben, 'editor');
    expect(ann.uid in honestView(device).roles).toBe(true);
    return notice;
  },
};

describe('a member whom the project shuts out', () => {
  it.each(Object.entries(notices))(
    'with a notice %s is not taken for removed, by anybody',
    async (_name, make) => {
      const { ann, ben, cy, project } = stage;
      const founder = await foundBudget(stage, ben, cy);
      const notice = await make(founder);
      const { id } = founder.budget;
      const victim = await ben.open(id);
      const before = honestView(victim);
      await shutOut(founder, notice);

      await victim.budget.collection('envelopes').put('rent', { limit: 800 });
      expect(await failureOf(victim.budget.sync.syncNow())).toBe('access_denied');
      expect(victim.ends).toEqual([]);
      expect(victim.budget.pendingEdits).toBe(1);
      expect(honestView(victim)).toEqual(before);
      expect(await failureOf(ben.open(id))).toBe('access_denied');

      const owner = await lookAgain(ann, founder);
      expect(kindsOf(owner)).toEqual(['member_missing']);
      expect(honestView(owner)).toEqual(before);

      await project.grant(id, ben.uid, 'editor');
      await victim.budget.sync.syncNow();
      await owner.budget.sync.syncNow();
      expect(limitOf(owner, 'rent')).toBe(800);
    },
  );

  it('by a forged notice that he leaves stays in the log, whatever epoch that starts', async () => {
    const { ann, ben, cy, project } = stage;
    const founder = await foundBudget(stage, ben, cy);
    const { id } = founder.budget;
    const before = honestView(founder);
    await shutOut(founder, noticeBy(founder, await generateIdentity(ben.uid), 'left'), true);
    const owner = await lookAgain(ann, founder);
    expect(kindsOf(owner)).toContain('member_missing');
    expect(honestView(owner)).toEqual(before);
    await put(owner, 'rent', 800);
    await project.grant(id, ben.uid, 'editor');
    const back = await ben.open(id);
    expect(limitOf(back, 'rent')).toBe(800);
    expect(honestView(back)).toEqual(honestView(owner));
  });

  it('by the notice with which he had left once, and come back, stays in the log', async () => {
    const { ann, ben, cy, project } = stage;
    const founder = await foundBudget(stage, ben, cy);
    const { id } = founder.budget;
    await (await ben.open(id)).budget.people.leave();
    await put(founder, 'rent', 800);
    await addTo(founder, ben, 'editor');
    const before = honestView(founder);
    const departure = project.budget(id).collection('departures').doc(ben.uid);
    const notice = bytesOf((await project.read(departure))['notice'] as Uint8Array);
    const victim = await ben.open(id);
    await shutOut(founder, notice, true);
    expect(await failureOf(victim.budget.sync.syncNow())).toBe('access_denied');
    expect(victim.ends).toEqual([]);
    const owner = await lookAgain(ann, founder);
    expect(kindsOf(owner)).toContain('member_missing');
    expect(honestView(owner)).toEqual(before);
  });

  it('by that notice, which another member puts into the log, stays in it all the same', async () => {
    const { ann, ben, cy, project } = stage;
    const founder = await foundBudget(stage, ben, cy);
    const { id } = founder.budget;
    await (await ben.open(id)).budget.people.leave();
    await put(founder, 'rent', 800);
    await addTo(founder, ben, 'editor');
    const before = honestView(founder);
    const departure = project.budget(id).collection('departures').doc(ben.uid);
    const notice = bytesOf((await project.read(departure))['notice'] as Uint8Array);
    const oldKey = await takeKey(project, id, cy.identity);
    const epochKey = generateEpochKey(random, oldKey.budgetId, oldKey.epoch + 1);
    const started: Statement = {
      type: 'epoch_started',
      previousEpoch: oldKey.epoch,
      previousKid: oldKey.kid,
      previousKey: sealPreviousKey(epochKey, oldKey, random),
    };
    const recipient = { uid: ann.uid, box: ann.identity.publicKeys.box };
    const wrapped = wrapEpochKey({ epochKey, recipient, by: cy.identity, random });
    if (!wrapped.ok) throw new Error(wrapped.error.message);
    await putWrap(project, id, epochKey, ann.uid, wrapped.value);
    const left: Statement = { type: 'member_left', uid: ben.uid, notice };
    const body = { edits: [], statements: [started, left] };
    await project.putEntry(
      id,
      await forgeEntry(project, id, { identity: cy.identity, epochKey, body }),
    );
    await founder.budget.sync.syncNow();
    expect(kindsOf(founder)).toEqual(['entry_rejected']);
    expect(honestView(founder)).toEqual(before);
    expect(founder.budget.verifiedState().epoch).toBe(oldKey.epoch);
  });
});
