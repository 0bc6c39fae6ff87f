import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { openKeyslots } from '@sealsync/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { When } from '../faults/proxy/fault.js';
import { startFaultProxy } from '../faults/proxy/fault-proxy.js';
import { readEmulatorHosts, readFirestoreAddress } from '../setup/emulators.js';
import type { DoomedTask, DoomedWork } from './doomed-task.js';
import { addTo, honestView, kindsOf, startPerson, type OpenDevice, type Person } from './person.js';
import { openProject, type Project } from './project.js';
import { failureOf, limitOf, put } from './stage.js';

/*
 * A process dies by SIGKILL in the middle of what it does: while Firestore has, or has not
 * yet, taken a commit that it waits for. Whoever starts next finds one of two sound states,
 * and can finish. What the commits are, in their order, is named beside each; what one is
 * killed before is as if it had been killed after the one before that.
 */

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SCRIPT = fileURLToPath(new URL('run-doomed-task.ts', import.meta.url));
const PASSPHRASE = 'tractor rides past nine lamps';
const HOUR_MS = 3_600_000;

let project: Project;
let ann: Person;
let ben: Person;
let cy: Person;

beforeAll(async () => {
  project = openProject();
  [ann, ben, cy] = await Promise.all([
    startPerson(PASSPHRASE),
    startPerson(),
    startPerson(PASSPHRASE),
  ]);
});
afterAll(async () => {
  for (const person of [ann, ben, cy]) await person.close();
  await project.close();
});

/** The commit, counted from 1, that is never answered, and whether Firestore has taken it by then. */
interface StallAt {
  readonly commit: number;
  readonly when: When;
}

/** Starts a process, and kills it when it waits for the commit of `at`. */
async function dieAt({ account }: Person, at: StallAt, work: DoomedWork): Promise<void> {
  const proxy = await startFaultProxy(readFirestoreAddress());
  proxy.disturb(({ type, nth }) =>
    type === 'commit' && nth === at.commit ? { kind: 'stall', when: at.when } : undefined,
  );
  const firestoreHost = `${proxy.host}:${String(proxy.port)}`;
  const hosts = { ...readEmulatorHosts(), firestoreHost };
  const task: DoomedTask = { hosts, account, passphrase: PASSPHRASE, work };
  const args = ['--conditions=sealsync-source', '--import', 'tsx', SCRIPT, JSON.stringify(task)];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => output.push(chunk.toString()));
  }
  const ended = once(child, 'exit');
  await Promise.race([proxy.struck(1), ended]);
  child.kill('SIGKILL');
  const [, killedBy] = (await ended) as [number | null, string | null];
  await proxy.close();
  expect({ killedBy, output: output.join('') }).toEqual({ killedBy: 'SIGKILL', output: '' });
}

const before = (commit: number): StallAt => ({ commit, when: 'before' });
const after = (commit: number): StallAt => ({ commit, when: 'after' });

/** A budget of Ann's in which Ben is. */
async function foundBudget(): Promise<OpenDevice> {
  const founder = await ann.create();
  await addTo(founder, ben, 'editor');
  await put(founder, 'food', 100);
  return founder;
}

describe('a device that is killed while it removes a member', () => {
  // 1: the new key, wrapped for who stays. 2: the entry, the members, the epoch, the notice.
  it.each([
    { at: after(1), isOut: false },
    { at: before(2), isOut: false },
    { at: after(2), isOut: true },
  ])('leaves them in or out, and the next start can finish: $at', async ({ at, isOut }) => {
    const { budget } = await foundBudget();
    const { id } = budget;
    await budget.close();
    await dieAt(ann, at, { type: 'remove', budgetId: id, uid: ben.uid });

    const { members, epoch } = await project.read(project.budget(id));
    expect(Object.hasOwn(members as object, ben.uid)).toBe(!isOut);
    const again = await ann.open(id);
    expect(kindsOf(again)).toEqual([]);
    expect(again.budget.people.members().has(ben.uid)).toBe(!isOut);
    expect(again.budget.verifiedState().epoch).toBe(epoch);
    await put(again, 'rent', 800);
    if (!isOut) {
      const bens = await ben.open(id);
      expect(honestView(bens)).toEqual(honestView(again));
      await put(bens, 'fun', 50);
      await again.budget.people.removeMember(ben.uid);
      expect(await failureOf(bens.budget.sync.syncNow())).toBe('removed');
    }
    expect(await failureOf(ben.open(id))).not.toBe('none');
    expect(honestView(again).roles).toEqual({ [ann.uid]: 'owner' });
    expect(again.budget.verifiedState().epoch).toBe(2);
    await put(again, 'secret', 1);
    expect(honestView(await ann.open(id))).toEqual(honestView(again));
  });
});

