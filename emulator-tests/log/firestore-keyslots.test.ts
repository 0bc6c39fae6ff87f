import { Bytes, doc, setDoc } from 'firebase/firestore';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../sdk/src/local/system-clock.js';
import type {
  KeyslotChange,
  KeyslotDirectory,
  StoredKeyslot,
} from '../../sdk/src/ports/keyslot-directory.js';
import {
  createOperationCounter,
  type OperationCounter,
} from '../../sdk/src/ports/operation-counter.js';
import { createFirestoreKeyslots } from '../../sdk/src/remote/firestore-keyslots.js';
import { openRulesEnvironment, type RulesEnvironment } from '../rules/rules-environment.js';
import { openFailingFirestore } from './failing-firestore.js';
import { signInPerson, type SignedInPerson } from './signed-in-person.js';

let rules: RulesEnvironment;
let ann: SignedInPerson;

beforeAll(async () => {
  rules = await openRulesEnvironment();
  ann = await signInPerson();
});
afterAll(async () => {
  await Promise.all([ann.close(), rules.close()]);
});

const directoryOf = (person: SignedInPerson, count?: OperationCounter): KeyslotDirectory =>
  createFirestoreKeyslots({ ...person, clock: systemClock, ...(count ? { count } : {}) });
const slot = (name: string, generation: number, after = 0): KeyslotChange => ({
  name,
  generation,
  after,
  bytes: new Uint8Array(200).fill(generation),
});

const asListed = ({ name, generation, bytes }: KeyslotChange): StoredKeyslot => ({
  name,
  generation,
  bytes,
});

describe('the keyslots in Firestore', () => {
  it('come back as they were stored, at the price that is counted', async () => {
    const count = createOperationCounter();
    const mine = directoryOf(ann, count);
    expect(await mine.list()).toEqual({ ok: true, value: [] });
    const stored = [slot('passphrase', 1), slot('recovery', 2)];
    for (const each of stored) {
      expect(await mine.put(each)).toEqual({ ok: true, value: undefined });
    }
    expect(await mine.list()).toEqual({ ok: true, value: stored.map(asListed) });
    expect(await mine.remove('passphrase')).toEqual({ ok: true, value: undefined });
    expect(await mine.list()).toEqual({ ok: true, value: [asListed(slot('recovery', 2))] });
    expect(count).toEqual({ reads: 5, writes: 2, deletes: 1, rulesReads: 2 });
  });

  it('refuse what follows another than is stored, and the removal of the last', async () => {
    const person = await signInPerson();
    const mine = directoryOf(person);
    await mine.put(slot('passphrase', 3));
    const refused = [
      await mine.put(slot('passphrase', 4)),
      await mine.put(slot('recovery', 4, 3)),
      await mine.remove('passphrase'),
    ];
    expect(refused.map((result) => result.ok || result.error.kind)).toEqual(
      Array.from({ length: 3 }, () => 'denied'),
    );
    expect(await mine.list()).toEqual({ ok: true, value: [asListed(slot('passphrase', 3))] });
    await person.close();
  });

  it('are closed to others', async () => {
    const eve = await signInPerson();
    const directory = createFirestoreKeyslots({
      firestore: eve.firestore,
      uid: ann.uid,
      clock: systemClock,
    });
    const results = [
      await directory.list(),
      await directory.put(slot('laptop', 9)),
      await directory.remove('passphrase'),
    ];
    for (const result of results) expect(result.ok || result.error.kind).toBe('denied');
    await eve.close();
  });

  const bytes = Bytes.fromUint8Array(new Uint8Array(9));
  it.each<[string, Record<string, unknown>]>([
    ['another version', { v: 2, generation: 1, after: 0, slot: bytes }],
    ['a generation of text', { v: 1, generation: '1', after: 0, slot: bytes }],
    ['a slot of text', { v: 1, generation: 1, after: 0, slot: 'x' }],
    ['another field', { v: 1, generation: 1, after: 0, slot: bytes, more: true }],
  ])('stay listed with %s: nobody takes them for none', async (_what, planted) => {
    const person = await signInPerson();
    await rules.bypassRules((firestore) =>
      setDoc(doc(firestore, 'users', person.uid, 'keyslots', 'passphrase'), planted),
    );
    const listed = await directoryOf(person).list();
    expect(listed).toEqual({
      ok: true,
      value: [{ name: 'passphrase', generation: 0, bytes: new Uint8Array() }],
    });
    await person.close();
  });

  it('are not taken for none when the read fails', async () => {
    const failing = await openFailingFirestore((_request, response) => {
      response.writeHead(503).end();
    });
    const person = await signInPerson({ firestore: failing.address });
    expect((await directoryOf(person).list()).ok).toBe(false);
    await person.close();
    await failing.close();
  });
});
