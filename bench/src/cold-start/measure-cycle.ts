import { generateIdentity } from '@sealsync/sdk';
import type { BenchContext } from '../bench.js';
import { findMedian, findMedianRatio } from '../report/medians.js';
import type { Shapes } from '../sample/records.js';
import { newAccount, signIn } from '../services/sign-in.js';
import type { Backend } from '../services/start-backend.js';
import { startDevice, type Device } from '../services/start-device.js';
import { waitUntil } from '../services/wait-until.js';
import { LongLog } from './long-log.js';
import { readPlainly } from './read-plainly.js';
import { startCold, type ColdStart } from './start-cold.js';

/** As many entries as may lie behind a snapshot before a device takes the next one. */
const WORST_ENTRIES = 120;

/** An edit, the digest of the state, a chunk and a header. */
const MIN_SNAPSHOT_WRITES = 4;

/** Medians of some cold starts, each beside its floor. */
export interface Measured extends ColdStart {
  readonly floorMs: number;
  readonly ratioToFloor: number;
}

export interface Cycle {
  /** After a device has had the chance to take a snapshot of the end of the log. */
  readonly fresh: Measured;
  /** With as many entries behind that as ever there are. */
  readonly worst: Measured;
}

/** Writes a log of as many entries as records, and starts cold at two points of its cycle. */
export async function measureCycle(
  backend: Backend,
  context: BenchContext,
  records: number,
  rounds: number,
): Promise<Cycle> {
  const { progress, onClose } = context;
  const account = newAccount();
  const session = await signIn(backend, account);
  onClose(() => session.close());
  const identity = await generateIdentity(session.user.uid);
  const owner = await startDevice(backend, context, { owner: { session, identity } });
  progress.begin(`Writing ${records} entries`);
  const log = await LongLog.found(backend, owner);
  await log.addRecords(records, (done) => progress.advance(done, records));

  const measure = async (): Promise<Measured> => {
    const starts: ColdStart[] = [];
    const floors: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      floors.push(await readPlainly(backend, account, log));
      starts.push(await startCold(backend, identity, account, log));
      progress.advance(round + 1, rounds);
    }
    return summarize(starts, floors);
  };
  progress.begin(`${records} records: a device takes up the log`);
  await takeSnapshot(owner, log);
  progress.begin(`${records} records on a new device`);
  const fresh = await measure();
  progress.begin(`${records} records on a new device, ${WORST_ENTRIES} entries later`);
  await log.changeRecords(WORST_ENTRIES);
  return { fresh, worst: await measure() };
}

/** Opens the budget and changes a record, upon which the device takes a snapshot. */
async function takeSnapshot({ sync, session, count }: Device, log: LongLog): Promise<void> {
  const budget = await sync.openBudget<Shapes>(log.budgetId);
  const transactions = budget.collection('transactions');
  const [first] = transactions.list();
  if (!first) throw new Error('the log has records');
  await transactions.update(first[0], { cleared: !first[1].cleared });
  // The edit, the digest, and the snapshot's chunks and header.
  const writes = count.writes + MIN_SNAPSHOT_WRITES;
  await waitUntil(() => count.writes >= writes && budget.sync.getStatus().state === 'idle');
  await budget.close();
  await log.follow(session.firestore);
}

function summarize(starts: readonly ColdStart[], floors: readonly number[]): Measured {
  const times = starts.map(({ ms }) => ms);
  return {
    reads: findMedian(starts.map(({ reads }) => reads)),
    bytes: findMedian(starts.map(({ bytes }) => bytes)),
    ms: findMedian(times),
    floorMs: findMedian(floors),
    ratioToFloor: findMedianRatio(times, floors),
  };
}