describe('a device that is killed while it accepts an invite', () => {
  // 1: invite, members and note of the budget. 2: the entry. 3: the key, wrapped for the
  // newcomer. 4: the note, without the link.
  it.each([
    { at: before(1), isIn: false },
    { at: after(1), isIn: true },
    { at: after(2), isIn: true },
    { at: before(4), isIn: true },
  ])('is in or not, and the next start finishes: $at', async ({ at, isIn }) => {
    const founder = await foundBudget();
    const { id, people } = founder.budget;
    const { link } = await people.createInvite({ role: 'editor', expiresInMs: HOUR_MS });
    await dieAt(cy, at, { type: 'join', link });

    const { members } = await project.read(project.budget(id));
    expect(Object.hasOwn(members as object, cy.uid)).toBe(isIn);
    expect((await cy.sync.listBudgets()).includes(id)).toBe(isIn);
    const device = isIn ? await cy.open(id) : await cy.join(link);
    expect(kindsOf(device)).toEqual([]);
    expect(device.budget.people.isJoining).toBe(false);
    expect(limitOf(device, 'food')).toBe(100);
    await put(device, 'rent', 800);
    await founder.budget.sync.syncNow();
    expect(honestView(founder)).toEqual(honestView(device));
    expect(Object.keys(honestView(founder).roles).sort()).toEqual(
      [ann.uid, ben.uid, cy.uid].sort(),
    );
    expect(await failureOf(ben.join(link))).toBe('already_member');
    // The key is wrapped for Cy, so that the link is not needed any more.
    await founder.budget.people.rotateKey();
    expect(honestView(await cy.open(id))).toEqual(honestView(founder));
  });
});

describe('a device that is killed while it changes a passphrase', () => {
  const NEW = 'quiet harbour sells green violins';

  // 1: the slot.
  it.each([
    { at: before(1), opens: PASSPHRASE, fails: NEW },
    { at: after(1), opens: NEW, fails: PASSPHRASE },
  ])('leaves the old one or the new one, never neither: $at', async ({ at, opens, fails }) => {
    const dan = await startPerson(PASSPHRASE);
    try {
      await dieAt(dan, at, { type: 'change_passphrase', to: NEW });
      const { app: firebase, user } = dan.session;
      const keyslots = await openKeyslots({ firebase, user });
      expect(await failureOf(keyslots.unlock({ passphrase: fails }))).toBe('wrong_secret');
      const { publicKeys } = await keyslots.unlock({ passphrase: opens });
      expect(publicKeys).toEqual(dan.identity.publicKeys);
      await keyslots.changePassphrase({ from: opens, to: 'seven owls count the blue ladders' });
      await keyslots.close();
    } finally {
      await dan.close();
    }
  });
});

describe('a device that is killed while it deletes a budget', () => {
  // 1: the tombstone. From 2 on: the documents below it.
  it.each([{ at: after(1) }, { at: after(2) }])(
    'leaves the rest to be removed by the next start: $at',
    async ({ at }) => {
      const { budget } = await foundBudget();
      const { id } = budget;
      await budget.close();
      await dieAt(ann, at, { type: 'delete', budgetId: id });

      const { deleted } = await project.read(project.budget(id));
      expect(deleted).toBe(true);
      expect(await failureOf(ann.open(id))).toBe('budget_deleted');
      expect(await project.budget(id).listCollections()).toEqual([]);
      expect(await ann.sync.listBudgets()).not.toContain(id);
    },
  );
});
