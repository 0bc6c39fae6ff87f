import { generateIdentity, type Edit } from '@sealsync/sdk';
import { createSeededRandom } from '@sealsync/sdk/testing';
import libsodium from 'libsodium-wrappers';
import { generateEpochKey } from '../../../sdk/src/crypto/epoch-key.js';
import { secureRandom } from '../../../sdk/src/local/secure-random.js';
import { LOG_START, type LogPosition } from '../../../sdk/src/sync/log-position.js';
import { sealEntries, type SealedEntry } from '../../../sdk/src/sync/seal-edits.js';
import type { BenchContext, BenchResult } from '../bench.js';
import { findMedian, findMedianRatio, roundFigure, timeMs } from '../report/medians.js';
import { makeDeviceId, makeSmallEdits } from '../sample/edits.js';
import {
  makeBudgetId,
  openEntry,
  sealInBatches,
  sealOneByOne,
  type OwnLog,
} from '../services/own-log.js';
import { encodeByHand, makeHandKeys, openByHand, sealByHand, type HandKeys } from './by-hand.js';

const EDITS = 10_000;
const ROUNDS = 15;
const SINGLE_EDITS = 2_000;

/** Times of one round, in ms. */
interface Round {
  readonly seal: number;
  readonly open: number;
  /** What both took of all processors, collecting garbage included. */
  readonly cpu: number;
}

/** B4: sealing and opening small edits, beside the same done by hand with the bare libraries. */
export async function benchEnvelope({ progress, isQuick }: BenchContext): Promise<BenchResult> {
  const identity = await generateIdentity('bench-author');
  await libsodium.ready;
  const random = createSeededRandom(4);
  const budgetId = makeBudgetId();
  const epochKey = generateEpochKey(secureRandom, budgetId, 1);
  const log: OwnLog = { budgetId, identity, epochKey, device: makeDeviceId(random) };
  const start = startPosition(log);
  const edits = makeSmallEdits(EDITS, random, log.device);
  const batches = sealInBatches(log, edits, start).map(({ verified }) => verified.body.edits);
  const keys = makeHandKeys();
  const megabytes = sumOf(batches.map((batch) => encodeByHand(batch).length)) / 1e6;

  const rounds = isQuick ? 2 : ROUNDS;
  const batched = await runPairs(progress, 'Batches as pushing packs them', rounds, {
    ours: () => roundOfOurs(log, start, () => sealInBatches(log, edits, start)),
    floor: () => roundByHand(keys, batches),
  });
  const few = edits.slice(0, SINGLE_EDITS);
  const single = await runPairs(
    progress,
    'Each edit in an entry of its own',
    Math.ceil(rounds / 3),
    {
      ours: () => roundOfOurs(log, start, () => sealOneByOne(log, few, start)),
      floor: () =>
        roundByHand(
          keys,
          few.map((edit) => [edit]),
        ),
    },
  );
  const rate = (times: readonly number[]): number =>
    roundFigure(megabytes / (findMedian(times) / 1e3));
  const sealMBps = rate(batched.ours.map(({ seal }) => seal));
  const openMBps = rate(batched.ours.map(({ open }) => open));
  const byHand = {
    sealMBps: rate(batched.floor.map(({ seal }) => seal)),
    openMBps: rate(batched.floor.map(({ open }) => open)),
  };
  return {
    figures: {
      ratioToFloor: ratioOf(batched, ({ seal, open }) => seal + open),
      sealMBps,
      openMBps,
      peers: { byHand: { ratioToFloor: 1, ...byHand } },
    },
    notes: [
      `${edits.length} edits of ${Math.round((megabytes * 1e6) / edits.length)} bytes in ${batches.length} entries; medians of ${rounds} pairs; MB are of encoded edits.`,
      `Ratio of sealing ${ratioOf(batched, ({ seal }) => seal)}, of opening ${ratioOf(batched, ({ open }) => open)}; of processor time for both ${ratioOf(batched, ({ cpu }) => cpu)}.`,
      `Each edit in an entry of its own: ratio ${ratioOf(single, ({ seal, open }) => seal + open)} (sealing ${ratioOf(single, ({ seal }) => seal)}, opening ${ratioOf(single, ({ open }) => open)}).`,
      'The outbox has written and checked every edit before it is sealed, so sealing does not do that again.',
      'By hand there is no check of values, no canonical form, no chain of hashes, and no folding of who may write.',
    ],
  };
}

type Times = Pick<Round, 'seal' | 'open'>;

interface Pairs {
  readonly ours: readonly Round[];
  readonly floor: readonly Round[];
}

/** One of each in turn, so that what else the machine does meets both; the first pair warms up. */
async function runPairs(
  progress: BenchContext['progress'],
  step: string,
  rounds: number,
  run: { readonly ours: () => Promise<Times>; readonly floor: () => Promise<Times> },
): Promise<Pairs> {
  progress.begin(step);
  const ours: Round[] = [];
  const floor: Round[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    ours.push(await withCpu(run.ours));
    floor.push(await withCpu(run.floor));
    progress.advance(round, rounds);
  }
  return { ours: ours.slice(1), floor: floor.slice(1) };
}

async function withCpu(run: () => Promise<Times>): Promise<Round> {
  const before = process.cpuUsage();
  const times = await run();
  const { user, system } = process.cpuUsage(before);
  return { ...times, cpu: (user + system) / 1e3 };
}

async function roundOfOurs(
  log: OwnLog,
  start: LogPosition,
  sealAll: () => readonly SealedEntry[],
): Promise<Times> {
  let sealed: readonly SealedEntry[] = [];
  const seal = await timeMs(() => {
    sealed = sealAll();
  });
  const open = await timeMs(() => {
    let position = start;
    for (const { entry } of sealed) {
      position = openEntry(log, { ...entry, at: entry.t }, position).after;
    }
  });
  return { seal, open };
}

async function roundByHand(keys: HandKeys, batches: readonly (readonly Edit[])[]): Promise<Times> {
  let frames: readonly Uint8Array[] = [];
  const seal = await timeMs(() => {
    frames = batches.map((batch) => sealByHand(batch, keys));
  });
  const open = await timeMs(() => {
    for (const frame of frames) openByHand(frame, keys);
  });
  return { seal, open };
}

/** Behind the first entry of a log, which makes a member of its author. */
function startPosition({ identity, epochKey, device }: OwnLog): LogPosition {
  const statements = [{ type: 'genesis' as const, keys: identity.publicKeys }];
  const sealing = { device, epochKey, t: Date.now() };
  const deps = { identity, random: secureRandom };
  const [genesis] = sealEntries([{ edits: [], statements }], LOG_START, sealing, deps);
  if (!genesis) throw new Error('one body makes one entry');
  return genesis.verified.after;
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

const ratioOf = ({ ours, floor }: Pairs, read: (round: Round) => number): number =>
  roundFigure(findMedianRatio(ours.map(read), floor.map(read)));
