import { afterEach, beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import type { Sealsync } from '../create-sync.js';
import { loadSodium } from '../crypto/sodium.js';
import { foundWorlds } from '../testing/found-worlds.js';
import type { Budget } from './budget.js';
import type { InvalidRecordEvent } from './invalid-records.js';
import { SchemaChecks } from './schemas.js';

const worlds = foundWorlds();

beforeAll(loadSodium);

afterEach(() => worlds.closeAll());

const envelope = z.object({ name: z.string().max(10), limit: z.int().min(0) });
const schemas = { envelopes: envelope };

describe('a write to a collection with a schema', () => {
  it('that does not fit is refused with field and reason, shows no content, and changes nothing', async () => {
    const { budget } = await (await worlds.found()).open('ann', { schemas });
    const envelopes = budget.collection('envelopes');
    const refusal = await envelopes.put('food', { name: 'Canary', limit: -7 }).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refusal).toMatchObject({ kind: 'invalid_record', issues: [{ path: 'limit' }] });
    expect(String(refusal)).toContain('"envelopes"');
    expect(String(refusal)).toContain('"limit"');
    expect(String(refusal)).not.toMatch(/Canary|food/);
    expect([envelopes.list(), envelopes.invalid(), budget.pendingEdits]).toEqual([[], [], 0]);
  });

  it('is judged by the record as it would be, edits that are still on their way included', async () => {
    const { budget } = await (await worlds.found()).open('ann', { schemas, online: false });
    const envelopes = budget.collection('envelopes');
    await envelopes.put('food', { name: 'Food', limit: 5 });
    const outcomes = await Promise.allSettled([
      envelopes.increment('food', 'limit', -4),
      envelopes.increment('food', 'limit', -4),
      envelopes.update('food', { limit: 1.5 }),
      budget.transact((tx) => {
        tx.collection('envelopes').update('food', { name: 'Groceries!!' });
        tx.collection('envelopes').update('food', { name: 'Groceries' });
        tx.collection('envelopes').put('rent', { name: 'Rent', limit: -1 });
        tx.collection('envelopes').remove('rent');
      }),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
      'fulfilled',
    ]);
    expect(envelopes.list()).toEqual([['food', { name: 'Groceries', limit: 1 }]]);
    expect(budget.pendingEdits).toBe(3);
  });

  it('keeps what an older app does not know, unless that app removes the record', async () => {
    const world = await worlds.found();
    const newer = await world.open('ann');
    const older = await world.open('ben', { schemas });
    await newer.budget.collection('envelopes').put('food', { name: 'Food', limit: 1, icon: 'pie' });
    await world.settle();
    const envelopes = older.budget.collection('envelopes');
    await envelopes.update('food', { limit: 2 });
    await envelopes.put('food', { name: 'Groceries', limit: 3 });
    await world.settle();
    expect(newer.budget.collection('envelopes').get('food')).toEqual({
      name: 'Groceries',
      limit: 3,
      icon: 'pie',
    });
    await older.budget.transact((tx) => {
      tx.collection('envelopes').remove('food');
      tx.collection('envelopes').put('food', { name: 'Food', limit: 4 });
    });
    expect(envelopes.get('food')).toEqual({ name: 'Food', limit: 4 });
  });

  it('drops a field that the schema knows and the app left out', async () => {
    const optional = z.object({ name: z.string(), note: z.string().optional() });
    const { budget } = await (
      await worlds.found()
    ).open('ann', { schemas: { envelopes: optional } });
    await budget.collection('envelopes').put('food', { name: 'Food', note: 'weekly' });
    await budget.collection('envelopes').put('food', { name: 'Food' });
    expect(budget.collection('envelopes').get('food')).toEqual({ name: 'Food' });
  });

  it('stores what the app handed in, not what the schema makes of it', async () => {
    const shouting = z.object({ name: z.string().transform((name) => name.toUpperCase()) });
    const { budget } = await (
      await worlds.found()
    ).open('ann', { schemas: { envelopes: shouting } });
    await budget.collection('envelopes').put('food', { name: 'Food' });
    expect(budget.collection('envelopes').get('food')).toEqual({ name: 'Food' });
  });
});

