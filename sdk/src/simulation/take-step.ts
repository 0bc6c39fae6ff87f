import { SealsyncError } from '../errors.js';
import type { IncomingSignal } from '../ports/signal-channel.js';
import type { Device } from './device.js';
import { fallAsleep } from './long-sleep.js';
import { NO_SNAPSHOTS } from './plan.js';
import { makeEdit } from './make-edit.js';
import { appendPoison } from './poison.js';
import type { Scene } from './scene.js';
import type { Action, Step } from './step.js';
import { Violation } from './violation.js';

const HOUR_MS = 3_600_000;

/** Does what the step says, and lets the world go on for as long as it says. */
export async function takeStep(scene: Scene, { thenMs, ...action }: Step): Promise<void> {
  const { world } = scene;
  await act(scene, action);
  if (thenMs > 0) await world.clock.advance(thenMs);
  scene.throwFailure();
  for (const device of scene.awake) {
    const isDue = !device.life && device.downUntilMs <= world.clock.now();
    if (isDue) await scene.start(device);
  }
}

async function act(scene: Scene, action: Action): Promise<void> {
  switch (action.type) {
    case 'signaling down':
      scene.tally.fault('signaling down');
      scene.world.hub.setDown(true);
      scene.world.clock.setTimeout(() => {
        scene.world.hub.setDown(false);
      }, action.forMs);
      return;
    case 'invent signal':
      scene.tally.fault('signal invented');
      scene.world.hub.invent(inventSignal(scene, action.variant));
      return;
    case 'poison': {
      const { world, dice, poison, tally } = scene;
      const appended = await appendPoison(world, dice, action.variant, poison);
      if (appended) tally.fault(appended === 'repeated' ? 'edits repeated' : 'poison entry');
      return;
    }
    case 'open device': {
      const uid = personOf(scene, action.person);
      if (scene.isIn(uid) && scene.devices.length < 6) await scene.start(scene.addDevice(uid, 0));
      return;
    }
    case 'join':
      await join(scene, personOf(scene, action.person), action.link);
      return;
    default: {
      const device = await scene.aRunningDevice(action.device);
      // It may have died while this waited.
      if (device?.life) await actOn(scene, device, action);
    }
  }
}

type DeviceAction = Extract<Action, { readonly device: number }>;

async function actOn(scene: Scene, device: Device, action: DeviceAction): Promise<void> {
  const { world, tally } = scene;
  const { opened, gate } = device.requireLife();
  const { people, sync } = opened.budget;
  switch (action.type) {
    case 'edit':
      scene.begin(`an edit on ${device.name}`, makeEdit(scene, device, action.changes));
      return;
    case 'crash':
      device.downUntilMs = world.clock.now() + action.downMs;
      gate.arm(action.point, action.afterCalls);
      return;
    case 'restart':
      tally.fault('restart');
      await device.close();
      await scene.start(device);
      return;
    case 'copy store': {
      // Of two copies, each takes edits that both held for its own: see docs/testing.md.
      if (scene.devices.some(({ isCopied }) => isCopied)) return;
      // A snapshot says how far a device counted, and not which of its copies did.
      if (scene.plan.snapshotEveryEntries < NO_SNAPSHOTS) return;
      tally.fault('store copied');
      device.isCopied = true;
      const copy = scene.addDevice(device.uid, device.clockErrorMs, device);
      copy.isCopied = true;
      await scene.start(copy);
      return;
    }
    case 'sleep':
      await fallAsleep(scene, device, action.changes);
      return;
    case 'offline':
      tally.fault('device offline');
      device.cutUntilMs = world.clock.now() + action.forMs;
      world.clock.setTimeout(() => {
        device.wake();
      }, action.forMs);
      return;
    case 'stop':
      tally.fault('syncing stopped');
      scene.begin(`stopping ${device.name}`, Promise.race([sync.stop(), gate.died]));
      return;
    case 'start':
      device.goOnline();
      return;
    case 'wake':
      device.wake();
      return;
    case 'set clock':
      tally.fault('clock jumped');
      device.setClock(device.clockErrorMs + action.byMs);
      return;
    case 'invite':
      attempt(scene, device, action.type, async () => {
        const made = await people.createInvite({ role: action.role, expiresInMs: HOUR_MS });
        scene.links.push(made.link);
      });
      return;
    case 'revoke invite': {
      const open = [...people.invites().keys()];
      const id = open[action.link % Math.max(open.length, 1)];
      if (id !== undefined) attempt(scene, device, action.type, () => people.revokeInvite(id));
      return;
    }
    case 'remove member': {
      const uid = personOf(scene, action.person);
      if (uid !== device.uid) attempt(scene, device, action.type, () => people.removeMember(uid));
      return;
    }
    case 'change role': {
      const uid = personOf(scene, action.person);
      attempt(scene, device, action.type, () => people.changeRole({ uid, role: action.role }));
      return;
    }
    case 'rotate key':
      attempt(scene, device, action.type, () => people.rotateKey());
      return;
    case 'leave':
      attempt(scene, device, action.type, () => people.leave());
  }
}

/** Starts what takes several calls and goes on: others act meanwhile, and it may be refused. */
function attempt(
  scene: Scene,
  device: Device,
  what: Action['type'],
  work: () => Promise<unknown>,
): void {
  const { gate } = device.requireLife();
  const done = work().then(
    () => scene.tally.add(`people: ${what}`),
    (error: unknown) => {
      if (!(error instanceof SealsyncError)) throw error;
      scene.tally.add(`people: ${what} refused`);
    },
  );
  scene.begin(`${what} on ${device.name}`, Promise.race([done, gate.died]));
}

async function join(scene: Scene, uid: string, link: number): Promise<void> {
  const { links, world } = scene;
  const picked = links[link % Math.max(links.length, 1)];
  if (picked === undefined || scene.isIn(uid)) return;
  try {
    await world.accept(uid, picked);
  } catch (error) {
    if (error instanceof SealsyncError) return;
    throw new Violation('calls come to an end', `joining threw ${String(error)}`);
  }
  scene.tally.add('people: join');
  await scene.start(scene.addDevice(uid, 0));
}

function personOf({ plan }: Scene, index: number): string {
  const uid = plan.people[index % plan.people.length];
  if (uid === undefined) throw new Error('there is somebody');
  return uid;
}

function inventSignal({ world, dice }: Scene, variant: number): IncomingSignal {
  const size = world.backend.inspect(world.budgetId)?.entries.size ?? 1;
  const hex = (): string => dice.random.bytes(8).reduce((text, byte) => text + hexOf(byte), '');
  switch (variant % 4) {
    case 0:
      return { type: 'data_changed', seq: size + 5, epoch: 1, head8: hex(), mac8: hex() };
    case 1:
      return {
        type: 'data_changed',
        seq: Math.max(1, size - 2),
        epoch: 9,
        head8: hex(),
        mac8: hex(),
      };
    case 2:
      return { type: 'membership_changed' };
    default:
      return { type: 'sync_required' };
  }
}

const hexOf = (byte: number): string => byte.toString(16).padStart(2, '0');
