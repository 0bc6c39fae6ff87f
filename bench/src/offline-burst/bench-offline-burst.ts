import { createSeededRandom } from '@sealsync/sdk/testing';
import { DEFAULT_LIMITS, type SignalingLimits } from '@sealsync/signaling-server';
import type { BenchContext, BenchResult } from '../bench.js';
import { makeRecords } from '../sample/records.js';
import { createHastyClock } from '../services/clocks.js';
import { shareBudget } from '../services/share-budget.js';
import { startBackend, type Backend } from '../services/start-backend.js';
import { measureBurst } from './measure-burst.js';
import { measurePeers } from './measure-peers.js';
import { measureOneByOne, type OneByOne } from './measure-one-by-one.js';

const RECORDS = 200;
const EDITS = 1_000;
/** How many times as fast time runs for the edits one by one, a second apart. */
const SPEED = 10;
/** The rules allow clocks to be 600 s off either way; the run takes 1,000 s of the devices' time. */
const START_AHEAD_MS = -500_000;

/** B1: what Firestore bills for many edits at once, and for as many one by one. */
export async function benchOfflineBurst(context: BenchContext): Promise<BenchResult> {
  const backend = await startBackend(context);
  const edits = context.isQuick ? 50 : EDITS;
  const records = makeRecords(RECORDS, createSeededRandom(200));
  const ids = records.map(([id]) => id);

  const { url } = await backend.startSignaling();
  const shared = await shareBudget(backend, context, { signalingUrl: url }, records);
  context.progress.begin(`${edits} edits offline, then pushed at once`);
  const burst = await measureBurst(shared, url, ids, edits);

  const { oneByOne, membershipReads } = await runOneByOne(backend, context, edits);
  const { writes, rulesReads, peerReads } = burst;
  return {
    figures: {
      writes,
      rulesReads,
      peerReads,
      oneByOne: { edits, writes: oneByOne.writes, peerReads: oneByOne.peerReads },
      peers: await measurePeers(context, { backend, records }, edits, 1_000 / SPEED),
    },
    notes: [
      `At once: the author read ${burst.reads} documents; ${Math.round(burst.ms)} ms until the peer had all.`,
      `One by one: the author read ${oneByOne.reads} documents, the rules ${oneByOne.rulesReads}, the signaling server ${membershipReads} for both connections together.`,
      `One by one, time ran ${SPEED} times as fast for the devices: safety pulls and pauses of ${edits} s are in the figures.`,
      'The alternatives: documentPerRecord and rxdbPlaintext show Firestore every record; RxDB is counted at its pull and push handlers.',
      'rulesReads are those of author and peer together.',
    ],
  };
}

async function runOneByOne(
  backend: Backend,
  context: BenchContext,
  edits: number,
): Promise<{ readonly oneByOne: OneByOne; readonly membershipReads: number }> {
  const records = makeRecords(RECORDS, createSeededRandom(200));
  const signaling = await backend.startSignaling(hasty(DEFAULT_LIMITS));
  const clock = createHastyClock(SPEED, START_AHEAD_MS);
  const shared = await shareBudget(
    backend,
    context,
    { signalingUrl: signaling.url, clock },
    records,
  );
  context.progress.begin(`${edits} edits one by one`);
  const before = signaling.readMembershipReads();
  const oneByOne = await measureOneByOne(
    shared,
    records.map(([id]) => id),
    edits,
    { clock, everyMs: 1_000 / SPEED },
    (done) => context.progress.advance(done, edits),
  );
  return { oneByOne, membershipReads: signaling.readMembershipReads() - before };
}

/** For the server, time runs as fast as for the devices. */
const hasty = (limits: SignalingLimits): Partial<SignalingLimits> => ({
  messagesPerSecond: limits.messagesPerSecond * SPEED,
  membershipIntervalMs: limits.membershipIntervalMs / SPEED,
});
