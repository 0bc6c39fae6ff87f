import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';
import type { Budget, Sealsync } from '@sealsync/sdk';
import { afterAll, expect, it } from 'vitest';
import { signInPerson } from './log/signed-in-person.js';

interface Household {
  envelopes: { name: string; limit: number; spent: number };
}

interface Example {
  openHousehold(
    firebase: unknown,
    user: unknown,
    secrets: {
      passphrase: string;
      budgetPassphrase: string;
      realtime?: { signaling: { url: string } };
    },
  ): Promise<{ sync: Sealsync; budget: Budget<Household> }>;
}

const folder = resolve(import.meta.dirname, '../.cache', `readme-${randomUUID()}`);

afterAll(() => rm(folder, { recursive: true, force: true }));

async function loadExample(): Promise<{ lines: number; example: Example }> {
  const readme = await readFile(resolve(import.meta.dirname, '../README.md'), 'utf8');
  const [, code] = /```ts\n([\s\S]+?)```/.exec(readme) ?? [];
  if (!code) throw new Error('the README has an example in TypeScript');
  await mkdir(folder, { recursive: true });
  const file = resolve(folder, 'example.ts');
  await writeFile(file, code);
  const lines = code.split('\n').filter((line) => /^ .*\S|^export/.test(line)).length;
  return { lines, example: (await import(pathToFileURL(file).href)) as Example };
}

it('the example of the README runs as it stands, and its edits reach Firestore', async () => {
  const { lines, example } = await loadExample();
  expect(lines).toBeLessThanOrEqual(20);
  const person = await signInPerson();
  const secrets = { passphrase: 'quiet harbour sells green violins' };
  const { sync, budget } = await example.openHousehold(person.app, person.user, secrets);
  expect(budget.pendingEdits).toBe(0);
  const id = budget.id;
  await sync.close();

  // A second device of the same person: only what Firestore holds can be there.
  const { createSync, openKeyslots } = await import('@sealsync/sdk');
  const keyslots = await openKeyslots({ firebase: person.app, user: person.user });
  const identity = await keyslots.unlock({ passphrase: secrets.passphrase });
  const again = await createSync({ firebase: person.app, user: person.user, identity });
  const opened = await again.openBudget<Household>(id);
  expect(opened.collection('envelopes').get('food')).toEqual({
    name: 'Food',
    limit: 45_000,
    spent: 1_299,
  });
  await again.close();
  await person.close();
});
