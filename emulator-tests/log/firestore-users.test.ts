import { Bytes, doc, setDoc } from 'firebase/firestore';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../sdk/src/local/system-clock.js';
import {
  createOperationCounter,
  type OperationCounter,
} from '../../sdk/src/ports/operation-counter.js';
import type { PublicKeys } from '../../sdk/src/model/membership.js';
import type { UserDirectory } from '../../sdk/src/ports/user-directory.js';
import { createFirestoreUsers } from '../../sdk/src/remote/firestore-users.js';
import { openRulesEnvironment, type RulesEnvironment } from '../rules/rules-environment.js';
import { signInPerson, type SignedInPerson } from './signed-in-person.js';

let rules: RulesEnvironment;
let ann: SignedInPerson;
let bob: SignedInPerson;

beforeAll(async () => {
  rules = await openRulesEnvironment();
  [ann, bob] = await Promise.all([signInPerson(), signInPerson()]);
});
afterAll(async () => {
  await Promise.all([ann.close(), bob.close(), rules.close()]);
});

const directoryOf = (person: SignedInPerson, count?: OperationCounter): UserDirectory =>
  createFirestoreUsers({ ...person, clock: systemClock, ...(count ? { count } : {}) });
const keys = (fill: number): { sign: Uint8Array; box: Uint8Array } => ({
  sign: new Uint8Array(32).fill(fill),
  box: new Uint8Array(32).fill(fill + 1),
});

const bytesOf = (length: number): Bytes => Bytes.fromUint8Array(new Uint8Array(length));

async function plantAndRead(document: Record<string, unknown>): Promise<PublicKeys | undefined> {
  const uid = `planted-${crypto.randomUUID()}`;
  await rules.bypassRules((firestore) => setDoc(doc(firestore, 'users', uid), document));
  const found = await directoryOf(ann).readKeys(uid);
  if (!found.ok) throw new Error(found.error.message);
  return found.value;
}

describe('the directory of public keys', () => {
  it('tells others what a person published last, and counts what that costs', async () => {
    const [annsCount, bobsCount] = [createOperationCounter(), createOperationCounter()];
    const mine = directoryOf(ann, annsCount);
    expect(await mine.publishKeys(keys(1))).toEqual({ ok: true, value: undefined });
    expect(await mine.publishKeys(keys(5))).toEqual({ ok: true, value: undefined });
    const found = await directoryOf(bob, bobsCount).readKeys(ann.uid);
    expect(found).toEqual({ ok: true, value: keys(5) });
    expect(annsCount).toEqual({ reads: 0, writes: 2, deletes: 0, rulesReads: 0 });
    expect(bobsCount).toEqual({ reads: 1, writes: 0, deletes: 0, rulesReads: 0 });
  });

  it('has nothing for somebody who published nothing', async () => {
    expect(await directoryOf(ann).readKeys('nobody')).toEqual({ ok: true, value: undefined });
  });

  it('refuses keys of another length', async () => {
    const short = { ...keys(1), box: new Uint8Array(31) };
    const refused = await directoryOf(ann).publishKeys(short);
    expect(refused.ok || refused.error.kind).toBe('denied');
  });

  const usable = { sign: bytesOf(32), box: bytesOf(32), v: 1 };

  it('passes on what fits', async () => {
    expect(await plantAndRead(usable)).toEqual({
      sign: new Uint8Array(32),
      box: new Uint8Array(32),
    });
  });

  it.each<[string, Record<string, unknown>]>([
    ['keys that are no bytes', { ...usable, sign: 'x' }],
    ['keys that are too short', { ...usable, sign: bytesOf(31) }],
    ['keys that are too long', { ...usable, box: bytesOf(33) }],
    ['another version', { ...usable, v: 2 }],
  ])('does not pass on what the project put there: %s', async (_what, planted) => {
    expect(await plantAndRead(planted)).toBe(undefined);
  });
});
