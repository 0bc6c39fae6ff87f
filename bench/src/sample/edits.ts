import type { Edit, Op, Random } from '@sealsync/sdk';
import { isDeviceId, type DeviceId } from '../../../sdk/src/model/ids.js';
import { makeRecords, makeTransaction, type Transaction } from './records.js';

const COLLECTION = 'transactions';

export function makeDeviceId(random: Random): DeviceId {
  const id = Buffer.from(random.bytes(16)).toString('hex');
  if (!isDeviceId(id)) throw new Error('16 bytes make a device id');
  return id;
}

/**
 * Small edits as a household makes them, a second or so apart: mostly one field of a record that
 * is there, sometimes a new record, sometimes an increment.
 */
export function makeSmallEdits(count: number, random: Random, device: DeviceId): Edit[] {
  const known = makeRecords(200, random);
  return numberEdits(count, device, () => {
    const [[id, record] = ['', undefined]] = makeRecords(1, random);
    const chance = random.fraction();
    if (chance < 0.2 && record) return putOp(id, record);
    const [target = ''] = known[Math.floor(random.fraction() * known.length)] ?? [];
    const { amount, category, memo } = makeTransaction(random);
    if (chance < 0.3) {
      return { type: 'increment', collection: COLLECTION, id: target, field: 'amount', by: 1 };
    }
    const [field, value] = pickChange(chance, { amount, category, memo });
    return { type: 'set', collection: COLLECTION, id: target, field, value };
  });
}

function pickChange(
  chance: number,
  { amount, category, memo }: Pick<Transaction, 'amount' | 'category' | 'memo'>,
): [field: string, value: string | number] {
  if (chance < 0.6) return ['amount', amount];
  return chance < 0.8 ? ['category', category] : ['memo', memo];
}

/** One edit a record, which puts it. */
export function makePuts(
  records: readonly (readonly [id: string, record: Transaction])[],
  device: DeviceId,
): Edit[] {
  let next = 0;
  return numberEdits(records.length, device, () => {
    const [id, record] = records[next++] ?? [];
    if (id === undefined || !record) throw new Error('there are as many edits as records');
    return putOp(id, record);
  });
}

const putOp = (id: string, record: Transaction): Op => ({
  type: 'put',
  collection: COLLECTION,
  id,
  fields: { ...record },
});

function numberEdits(count: number, device: DeviceId, makeOp: () => Op): Edit[] {
  const startMs = Date.now() - count;
  return Array.from({ length: count }, (_, index) => ({
    device,
    counter: index + 1,
    stamp: { wallMs: startMs + index, logical: 0 },
    base: 1,
    ops: [makeOp()],
  }));
}
