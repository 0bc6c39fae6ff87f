import { describe, expect, it } from 'vitest';
import { generateIdentity, type Identity } from '@sealsync/sdk';
import { generateEpochKey, type EpochKey } from '../../sdk/src/crypto/epoch-key.js';
import { encodeInviteFragment, parseInviteFragment } from '../../sdk/src/crypto/invite-fragment.js';
import type { InviteSecret } from '../../sdk/src/crypto/invite-secret.js';
import { wrapEpochKey } from '../../sdk/src/crypto/wrap-epoch-key.js';
import type { Statement } from '../../sdk/src/model/membership.js';
import type { LogEntry } from '../../sdk/src/ports/remote-log.js';
import {
  budgetIdOf,
  forgeEdits,
  forgeEntry,
  memberAdded,
  putLimit,
  putWrap,
  random,
  sealBehind,
  takeKey,
} from './forgery.js';
import { addTo, honestView, kindsOf, type OpenDevice, type Person } from './person.js';
import { failureOf, foundBudget, limitOf, put, useStage } from './stage.js';

/* What the project puts into a log, and another log in the place of one. */

const stage = useStage();

/** Puts an edit of `by` behind the newest entry, sealed with `epochKey`. */
async function smuggle(
  { budget }: OpenDevice,
  { identity }: Person,
  epochKey: EpochKey,
): Promise<void> {
  const body = forgeEdits(putLimit('food', 666), putLimit('smuggled', 1));
  const { project } = stage;
  const entry = await forgeEntry(project, budget.id, { identity, epochKey, body });
  await project.putEntry(budget.id, entry);
}

/** Open and fresh devices refuse the newest entry, and merge an honest one behind it. */
async function expectRefused(open: readonly OpenDevice[], fresh: Person): Promise<void> {
  const [founder] = open;
  if (!founder) throw new Error('somebody has to look');
  const before = honestView(founder);
  for (const device of open) {
    await device.budget.sync.syncNow();
    expect(kindsOf(device)).toEqual(['entry_rejected']);
    expect(honestView(device)).toEqual(before);
  }
  const late = await fresh.open(founder.budget.id);
  expect(kindsOf(late)).toContain('entry_rejected');
  expect(honestView(late)).toEqual(before);
  await put(founder, 'rent', 800);
  for (const device of [...open, late]) {
    await device.budget.sync.syncNow();
    expect(kindsOf(device)).toContain('entry_quarantined');
    expect(limitOf(device, 'food')).toBe(100);
    expect(limitOf(device, 'rent')).toBe(800);
    expect(limitOf(device, 'smuggled')).toBeUndefined();
    expect(honestView(device)).toEqual(honestView(founder));
  }
}

describe('an entry that the project stores past the rules', () => {
  it('by a viewer, who has the key, is reported and not merged', async () => {
    const { ben, cy, project } = stage;
    const founder = await foundBudget(stage, ben);
    await addTo(founder, cy, 'viewer');
    const other = await ben.open(founder.budget.id);
    await smuggle(founder, cy, await takeKey(project, founder.budget.id, cy.identity));
    await expectRefused([founder, other], ben);
  });

  it('by a removed member, with the key of their time, is reported and not merged', async () => {
    const { ben, cy, project } = stage;
    const founder = await foundBudget(stage, ben, cy);
    const oldKey = await takeKey(project, founder.budget.id, cy.identity);
    await founder.budget.people.removeMember(cy.uid);
    const other = await ben.open(founder.budget.id);
    await smuggle(founder, cy, oldKey);
    await expectRefused([founder, other], ben);
  });

  it('by a removed member, with the current key from a friend, is not merged either', async () => {
    const { ben, cy, project } = stage;
    const founder = await foundBudget(stage, ben, cy);
    await founder.budget.people.removeMember(cy.uid);
    const other = await ben.open(founder.budget.id);
    await smuggle(founder, cy, await takeKey(project, founder.budget.id, ben.identity));
    await expectRefused([founder, other], ben);
  });

  it('under the key of an earlier epoch, by a member, is not merged', async () => {
    const { ben, project } = stage;
    const founder = await foundBudget(stage, ben);
    const oldKey = await takeKey(project, founder.budget.id, ben.identity);
    await founder.budget.people.rotateKey();
    const other = await ben.open(founder.budget.id);
    await smuggle(founder, ben, oldKey);
    await expectRefused([founder, other], ben);
  });
});

