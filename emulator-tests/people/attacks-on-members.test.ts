import { describe, expect, it } from 'vitest';
import { generateIdentity } from '@sealsync/sdk';
import { makeAcceptance } from '../../sdk/src/crypto/acceptance.js';
import { generateEpochKey } from '../../sdk/src/crypto/epoch-key.js';
import { parseInviteFragment, type InviteLink } from '../../sdk/src/crypto/invite-fragment.js';
import { createInviteSecret } from '../../sdk/src/crypto/invite-secret.js';
import {
  budgetIdOf,
  forgeEdits,
  forgeEntry,
  memberAdded,
  newestKid,
  putLimit,
  random,
  takeKey,
} from './forgery.js';
import { addTo, honestView, kindsOf, type OpenDevice, type Person } from './person.js';
import { bytesOf } from './project.js';
import { failureOf, foundBudget, lookAgain, put, useStage } from './stage.js';

/*
 * Whoever runs the project lets somebody in, or makes more of somebody, past the rules. Told
 * apart from what members have signed, it is reported, gets no key, and changes nothing.
 */

const stage = useStage();
const HOUR_MS = 3_600_000;

/** Whether any key of the budget is wrapped for `uid`. */
async function hasWrap({ budget }: OpenDevice, uid: string): Promise<boolean> {
  const ids = await stage.project.listIds(budget.id, 'keys');
  return ids.some((id) => id.endsWith(`_${uid}`));
}

