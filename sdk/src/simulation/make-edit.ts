import type { Budget } from '../budget/budget.js';
import { SealsyncError } from '../errors.js';
import type { Fields, Op, Value } from '../model/edit.js';
import type { WorldShapes } from '../testing/sync-world.js';
import type { Device } from './device.js';
import { keyOf } from './edit-ledger.js';
import type { Scene } from './scene.js';
import type { Change } from './step.js';
import { require } from './violation.js';

type WorldBudget = Budget<WorldShapes>;

/**
 * Makes one edit as an app does, and notes what became of the call. What is wrong at once is
 * thrown: what the app reads after the call is what it wrote.
 */
export async function makeEdit(
  scene: Scene,
  device: Device,
  changes: readonly Change[],
): Promise<'acknowledged' | 'refused' | 'unknown'> {
  const { ledger, tally } = scene;
  const life = device.requireLife();
  const { gate, opened } = life;
  const { budget } = opened;
  const ops = planOps(budget, changes);
  const expected = expectRecords(budget, ops);
  const base = scene.look(device).seq;
  device.edits += 1;
  life.editsUnderWay += 1;
  const isAlone = life.editsUnderWay === 1;
  const seen = [device.edits, device.remoteChanges];
  const died = gate.died.then(() => 'unknown' as const);
  const outcome = await Promise.race([died, send(budget, ops)]);
  life.editsUnderWay -= 1;
  tally.add(`edit: ${outcome}`);
  if (outcome === 'refused') return outcome;
  ledger.add(outcome, device.uid, ops);
  if (outcome === 'unknown') return outcome;
  tally.add('ops acknowledged', ops.length);
  for (const op of ops) tally.add(`op: ${op.type}`);
  ledger.bases.set(keyOf(device.uid, { ops }), base);
  if (!isAlone || device.isCopied) return outcome;
  if (seen[0] !== device.edits || seen[1] !== device.remoteChanges) return outcome;
  for (const [key, record] of expected) {
    const found = readRecord(budget, key);
    require(sameJson(found, record), 'own edits are seen at once', () => {
      const [is, should] = [JSON.stringify(found), JSON.stringify(record)];
      return `${device.name} reads ${is}, not ${should}, after ${JSON.stringify(ops)}`;
    });
  }
  return outcome;
}

async function send(budget: WorldBudget, ops: readonly Op[]): Promise<'acknowledged' | 'refused'> {
  try {
    const [only] = ops;
    if (ops.length === 1 && only) await sendOp(budget, only);
    else {
      await budget.transact((tx) => {
        for (const op of ops) void sendOp(tx, op);
      });
    }
    return 'acknowledged';
  } catch (error) {
    if (error instanceof SealsyncError) return 'refused';
    throw error;
  }
}

interface Writable {
  collection(name: string): {
    put(id: string, record: WorldShapes[string]): Promise<void> | void;
    update(id: string, changes: WorldShapes[string]): Promise<void> | void;
    increment(id: string, field: string, by: number): Promise<void> | void;
    remove(id: string): Promise<void> | void;
  };
}

function sendOp(target: Writable, op: Op): Promise<void> | void {
  const collection = target.collection(op.collection);
  switch (op.type) {
    case 'put':
      return collection.put(op.id, op.fields as WorldShapes[string]);
    case 'set':
      return collection.update(op.id, { [op.field]: op.value as number | string });
    case 'increment':
      return collection.increment(op.id, op.field, op.by);
    case 'remove':
      return collection.remove(op.id);
  }
}

/** The ops of `changes`, with a `put` for what cannot be done to a record that is not there. */
function planOps(budget: WorldBudget, changes: readonly Change[]): Op[] {
  const isThere = new Map<string, boolean>();
  return changes.map((change): Op => {
    const { collection, id, field, token } = change;
    const key = `${collection}/${id}`;
    const exists = isThere.get(key) ?? budget.collection(collection).get(id) !== undefined;
    const type = exists ? change.type : 'put';
    isThere.set(key, type !== 'remove');
    switch (type) {
      case 'put':
        return { type, collection, id, fields: { tag: token, [field]: valueOf(token) } };
      case 'set':
        return { type, collection, id, field, value: valueOf(token) };
      case 'increment':
        return { type, collection, id, field, by: token % 4 === 0 ? -token : token };
      case 'remove':
        return { type, collection, id };
    }
  });
}

/** Now and then a text where others count. */
const valueOf = (token: number): Value =>
  token % 13 === 0 ? `text ${String(token)}` : token * 1_000;

function expectRecords(budget: WorldBudget, ops: readonly Op[]): Map<string, Fields | undefined> {
  const records = new Map<string, Fields | undefined>();
  for (const op of ops) {
    const key = `${op.collection}/${op.id}`;
    const before = records.has(key) ? records.get(key) : readRecord(budget, key);
    records.set(key, apply(before, op));
  }
  return records;
}

function apply(before: Fields | undefined, op: Op): Fields | undefined {
  switch (op.type) {
    case 'put':
      return op.fields;
    case 'set':
      return { ...before, [op.field]: op.value };
    case 'increment': {
      const value = before?.[op.field] ?? 0;
      return { ...before, [op.field]: typeof value === 'number' ? value + op.by : value };
    }
    case 'remove':
      return undefined;
  }
}

function readRecord(budget: WorldBudget, key: string): Fields | undefined {
  const [collection = '', id = ''] = key.split('/');
  return budget.collection(collection).get(id);
}

export const sameJson = (a: Fields | undefined, b: Fields | undefined): boolean =>
  canonical(a) === canonical(b);

const canonical = (fields: Fields | undefined): string =>
  JSON.stringify(fields && Object.entries(fields).sort(([x], [y]) => (x < y ? -1 : 1)));
