import { randomUUID } from 'node:crypto';
import { createRxDatabase, type RxCollection, type RxDatabase, type RxJsonSchema } from 'rxdb';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import type { Transaction } from '../sample/records.js';

export interface RxTransaction extends Transaction {
  readonly id: string;
}

const schema: RxJsonSchema<RxTransaction> = {
  version: 0,
  primaryKey: 'id',
  type: 'object',
  properties: {
    id: { type: 'string', maxLength: 32 },
    date: { type: 'string' },
    payee: { type: 'string' },
    category: { type: 'string' },
    memo: { type: 'string' },
    amount: { type: 'integer' },
    cleared: { type: 'boolean' },
  },
  required: ['id', 'date', 'payee', 'category', 'memo', 'amount', 'cleared'],
};

/** One device's RxDB, in memory. */
export async function openRxStore(): Promise<{
  readonly database: RxDatabase;
  readonly transactions: RxCollection<RxTransaction>;
}> {
  const database = await createRxDatabase({
    name: randomUUID().replaceAll('-', ''),
    storage: getRxStorageMemory(),
    multiInstance: false,
  });
  const { transactions } = await database.addCollections<{
    transactions: RxCollection<RxTransaction>;
  }>({ transactions: { schema } });
  return { database, transactions };
}
