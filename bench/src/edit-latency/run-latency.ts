import { createSeededRandom } from '@sealsync/sdk/testing';
import type { BenchContext } from '../bench.js';
import { findMedian } from '../report/medians.js';
import { makeRecords } from '../sample/records.js';
import { createRestingClock } from '../services/clocks.js';
import { shareBudget } from '../services/share-budget.js';
import type { Backend } from '../services/start-backend.js';
import { startDevice } from '../services/start-device.js';
import { measureEdit, type Sample } from './measure-edit.js';
import { prepareFloor } from './measure-floor.js';
import { watchStages } from './watch-stages.js';

const WARM_UP = 20;
const RECORDS = 200;
/** The rules allow clocks to be 600 s off either way; every sample rests for two. */
const START_AHEAD_MS = -300_000;

export interface LatencyRun {
  readonly oursMs: readonly number[];
  readonly floorMs: readonly number[];
  /** Medians of when each thing happened after the call, in order. */
  readonly stages: readonly (readonly [name: string, ms: number])[];
}

/** Edits and floor in turn; `backend` and `signalingUrl` may lead through delaying proxies. */
export async function runLatency(
  backend: Backend,
  context: BenchContext,
  signalingUrl: string,
  samples: number,
): Promise<LatencyRun> {
  const clock = createRestingClock(START_AHEAD_MS);
  const watch = watchStages();
  context.onClose(async () => watch.stop());
  const records = makeRecords(RECORDS, createSeededRandom(200));
  const { webSocket } = watch;
  const shared = await shareBudget(backend, context, { signalingUrl, clock, webSocket }, records);
  const floor = await prepareFloor(await startDevice(backend, context), samples + WARM_UP);
  context.progress.begin(`${samples} edits, one by one`);
  const ours: Sample[] = [];
  const floorMs: number[] = [];
  for (let number = 0; number < samples + WARM_UP; number += 1) {
    const [id = ''] = records[number % records.length] ?? [];
    ours.push(await measureEdit(shared, clock, watch, { id, amount: number }));
    floorMs.push(await floor.sample());
    context.progress.advance(number + 1, samples + WARM_UP);
  }
  watch.stop();
  await shared.author.sync.close();
  await shared.reader.sync.close();
  const warm = ours.slice(WARM_UP);
  return {
    oursMs: warm.map(({ ms }) => ms),
    floorMs: floorMs.slice(WARM_UP),
    stages: medianStages(warm),
  };
}

function medianStages(samples: readonly Sample[]): LatencyRun['stages'] {
  const names = new Set(samples.flatMap(({ stages }) => [...stages.keys()]));
  return [...names]
    .map((name) => {
      const times = samples.flatMap(({ stages }) => stages.get(name) ?? []);
      return [name, findMedian(times)] as const;
    })
    .sort(([, a], [, b]) => a - b);
}
