import { bytesToHex } from '@noble/hashes/utils.js';
import { decodeBody, encodeBody } from '../codec/body.js';
import { openFrame, sealFrame, type SealInput } from '../crypto/envelope.js';
import { generateEpochKey, type EpochKey } from '../crypto/epoch-key.js';
import { hashFrame, parseFrame } from '../crypto/frame.js';
import { generateIdentity, type Identity } from '../crypto/identity.js';
import { isDeviceId, type DeviceId } from '../model/ids.js';
import { mayWrite } from '../model/roles.js';
import type { StoredEntry } from '../ports/remote-log.js';
import type { StoredBudget } from '../testing/memory-stored-budget.js';
import type { SyncWorld } from '../testing/sync-world.js';
import type { Dice } from './dice.js';

/** What a broken, or hostile, app of a member appends; the rules cannot tell. */
const VARIANTS = ['nonsense', 'unsigned', 'other key', 'impersonated', 'repeated'] as const;

/**
 * Appends an entry that no member can accept, whose position is noted in `poison`; or one that
 * says again what was said before, which counts once. Answers with which of them got there.
 */
export async function appendPoison(
  world: SyncWorld,
  dice: Dice,
  variant: number,
  poison: Set<number>,
): Promise<'poison' | 'repeated' | undefined> {
  const { budgetId, backend } = world;
  const stored = backend.inspect(budgetId);
  const head = stored?.entries.get(stored.entries.size);
  if (!stored || !head || stored.rekey || head.epoch !== stored.epoch) return undefined;
  // It may have been sealed under a key that nobody has.
  if (poison.has(head.seq)) return undefined;
  const kind = VARIANTS[variant % VARIANTS.length] ?? 'nonsense';
  const epochKey = world.epochKey;
  const entry =
    kind === 'repeated'
      ? repeatEntry(world, stored, head, epochKey, dice, poison)
      : makePoison(world, stored, head, epochKey, dice, kind);
  epochKey.wipe();
  if (!entry) return undefined;
  // Noted beforehand: others may read it before the call returns.
  if (kind !== 'repeated') poison.add(entry.seq);
  const taken = await world.during(backend.logFor(entry.author, budgetId).append([entry]));
  if (taken.ok) return kind === 'repeated' ? kind : 'poison';
  poison.delete(entry.seq);
  return undefined;
}

type Kind = Exclude<(typeof VARIANTS)[number], 'repeated'>;

function makePoison(
  world: SyncWorld,
  stored: StoredBudget,
  head: StoredEntry,
  epochKey: EpochKey,
  dice: Dice,
  kind: Kind,
): StoredEntry {
  const author = dice.pick(writersOf(stored));
  const identity =
    kind === 'impersonated' ? generateIdentity(author, dice.random) : world.identityOf(author);
  const device = newDevice(dice);
  const t = world.clock.now();
  const ops = [{ type: 'put', collection: 'notes', id: 'poison', fields: { n: 1 } }] as const;
  const stamp = { wallMs: t, logical: 0 };
  const edit = { device, counter: 1, stamp, base: head.seq, ops };
  const plaintext =
    kind === 'nonsense'
      ? new Uint8Array(40).fill(0xff)
      : encodeBody({ edits: [edit], statements: [] });
  const key =
    kind === 'other key' ? generateEpochKey(dice.random, world.budgetId, head.epoch) : epochKey;
  const entry = sealAfter(world, head, { device, t, plaintext, epochKey: key }, identity);
  const last = entry.frame.length - 1;
  if (kind === 'unsigned') entry.frame[last] = (entry.frame[last] ?? 0) ^ 1;
  return entry;
}

/** The same edits once more, as an app does that lost count of what was acknowledged. */
function repeatEntry(
  world: SyncWorld,
  stored: StoredBudget,
  head: StoredEntry,
  epochKey: EpochKey,
  dice: Dice,
  poison: ReadonlySet<number>,
): StoredEntry | undefined {
  const writers = writersOf(stored);
  const from = dice.upTo(stored.entries.size);
  for (let step = 0; step < stored.entries.size; step += 1) {
    const entry = stored.entries.get(1 + ((from + step) % stored.entries.size));
    const frame = entry && parseFrame(entry.frame);
    if (!entry || !frame?.ok || frame.value.header.kind !== 'edits') continue;
    if (poison.has(entry.seq)) continue;
    if (entry.epoch !== head.epoch || !writers.includes(entry.author)) continue;
    const opened = openFrame(frame.value, epochKey);
    const { device } = frame.value.header;
    if (!opened.ok || !decodeBody(opened.value, device).ok) continue;
    const said = { device, t: world.clock.now(), plaintext: opened.value, epochKey };
    return sealAfter(world, head, said, world.identityOf(entry.author));
  }
  return undefined;
}

function sealAfter(
  world: SyncWorld,
  head: StoredEntry,
  said: Pick<SealInput, 'device' | 't' | 'plaintext' | 'epochKey'>,
  identity: Identity,
): StoredEntry {
  const { uid: author } = identity;
  const seq = head.seq + 1;
  const prev = hashFrame(head.frame);
  const frame = sealFrame({ ...said, kind: 'edits', seq, prev, identity, random: world.random });
  return { seq, epoch: head.epoch, author, t: said.t, prev, frame, at: said.t };
}

const writersOf = ({ members }: StoredBudget): string[] =>
  Object.entries(members).flatMap(([uid, role]) => (mayWrite(role) ? [uid] : []));

function newDevice(dice: Dice): DeviceId {
  const device = bytesToHex(dice.random.bytes(16));
  if (!isDeviceId(device)) throw new Error('16 bytes make a device id');
  return device;
}
