import { decodeEdit } from '../codec/edit.js';
import { parseFrame } from '../crypto/frame.js';
import type { Fields } from '../model/edit.js';
import { createMemoryStore } from '../local/memory-store.js';
import { wrapIdOf } from '../remote/wrap-id.js';
import { insiders } from './calm-down.js';
import { decodeLog, type DecodedEntry } from './decode-log.js';
import type { Device } from './device.js';
import { keyOf } from './edit-ledger.js';
import { sameJson } from './make-edit.js';
import { appliedEdits, foldPlainly } from './oracle.js';
import type { Scene } from './scene.js';
import { require } from './violation.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Holds everything against everything, once all is quiet. */
export async function checkEnd(scene: Scene): Promise<void> {
  const { world, plan } = scene;
  const log = decodeLog(world, plan.people, scene.poison, scene.pruned);
  scene.tally.add('entries', log.length);
  scene.tally.add('snapshots', world.backend.inspect(world.budgetId)?.snapshots.size ?? 0);
  checkPeople(scene);
  await checkEdits(scene, log);
  checkBases(scene, log);
  checkRecords(scene, log);
  checkKeys(scene);
  await checkFreshDevice(scene);
  if (plan.checksIdle) await checkIdle(scene);
}

function checkPeople(scene: Scene): void {
  const stored = scene.world.backend.inspect(scene.world.budgetId);
  const wanted = JSON.stringify(Object.entries(stored?.members ?? {}).sort());
  for (const device of insiders(scene)) {
    const { people } = device.requireLife().opened.budget;
    const roles = [...people.members()].map(([uid, { role }]) => [uid, role]);
    const found = JSON.stringify(roles.sort());
    require(found === wanted, 'devices converge', () => {
      return `${device.name} knows the members ${found}, the server ${wanted}`;
    });
  }
}

async function checkEdits(scene: Scene, log: readonly DecodedEntry[]): Promise<void> {
  const { acknowledged, unknown } = scene.ledger;
  const applied = new Map<string, number>();
  for (const { edit, entry } of appliedEdits(log)) count(applied, keyOf(entry.author, edit));
  for (const [key, times] of applied) {
    const made = (acknowledged.get(key) ?? 0) + (unknown.get(key) ?? 0);
    require(times <= made, 'nothing is applied twice', () => {
      return `${key} counts ${String(times)} times and was made ${String(made)} times`;
    });
  }
  const kept = new Map(applied);
  for (const device of scene.devices) await countKept(scene, device, kept);
  for (const [key, times] of acknowledged) {
    require((kept.get(key) ?? 0) >= times, 'every acknowledged edit is kept', () => {
      return `${key} is kept ${String(kept.get(key) ?? 0)} of ${String(times)} times`;
    });
  }
}

/** What the log will never take, and what waits on the device of somebody who is out. */
async function countKept(scene: Scene, device: Device, kept: Map<string, number>): Promise<void> {
  const { budget } = device.requireLife().opened;
  for (const edit of await scene.world.during(budget.rejectedEdits())) {
    scene.tally.add('edits rejected');
    count(kept, keyOf(device.uid, edit));
  }
  if (scene.isIn(device.uid)) return;
  const store = await scene.world.seal(device.uid, createMemoryStore(device.disk));
  const pending = await store.list('outbox/');
  for (const bytes of pending.ok ? pending.value.values() : []) {
    const edit = decodeEdit(bytes);
    if (edit.ok) count(kept, keyOf(device.uid, edit.value));
  }
}

function checkBases({ ledger }: Scene, log: readonly DecodedEntry[]): void {
  for (const { author, edits } of log) {
    for (const edit of edits) {
      const seen = ledger.bases.get(keyOf(author, edit));
      const isRemoval = edit.ops.every(({ type }) => type === 'remove');
      require(seen === undefined ||
        isRemoval ||
        seen === edit.base, 'an edit says what its author had seen', () =>
        `${keyOf(author, edit)} has base ${String(edit.base)} and was made at ${String(seen)}`);
    }
  }
}

function checkRecords(scene: Scene, log: readonly DecodedEntry[]): void {
  const wanted = foldPlainly(log);
  for (const device of insiders(scene)) checkRecordsOf(device, wanted);
}

function checkRecordsOf(device: Device, wanted: ReturnType<typeof foldPlainly>): void {
  const { budget } = device.requireLife().opened;
  const found = new Map<string, Fields>(
    ['jars', 'notes'].flatMap((name) =>
      budget
        .collection(name)
        .list()
        .map(([id, fields]) => [`${name}/${id}`, fields] as const),
    ),
  );
  for (const key of new Set<string>([...wanted.keys(), ...found.keys()])) {
    require(sameJson(wanted.get(key), found.get(key)), 'the merge is as defined', () => {
      const shown = JSON.stringify(found.get(key));
      return `${device.name} shows ${key} as ${shown}, not ${JSON.stringify(wanted.get(key))}`;
    });
  }
}

function checkKeys(scene: Scene): void {
  const { world, plan } = scene;
  const stored = world.backend.inspect(world.budgetId);
  const head = stored?.entries.get(scene.size);
  const frame = head && parseFrame(head.frame);
  if (!stored || !frame?.ok) return;
  for (const uid of plan.people.filter((name) => !scene.isIn(name))) {
    const holds = stored.wraps.has(wrapIdOf(frame.value.header.kid, uid));
    require(!holds, 'keys stay with members', () => `${uid} is out and has the newest key`);
  }
}

/** Somebody's new device, with a clock that is days off, reads everything from the start. */
async function checkFreshDevice(scene: Scene): Promise<void> {
  const [member] = insiders(scene);
  if (!member) return;
  const { seq, digest } = scene.look(member);
  const errorMs = (scene.dice.random.fraction() - 0.5) * 72 * HOUR_MS;
  // Nobody tells it how much there is.
  scene.world.hub.setDown(true);
  const fresh = scene.addDevice(member.uid, Math.round(errorMs));
  await scene.start(fresh);
  const { budget } = fresh.requireLife().opened;
  const read = (): boolean => budget.sync.getStatus().lastSyncAt !== undefined;
  const isDone = await scene.until(read, 10 * MINUTE_MS, 1_000);
  const state = budget.verifiedState();
  scene.world.hub.setDown(false);
  require(isDone &&
    state.seq === seq &&
    state.digest === digest, 'the fold knows no local clock', () =>
    `a new device reads up to ${String(state.seq)} of ${String(seq)}, to another state`);
}

async function checkIdle(scene: Scene): Promise<void> {
  const { world, tally } = scene;
  // Outsiders who cannot tell why they are denied go on asking, a read a minute.
  for (const device of scene.running) if (!scene.isIn(device.uid)) await device.close();
  // Whoever was cut off looks at the people once more.
  await world.clock.advance(15 * MINUTE_MS);
  const { reads, writes } = world.backend.count;
  const sent = world.hub.sent.length;
  await world.clock.advance(HOUR_MS);
  scene.throwFailure();
  tally.add('idle hours');
  const after = world.backend.count;
  // One every five minutes, each of which reads the head again.
  const allowed = scene.running.length * 13;
  require(after.writes === writes &&
    world.hub.sent.length === sent &&
    after.reads - reads <= allowed, 'idle costs nothing', () =>
    `an hour took ${String(after.reads - reads)} reads of ${String(allowed)}, ` +
    `${String(after.writes - writes)} writes, ${String(world.hub.sent.length - sent)} signals`);
}

const count = (counts: Map<string, number>, key: string): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1);
};