async function inviteOf({ budget }: OpenDevice): Promise<InviteLink> {
  const { link } = await budget.people.createInvite({ role: 'editor', expiresInMs: HOUR_MS });
  const parsed = parseInviteFragment(link);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

/** Marks an invite as used by somebody, and lets them in. */
async function useUp(
  { budget }: OpenDevice,
  inviteId: string,
  { uid }: Person,
  acceptance: Uint8Array,
): Promise<void> {
  const use = { usedBy: uid, access: random.bytes(32), acceptance: Buffer.from(acceptance) };
  await stage.project.budget(budget.id).collection('invites').doc(inviteId).update(use);
  await stage.project.grant(budget.id, uid, 'editor');
}

const acceptanceOf = async ({ budget }: OpenDevice, inviteId: string): Promise<Uint8Array> => {
  const document = stage.project.budget(budget.id).collection('invites').doc(inviteId);
  return bytesOf((await stage.project.read(document))['acceptance'] as Uint8Array);
};

/** Every device of the members reports `kind` once, and has what it had before. */
async function expectUnmoved(
  founder: OpenDevice,
  members: readonly Person[],
  kind: string,
  before: ReturnType<typeof honestView>,
  at: number,
): Promise<void> {
  for (const member of members) {
    const device = await lookAgain(member, founder);
    expect(kindsOf(device)).toEqual([kind]);
    expect(honestView(device)).toEqual(before);
    expect(device.budget.verifiedState().seq).toBe(at);
  }
}

describe('somebody whom the project lets in', () => {
  it('by the list of members alone is reported, gets no key, and writes nothing', async () => {
    const { ann, ben, eve, project } = stage;
    const founder = await foundBudget(stage, ben);
    const { id } = founder.budget;
    const before = honestView(founder);
    const { seq } = founder.budget.verifiedState();
    await project.grant(id, eve.uid, 'editor');
    await expectUnmoved(founder, [ann, ben], 'member_unproven', before, seq);
    expect(await hasWrap(founder, eve.uid)).toBe(false);
    expect(await failureOf(eve.open(id))).toBe('key_missing');

    const { epoch } = await newestKid(project, id);
    const epochKey = generateEpochKey(random, budgetIdOf(id), epoch);
    const body = forgeEdits(putLimit('food', 666));
    const forged = await forgeEntry(project, id, { identity: eve.identity, epochKey, body });
    await project.putEntry(id, forged);
    await founder.budget.sync.syncNow();
    expect(kindsOf(founder)).toEqual(['entry_rejected']);
    expect(honestView(founder)).toEqual(before);
    const other = await lookAgain(ben, founder);
    expect(kindsOf(other)).toContain('entry_rejected');
    expect(honestView(other)).toEqual(before);
    // An honest entry behind it lets everybody go on, without it.
    await put(founder, 'rent', 800);
    await other.budget.sync.syncNow();
    expect(kindsOf(other)).toContain('entry_quarantined');
    expect(honestView(other)).toEqual(honestView(founder));
    expect(founder.budget.collection('envelopes').get('food')).toEqual({ limit: 100 });
  });

  it('with the current key, which a member has given away, still writes nothing', async () => {
    const { ben, eve, project } = stage;
    const founder = await foundBudget(stage, ben);
    const { id } = founder.budget;
    const before = honestView(founder);
    await project.grant(id, eve.uid, 'editor');
    const epochKey = await takeKey(project, id, ben.identity);
    const body = forgeEdits(putLimit('food', 666));
    await project.putEntry(
      id,
      await forgeEntry(project, id, { identity: eve.identity, epochKey, body }),
    );
    await founder.budget.sync.syncNow();
    expect(kindsOf(founder)).toEqual(['entry_rejected']);
    expect(honestView(founder)).toEqual(before);
    expect(honestView(await lookAgain(ben, founder))).toEqual(before);
  });
});

describe('public keys that the project has put in the place of those of a user', () => {
  it('are not let in by an owner who knows the fingerprint', async () => {
    const { cy, eve, project, ben } = stage;
    const founder = await foundBudget(stage, ben);
    const before = honestView(founder);
    const { seq } = founder.budget.verifiedState();
    const users = project.firestore.collection('users');
    const genuine = await project.read(users.doc(cy.uid));
    await users.doc(cy.uid).set(await project.read(users.doc(eve.uid)));
    try {
      expect(await failureOf(addTo(founder, cy, 'editor'))).toBe('not_genuine');
    } finally {
      await users.doc(cy.uid).set(genuine);
    }
    expect(kindsOf(founder)).toEqual(['published_keys_differ']);
    await founder.budget.sync.syncNow();
    expect(founder.budget.verifiedState().seq).toBe(seq);
    expect(honestView(founder)).toEqual(before);
    const { members } = await project.read(project.budget(founder.budget.id));
    expect(Object.keys(members as object).sort()).toEqual(Object.keys(before.roles).sort());
    expect(await hasWrap(founder, cy.uid)).toBe(false);
  });
});

describe('the acceptance of an invite', () => {
  it('made up by somebody without the link is reported, and never taken up', async () => {
    const { ann, ben, eve } = stage;
    const founder = await foundBudget(stage, ben);
    const { invite, budgetId } = await inviteOf(founder);
    const before = honestView(founder);
    const { seq } = founder.budget.verifiedState();
    const { inviteId } = invite;
    const guessed = createInviteSecret(inviteId, random.bytes(32));
    const { identity } = eve;
    await useUp(founder, inviteId, eve, makeAcceptance({ budgetId, invite: guessed, identity }));
    await expectUnmoved(founder, [ann, ben], 'invite_not_genuine', before, seq);
    expect(await hasWrap(founder, eve.uid)).toBe(false);
  });

  it('signed by the link but not by the keys that it brings is never taken up', async () => {
    const { ann, eve, cy } = stage;
    const founder = await foundBudget(stage);
    const { invite, budgetId } = await inviteOf(founder);
    const before = honestView(founder);
    const { seq } = founder.budget.verifiedState();
    // Eve has seen the link, and would have Cy's keys stand for her own uid.
    const { publicKeys } = cy.identity;
    const identity = Object.assign(await generateIdentity(eve.uid), { publicKeys });
    const acceptance = makeAcceptance({ budgetId, invite, identity });
    await useUp(founder, invite.inviteId, eve, acceptance);
    await expectUnmoved(founder, [ann], 'invite_not_genuine', before, seq);
  });

  it('of somebody else is not taken up for whom the project names', async () => {
    const { ann, ben, cy, eve } = stage;
    const founder = await foundBudget(stage, ben);
    const { invite, budgetId } = await inviteOf(founder);
    const before = honestView(founder);
    const { seq } = founder.budget.verifiedState();
    const acceptance = makeAcceptance({ budgetId, invite, identity: cy.identity });
    await useUp(founder, invite.inviteId, eve, acceptance);
    await expectUnmoved(founder, [ann, ben], 'invite_not_genuine', before, seq);
  });

  it('of another invite, or for another budget, is reported, and never taken up', async () => {
    const { ann, ben, cy } = stage;
    const [first, elsewhere] = [await foundBudget(stage, ben), await foundBudget(stage)];
    const [used, open] = [await inviteOf(first), await inviteOf(first)];
    const other = await inviteOf(elsewhere);
    const before = honestView(first);
    const { seq } = first.budget.verifiedState();
    const { identity } = cy;
    for (const { invite, budgetId } of [used, other]) {
      const acceptance = makeAcceptance({ budgetId, invite, identity });
      await useUp(first, open.invite.inviteId, cy, acceptance);
      await expectUnmoved(first, [ann, ben], 'invite_not_genuine', before, seq);
    }
  });

  it('is good once: not for a second person, and not again after a removal', async () => {
    const { ann, ben, cy, eve, project } = stage;
    const founder = await foundBudget(stage, ben);
    const { id, people } = founder.budget;
    const { link, inviteId } = await people.createInvite({ role: 'editor', expiresInMs: HOUR_MS });
    await cy.join(link);
    await founder.budget.sync.syncNow();
    const acceptance = await acceptanceOf(founder, inviteId);
    const joined = honestView(founder);
    const at = founder.budget.verifiedState().seq;
    await useUp(founder, inviteId, eve, acceptance);
    await expectUnmoved(founder, [ann, ben, cy], 'member_unproven', joined, at);
    await people.removeMember(eve.uid);

    await people.removeMember(cy.uid);
    const before = honestView(founder);
    expect(Object.keys(before.roles)).not.toContain(cy.uid);
    const { seq } = founder.budget.verifiedState();
    await useUp(founder, inviteId, cy, acceptance);
    await expectUnmoved(founder, [ann, ben], 'member_unproven', before, seq);
    expect(await failureOf(cy.open(id))).not.toBe('none');

    // Not even a member who helps the project gets it into the log a second time.
    const body = { edits: [], statements: [{ type: 'joined', inviteId, acceptance } as const] };
    const epochKey = await takeKey(project, id, ben.identity);
    await project.putEntry(
      id,
      await forgeEntry(project, id, { identity: ben.identity, epochKey, body }),
    );
    const again = await lookAgain(ann, founder);
    expect(kindsOf(again)).toContain('entry_rejected');
    expect(honestView(again)).toEqual(before);
  });
});

describe('a role that the project has raised', () => {
  it('is reported, and lets nobody write who may not by the log', async () => {
    const { ann, ben, cy, project } = stage;
    const founder = await foundBudget(stage, ben);
    await addTo(founder, cy, 'viewer');
    const { id } = founder.budget;
    const before = honestView(founder);
    const { seq } = founder.budget.verifiedState();
    await project.grant(id, cy.uid, 'owner');
    await expectUnmoved(founder, [ann, ben, cy], 'role_differs', before, seq);
    const viewer = await lookAgain(cy, founder);
    const edit = viewer.budget.collection('envelopes').put('food', { limit: 666 });
    expect(await failureOf(edit)).toBe('access_denied');
    expect(await failureOf(viewer.budget.people.removeMember(ben.uid))).toBe('access_denied');

    const mate = await generateIdentity('somebody-of-the-viewer');
    const epochKey = await takeKey(project, id, cy.identity);
    const body = { edits: [], statements: [memberAdded(mate, 'owner')] };
    await project.putEntry(
      id,
      await forgeEntry(project, id, { identity: cy.identity, epochKey, body }),
    );
    await founder.budget.sync.syncNow();
    expect(kindsOf(founder)).toEqual(['entry_rejected']);
    expect(honestView(founder)).toEqual(before);
  });
});