/** Another log for a budget: in it Ben and Ann are members, and the project owns it. */
async function plantOtherLog({ budget }: OpenDevice, link = ''): Promise<void> {
  const { ann, ben, project } = stage;
  const { id } = budget;
  const fake = await generateIdentity(ann.uid);
  const epochKey = generateEpochKey(random, budgetIdOf(id), 1);
  const genesis = { type: 'genesis', keys: fake.publicKeys } as const;
  const followed = parseInviteFragment(link);
  const invite = followed.ok ? followed.value.invite : undefined;
  const log: LogEntry[] = [];
  for (const body of [
    { edits: [], statements: [genesis] },
    { edits: [], statements: [memberAdded(ben.identity, 'editor')] },
    ...(invite ? [{ edits: [], statements: [inviteCreated(invite)] }] : []),
    forgeEdits(putLimit('food', 666)),
  ]) {
    log.push(sealBehind(log.at(-1), { identity: fake, epochKey, body }));
  }
  await project.firestore.recursiveDelete(project.budget(id).collection('changes'));
  for (const entry of log) await project.putEntry(id, entry);
  const wrapFor = async ({ uid, publicKeys }: Identity): Promise<void> => {
    const recipient = { uid, box: publicKeys.box };
    const wrapped = wrapEpochKey({ epochKey, recipient, by: fake, random });
    if (wrapped.ok) await putWrap(project, id, epochKey, uid, wrapped.value);
  };
  await wrapFor(ann.identity);
  await wrapFor(ben.identity);
  if (invite) await wrapFor(invite.identity);
}

const inviteCreated = ({ inviteId, identity }: InviteSecret): Statement => ({
  type: 'invite_created',
  inviteId,
  role: 'editor',
  expiresAt: Date.now() + 3_600_000,
  keys: identity.publicKeys,
});

describe('a whole other log in the place of the one that a member knows', () => {
  it('is not taken by any of their devices: open, started again, or new', async () => {
    const { ann, ben, project } = stage;
    const founder = await foundBudget(stage, ben);
    const { id } = founder.budget;
    const contents = new Map<string, Uint8Array>();
    const other = await ben.open(id, contents);
    const before = honestView(other);
    await other.budget.sync.stop();
    await other.budget.collection('envelopes').put('pending', { limit: 3 });
    const kept = new Map(contents);
    await plantOtherLog(founder);

    // The devices that are open have verified more than the other log holds.
    other.budget.sync.start();
    expect(await failureOf(other.budget.sync.syncNow())).toBe('log_halted');
    expect(['fork', 'rollback']).toContain(kindsOf(other)[0]);
    expect(honestView(other)).toEqual(before);
    expect(other.budget.pendingEdits).toBe(1);
    await other.budget.close();

    expect(await failureOf(ben.open(id, contents))).toBe('log_halted');
    expect(contents).toEqual(kept);
    const fresh = new Map<string, Uint8Array>();
    expect(await failureOf(ben.open(id, fresh))).toBe('log_halted');
    expect(await failureOf(ann.open(id))).toBe('log_halted');

    // Without the note of the budget a new device cannot know: the other log is sound in itself.
    await project.firestore.doc(`users/${ben.uid}/budgets/${id}`).delete();
    expect(limitOf(await ben.open(id), 'food')).toBe(666);
  });

  it('is not taken by whoever follows a link, even one that the other log knows', async () => {
    const { ben, cy, project } = stage;
    const founder = await foundBudget(stage, ben);
    const invited = { role: 'editor', expiresInMs: 3_600_000 } as const;
    const { link } = await founder.budget.people.createInvite(invited);
    const { id } = founder.budget;
    await plantOtherLog(founder, link);
    expect(await failureOf(cy.join(link))).toBe('log_halted');
    expect(await failureOf(cy.open(id))).toBe('log_halted');
    const log = await project.readLog(id);
    expect(log.some(({ author }) => author === cy.uid)).toBe(false);
  });

  it('or a link that names another inviter than the log is refused, and nothing is written', async () => {
    const { ben, cy, project } = stage;
    const founder = await foundBudget(stage, ben);
    const invited = { role: 'editor', expiresInMs: 3_600_000 } as const;
    const { link } = await founder.budget.people.createInvite(invited);
    const parsed = parseInviteFragment(link);
    if (!parsed.ok) throw new Error(parsed.error.message);
    const inviterFingerprint = random.bytes(32);
    const changed = `#${encodeInviteFragment({ ...parsed.value, inviterFingerprint })}`;
    expect(await failureOf(cy.join(changed))).toBe('not_genuine');
    const log = await project.readLog(founder.budget.id);
    expect(log.some(({ author }) => author === cy.uid)).toBe(false);
  });
});
