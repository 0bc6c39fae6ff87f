import { calmDown } from './calm-down.js';
import { checkEnd } from './check-end.js';
import { pruneAndWake } from './long-sleep.js';
import { makePlan, NO_SNAPSHOTS, type Plan } from './plan.js';
import { Scene } from './scene.js';
import { takeStep } from './take-step.js';
import { Tally } from './tally.js';
import { require, Violation } from './violation.js';

/** How a history ended, and what happened in it. */
export interface Outcome {
  readonly tally: Tally;
  readonly violation: Violation | undefined;
}

/** Runs one history; libsodium must be loaded. The same plan always takes the same course. */
export async function runPlan(plan: Plan): Promise<Outcome> {
  const tally = new Tally();
  const scene = new Scene(plan, tally);
  try {
    await play(scene);
    return { tally, violation: undefined };
  } catch (error) {
    if (error instanceof Violation) return { tally, violation: error };
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { tally, violation: new Violation('calls come to an end', `thrown: ${what}`) };
  }
}

export const runSeed = (seed: number): Promise<Outcome> => runPlan(makePlan(seed));

async function play(scene: Scene): Promise<void> {
  await setUp(scene);
  scene.startFaults();
  for (const step of scene.plan.steps) await takeStep(scene, step);
  await calmDown(scene);
  if (scene.plan.snapshotEveryEntries < NO_SNAPSHOTS) await pruneAndWake(scene);
  await checkEnd(scene);
  await tearDown(scene);
}

async function setUp(scene: Scene): Promise<void> {
  const { plan, world } = scene;
  const [owner, ...others] = plan.people.slice(0, plan.founders);
  if (owner === undefined) throw new Error('somebody founds the budget');
  await world.found(owner, ...others);
  for (const [index, person] of plan.devices.entries()) {
    const errorMs = plan.clockErrorsMs[index] ?? 0;
    if (errorMs !== 0) scene.tally.fault('clock skewed');
    const uid = plan.people[person];
    if (uid === undefined) throw new Error('every device is somebody’s');
    const device = scene.addDevice(uid, errorMs);
    await scene.start(device);
    if (index === 0) await prefill(scene);
  }
}

/** A log longer than a page, one entry an edit. */
async function prefill(scene: Scene): Promise<void> {
  const { plan, world } = scene;
  const first = scene.devices[0]?.requireLife().opened.budget;
  for (let entry = 0; first && entry < plan.prefill; entry += 1) {
    const ops = [{ type: 'put', collection: 'notes', id: 'old', fields: { tag: -entry } }] as const;
    await world.during(first.collection('notes').put('old', { tag: -entry }));
    scene.ledger.add('acknowledged', plan.people[0] ?? '', ops);
    await scene.until(() => first.pendingEdits === 0, 60_000, 100);
  }
}

async function tearDown(scene: Scene): Promise<void> {
  const { world } = scene;
  for (const device of scene.devices) await device.close();
  // Calls that were given up are still on their way; nothing else may be left.
  await world.clock.advance(120_000);
  const left = world.clock.pendingTimers;
  require(left === 0, 'nothing is left behind', () => `${String(left)} timers are pending`);
}
