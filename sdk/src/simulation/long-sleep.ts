import { SNAPSHOT_AGE_MS } from '../ports/snapshots.js';
import { agree, bringBack, insiders, roleOf } from './calm-down.js';
import type { Device } from './device.js';
import { makeEdit } from './make-edit.js';
import type { Scene } from './scene.js';
import type { Change } from './step.js';

const MINUTE_MS = 60_000;
/** So many go on. */
const MIN_AWAKE = 2;

/** Closes a device until the end, with `changes` on its disk that it could not push. */
export async function fallAsleep(
  scene: Scene,
  device: Device,
  changes: readonly Change[],
): Promise<void> {
  const { world, tally } = scene;
  if (scene.awake.length <= MIN_AWAKE) return;
  tally.fault('long sleep');
  device.isAsleep = true;
  if (changes.length > 0) {
    device.cutUntilMs = Number.MAX_SAFE_INTEGER;
    await world.during(makeEdit(scene, device, changes));
  }
  await device.close();
}

/** A month later an owner prunes, whoever slept wakes up, and all agree once more. */
export async function pruneAndWake(scene: Scene): Promise<void> {
  await prune(scene);
  const floor = scene.world.backend.inspect(scene.world.budgetId)?.floor ?? 0;
  const sleepers = scene.devices.filter(({ isAsleep }) => isAsleep);
  for (const sleeper of sleepers) {
    sleeper.isAsleep = false;
    await bringBack(scene, sleeper);
    const { seq } = sleeper.requireLife().opened.budget.verifiedState();
    if (seq > 0 && seq <= floor) scene.tally.add('slept behind the floor');
  }
  if (sleepers.length === 0 && scene.pruned.size === 0) return;
  // What somebody had begun before falling asleep is finished.
  if (scene.plan.people.length > scene.plan.founders)
    await scene.world.clock.advance(2 * MINUTE_MS);
  scene.throwFailure();
  await agree(scene);
}

async function prune(scene: Scene): Promise<void> {
  const { world, tally } = scene;
  const owner = insiders(scene).find((device) => roleOf(device) === 'owner');
  const stored = world.backend.inspect(world.budgetId);
  if (!owner || !stored) return;
  // Twice as old as the rules ask for: clocks are days off.
  const aged = [...stored.snapshots].map(
    ([id, snapshot]) => [id, { ...snapshot, at: snapshot.at - 2 * SNAPSHOT_AGE_MS }] as const,
  );
  world.backend.overwrite(world.budgetId, { snapshots: new Map(aged) });
  const { removed } = await world.during(owner.requireLife().opened.budget.pruneHistory());
  const left = world.backend.inspect(world.budgetId)?.entries;
  for (const [seq, entry] of stored.entries) if (!left?.has(seq)) scene.pruned.set(seq, entry);
  if (removed === 0) return;
  tally.add('pruned');
  tally.add('entries pruned', removed);
}
