import { createSeededRandom } from '@sealsync/sdk/testing';
import { findPercentile } from '../../../demo/src/report/percentile.js';
import { startFaultProxy } from '../../../emulator-tests/faults/proxy/fault-proxy.js';
import type { BenchContext, BenchResult, Figures } from '../bench.js';
import { findMedian, roundFigure } from '../report/medians.js';
import { makeRecords } from '../sample/records.js';
import { startBackend, type Address } from '../services/start-backend.js';
import { measurePeers, type PeerLatency } from './measure-peers.js';
import { runLatency, type LatencyRun } from './run-latency.js';

const SAMPLES = 200;
/** Each way, so that every wire has 40 ms of round trip. */
const DELAY_MS = 20;
const PEER_RECORDS = 200;

/** B3: from one person's call to the other's subscriber, beside one plain commit and get. */
export async function benchEditLatency(context: BenchContext): Promise<BenchResult> {
  const backend = await startBackend(context);
  const signaling = await backend.startSignaling();
  const samples = context.isQuick ? 20 : SAMPLES;
  const near = await runLatency(backend, context, signaling.url, samples);

  const through = async (target: Address): Promise<Address> => {
    const proxy = await startFaultProxy(target);
    proxy.disturb(() => ({ kind: 'delay', delayMs: DELAY_MS }));
    context.onClose(() => proxy.close());
    return proxy;
  };
  const firestore = await through(backend.firestore);
  const { port } = await through(signaling.address);
  const farBackend = { ...backend, firestore };
  const far = await runLatency(farBackend, context, `ws://127.0.0.1:${port}`, samples);

  const records = makeRecords(PEER_RECORDS, createSeededRandom(200));
  const nearPeers = await measurePeers(context, { backend, records }, samples);
  const farPeers = await measurePeers(context, { backend, records, firestore }, samples);
  const ratio = ratioOf(near);
  return {
    figures: {
      p50Ms: percentileOf(near.oursMs, 50),
      p99Ms: percentileOf(near.oursMs, 99),
      ratioToFloor: ratio,
      rtt40: { p50Ms: percentileOf(far.oursMs, 50), ratioToFloor: ratioOf(far) },
      peers: describePeers(nearPeers, farPeers, near, far),
    },
    notes: [
      `${samples} samples after warm-up; the floor, one plain commit and one plain get in turn with them, took ${percentileOf(near.floorMs, 50)} ms (p99 ${percentileOf(near.floorMs, 99)}), and with 40 ms on every wire ${percentileOf(far.floorMs, 50)} ms.`,
      `Medians after the call: ${describeStages(near)}.`,
      `With 40 ms on every wire: ${describeStages(far)}.`,
      'Both devices rest before every edit; all clients and the signaling server share one process.',
    ],
  };
}

function describePeers(
  near: readonly PeerLatency[],
  far: readonly PeerLatency[],
  { floorMs }: LatencyRun,
  { floorMs: farFloorMs }: LatencyRun,
): Figures {
  const figures: Record<string, Figures> = {};
  for (const [index, { name, p50Ms, p99Ms }] of near.entries()) {
    const farP50Ms = far[index]?.p50Ms ?? 0;
    figures[name] = {
      p50Ms,
      p99Ms,
      ratioToFloor: roundFigure(p50Ms / findMedian(floorMs)),
      rtt40: { p50Ms: farP50Ms, ratioToFloor: roundFigure(farP50Ms / findMedian(farFloorMs)) },
    };
  }
  return figures;
}

const percentileOf = (times: readonly number[], percent: number): number =>
  roundFigure(findPercentile(times, percent));

const ratioOf = ({ oursMs, floorMs }: LatencyRun): number =>
  roundFigure(findMedian(oursMs) / findMedian(floorMs));

const describeStages = ({ stages }: LatencyRun): string =>
  stages.map(([name, ms]) => `${name} ${roundFigure(ms)} ms`).join(', ');
