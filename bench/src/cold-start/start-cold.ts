import type { Identity } from '@sealsync/sdk';
import type { BenchContext } from '../bench.js';
import type { Shapes } from '../sample/records.js';
import { startCountingProxy } from '../services/counting-proxy.js';
import { signIn, type Account } from '../services/sign-in.js';
import type { Backend } from '../services/start-backend.js';
import { startDevice } from '../services/start-device.js';
import type { LongLog } from './long-log.js';

export interface ColdStart {
  readonly reads: number;
  /** On the wire, both ways, headers included. */
  readonly bytes: number;
  /** From the call until every record can be read. */
  readonly ms: number;
}

/**
 * A new device of the owner, who is signed in and has unlocked their identity: what opening the
 * budget costs it.
 */
export async function startCold(
  backend: Backend,
  identity: Identity,
  account: Account,
  log: Pick<LongLog, 'budgetId' | 'records'>,
): Promise<ColdStart> {
  const closes: (() => Promise<void>)[] = [];
  const onClose: BenchContext['onClose'] = (close) => closes.push(close);
  try {
    const proxy = await startCountingProxy(backend.firestore);
    onClose(() => proxy.close());
    const cold = await signIn({ ...backend, firestore: proxy }, { ...account, isNew: false });
    onClose(() => cold.close());
    const device = await startDevice(backend, { onClose }, { owner: { session: cold, identity } });
    const before = { bytes: proxy.bytes, reads: device.count.reads };
    const startMs = performance.now();
    const budget = await device.sync.openBudget<Shapes>(log.budgetId);
    const found = budget.collection('transactions').list().length;
    const ms = performance.now() - startMs;
    if (found !== log.records) throw new Error(`${found} of ${log.records} records were there.`);
    return { reads: device.count.reads - before.reads, bytes: proxy.bytes - before.bytes, ms };
  } finally {
    for (const close of closes.reverse()) await close();
  }
}