describe('a record that others left unfit', () => {
  it('is kept apart from those that fit, blocks nothing, and can be mended', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const ben = await world.open('ben', { schemas });
    const envelopes = ben.budget.collection('envelopes');
    await ann.budget.collection('envelopes').put('food', { name: 'Food', limit: 'plenty' });
    await ann.budget.collection('envelopes').put('rent', { name: 'Rent', limit: 9 });
    await world.settle();
    expect(envelopes.list()).toEqual([['rent', { name: 'Rent', limit: 9 }]]);
    expect(envelopes.get('food')).toBeUndefined();
    expect(envelopes.invalid()).toMatchObject([
      { id: 'food', record: { name: 'Food', limit: 'plenty' }, issues: [{ path: 'limit' }] },
    ]);
    await expect(envelopes.update('food', { name: 'Meals' })).rejects.toMatchObject({
      kind: 'invalid_record',
    });
    await envelopes.update('food', { limit: 4 });
    await world.settle();
    expect(envelopes.invalid()).toEqual([]);
    expect(ann.budget.collection('envelopes').get('food')).toEqual({ name: 'Food', limit: 4 });
  });

  it('is told to whoever listens, also if it was there before, until they stop', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const ben = await world.open('ben', { schemas });
    await ann.budget.collection('envelopes').put('food', { name: 'Food' });
    await ann.budget.collection('notes').put('food', { text: 'no schema' });
    await world.settle();
    const heard: InvalidRecordEvent[] = [];
    const stop = ben.budget.on('invalid', (event) => heard.push(event));
    await world.clock.advance(0);
    await ann.budget.collection('envelopes').put('rent', { limit: 1 });
    await world.settle();
    stop();
    await ann.budget.collection('envelopes').put('fun', { limit: 1 });
    await world.settle();
    expect(heard.map(({ collection, id }) => `${collection}/${id}`)).toEqual([
      'envelopes/food',
      'envelopes/rent',
    ]);
  });

  it('may come of a merge of two changes that both fit', async () => {
    const world = await worlds.found();
    const paid = z.object({ limit: z.number(), spent: z.number() });
    const fitting = { envelopes: paid.refine(({ limit, spent }) => spent <= limit, 'overspent') };
    const ann = await world.open('ann', { schemas: fitting });
    const ben = await world.open('ben', { schemas: fitting });
    await ann.budget.collection('envelopes').put('food', { limit: 10, spent: 5 });
    await world.settle();
    await Promise.all([
      ann.budget.collection('envelopes').update('food', { limit: 6 }),
      ben.budget.collection('envelopes').increment('food', 'spent', 4),
    ]);
    await world.settle();
    for (const { budget } of world.devices) {
      expect(budget.collection('envelopes').invalid()).toMatchObject([
        {
          id: 'food',
          record: { limit: 6, spent: 9 },
          issues: [{ path: '', message: 'overspent' }],
        },
      ]);
    }
  });
});

describe('reading', () => {
  it('checks each version of a record once, however often it is read', async () => {
    let checked = 0;
    const counting = z.object({ name: z.string() }).refine(() => (checked += 1) > 0);
    const { budget } = await (
      await worlds.found()
    ).open('ann', { schemas: { envelopes: counting } });
    await budget.collection('envelopes').put('food', { name: 'Food' });
    budget.collection('envelopes').list();
    const before = checked;
    for (let read = 0; read < 100; read += 1) budget.collection('envelopes').list();
    expect([checked, budget.collection('envelopes').get('food')]).toEqual([
      before,
      { name: 'Food' },
    ]);
  });
});

describe('schemas', () => {
  it('that are none, or that do not answer at once, are refused before anything is opened', () => {
    const asynchronous = z.unknown().refine(() => Promise.resolve(true));
    const make = (schema: unknown): SchemaChecks =>
      new SchemaChecks({ envelopes: schema as typeof asynchronous });
    expect(() => make(asynchronous)).toThrow(expect.objectContaining({ kind: 'bad_config' }));
    expect(() => make({ parse: () => true })).toThrow(
      expect.objectContaining({ kind: 'bad_config' }),
    );
  });

  it('that throw, or answer late after all, make a record invalid and no read fail', () => {
    const throwing = z.object({ name: z.string() }).refine(() => {
      throw new Error('a bug');
    });
    const late = z.object({ name: z.string() }).refine(() => Promise.resolve(true));
    const checks = new SchemaChecks({ throwing, late });
    expect(checks.issuesOf('throwing', { name: 'x' })).toHaveLength(1);
    expect(checks.issuesOf('late', { name: 'x' })).toHaveLength(1);
    expect(() => {
      checks.requireFit('late', { name: 'x' });
    }).toThrow(expect.objectContaining({ kind: 'bad_config' }));
  });

  it('give the collections of a budget their types, beside those that an app names itself', () => {
    const open = (sync: Sealsync): Promise<unknown> => {
      expectTypeOf(sync.createBudget({ schemas })).resolves.toEqualTypeOf<
        Budget<{ envelopes: { name: string; limit: number } }>
      >();
      expectTypeOf(sync.openBudget<{ notes: { text: string } }>('')).resolves.toEqualTypeOf<
        Budget<{ notes: { text: string } }>
      >();
      // @ts-expect-error The schema promises other records than the app's type.
      return sync.createBudget<{ envelopes: { name: number } }>({ schemas });
    };
    expectTypeOf(open).toBeFunction();
  });
});
