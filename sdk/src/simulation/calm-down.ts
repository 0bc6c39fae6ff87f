import { SealsyncError } from '../errors.js';
import type { Device } from './device.js';
import { makeEdit } from './make-edit.js';
import type { Scene } from './scene.js';
import { require } from './violation.js';

const MINUTE_MS = 60_000;

/** The faults are over: everybody looks again, as they would the next day, and writes once more. */
export async function calmDown(scene: Scene): Promise<void> {
  const { world, plan } = scene;
  scene.endFaults();
  for (const device of scene.awake) await bringBack(scene, device);
  await scene.finishRunning();
  for (const uid of plan.people.filter((name) => scene.isIn(name))) {
    // Whose joining was taken, and the answer lost, opens the budget later.
    const has = scene.awake.some((device) => device.uid === uid);
    if (!has) await bringBack(scene, scene.addDevice(uid, 0));
  }
  if (plan.people.length > plan.founders) await settlePeople(scene);
  await agree(scene);
  await world.clock.advance(10_000);
}

/** Everything that waits is pushed, everybody writes once more, and all come to the same. */
export async function agree(scene: Scene): Promise<void> {
  const isPushed = await scene.until(() => hasPushed(scene), 10 * MINUTE_MS, 1_000);
  require(isPushed, 'devices converge', () => `edits wait: ${describeDifferences(scene)}`);
  await writeOnceMore(scene);
  const isQuiet = await scene.until(() => hasConverged(scene), 30 * MINUTE_MS, 1_000);
  require(isQuiet, 'devices converge', () => describeDifferences(scene));
}

export async function bringBack(scene: Scene, device: Device): Promise<void> {
  for (let tries = 0; !device.life && tries < 3; tries += 1) await scene.start(device);
  require(device.life !== undefined, 'calls come to an end', () => `${device.name} does not open`);
  device.goOnline();
  device.wake();
}

/** Two days: on the first, what was begun is finished; on the second, everybody hears of it. */
async function settlePeople(scene: Scene): Promise<void> {
  const { world } = scene;
  for (let day = 0; day < 2; day += 1) {
    for (const device of scene.awake) {
      await device.close();
      await bringBack(scene, device);
    }
    await world.clock.advance(2 * MINUTE_MS);
    scene.throwFailure();
  }
  await removeStranded(scene);
}

/**
 * Whose inviter lost the right to let them in at the very moment of their joining is in the
 * document and not in the log: reported to everybody, and for an owner to remove.
 */
async function removeStranded(scene: Scene): Promise<void> {
  const { world, plan } = scene;
  const owner = insiders(scene).find((device) => roleOf(device) === 'owner');
  require(owner !== undefined, 'devices converge', () => 'nobody is an owner any more');
  if (!owner) return;
  const { people } = owner.requireLife().opened.budget;
  const known = people.members();
  for (const uid of plan.people.filter((name) => scene.isIn(name) && !known.has(name))) {
    scene.tally.add('people: stranded');
    await world.during(people.removeMember(uid)).catch((error: unknown) => {
      if (!(error instanceof SealsyncError)) throw error;
    });
  }
  await world.clock.advance(2 * MINUTE_MS);
}

async function writeOnceMore(scene: Scene): Promise<void> {
  for (const device of insiders(scene)) {
    if (roleOf(device) === 'viewer') continue;
    const token = scene.newToken();
    const change = { type: 'put', collection: 'notes', id: device.uid, field: 'n', token } as const;
    const writing = makeEdit(scene, device, [change]).then((outcome) => {
      require(outcome === 'acknowledged', 'members can write', () =>
        `${device.name} cannot: ${outcome}`);
    });
    scene.begin(`the last edit on ${device.name}`, writing);
  }
  await scene.finishRunning();
}

/** The devices of those whom the server lets in. */
export const insiders = (scene: Scene): readonly Device[] =>
  scene.running.filter(({ uid }) => scene.isIn(uid));

export const roleOf = (device: Device): string | undefined =>
  device.requireLife().opened.budget.people.members().get(device.uid)?.role;

/** Nothing that happens later is needed for that, and no other edit. */
const hasPushed = (scene: Scene): boolean =>
  insiders(scene).every(
    (device) =>
      roleOf(device) === 'viewer' || device.requireLife().opened.budget.pendingEdits === 0,
  );

function hasConverged(scene: Scene): boolean {
  const { size } = scene;
  return insiders(scene).every((device) => {
    const { budget } = device.requireLife().opened;
    return (
      budget.pendingEdits === 0 &&
      budget.sync.getStatus().state === 'idle' &&
      scene.look(device).seq === size
    );
  });
}

function describeDifferences(scene: Scene): string {
  const { size } = scene;
  const devices = insiders(scene).map((device) => {
    const { budget } = device.requireLife().opened;
    const { state, error } = budget.sync.getStatus();
    const at = `${String(scene.look(device).seq)} of ${String(size)}`;
    const trouble = error ? ` (${error.kind}: ${error.message})` : '';
    return `${device.name} is ${state}${trouble} at ${at}, ${String(budget.pendingEdits)} pending`;
  });
  return devices.join('; ');
}
