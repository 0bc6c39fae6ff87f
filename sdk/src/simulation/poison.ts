import { bytesToHex } from '@noble/hashes/utils.js';
import { sealFrame } from '../crypto/envelope.js';
import { hashFrame } from '../crypto/frame.js';
import { isDeviceId } from '../model/ids.js';
import { mayWrite } from '../model/roles.js';
import type { SyncWorld } from '../testing/sync-world.js';
import type { Dice } from './dice.js';

/**
 * A member's broken app appends an entry that the rules take and that no member can accept.
 * Its position is noted in `poison`; answers whether it got there.
 */
export async function appendPoison(
  world: SyncWorld,
  dice: Dice,
  variant: number,
  poison: Set<number>,
): Promise<boolean> {
  const { budgetId, backend, clock } = world;
  const stored = backend.inspect(budgetId);
  const head = stored?.entries.get(stored.entries.size);
  const writers = Object.entries(stored?.members ?? {}).filter(([, role]) => mayWrite(role));
  if (!stored || !head || writers.length === 0 || stored.rekey || head.epoch !== stored.epoch) {
    return false;
  }
  const [author] = dice.pick(writers);
  const epochKey = world.epochKey;
  const device = bytesToHex(dice.random.bytes(16));
  if (!isDeviceId(device)) throw new Error('16 bytes make a device id');
  const seq = head.seq + 1;
  const prev = hashFrame(head.frame);
  const t = clock.now();
  const frame = sealFrame({
    kind: 'edits',
    seq,
    device,
    t,
    prev,
    plaintext: new Uint8Array(40).fill(0xff),
    epochKey,
    identity: world.identityOf(author),
    random: dice.random,
  });
  epochKey.wipe();
  // What is inside is nonsense; half of the time its signature is, too.
  const last = frame.length - 1;
  if (variant % 2 === 0) frame[last] = (frame[last] ?? 0) ^ 1;
  const entry = { seq, epoch: head.epoch, author, t, prev, frame };
  const log = backend.logFor(author, budgetId);
  // Told beforehand: others may read it before the call returns.
  poison.add(seq);
  const taken = await world.during(log.append([entry]));
  if (!taken.ok) poison.delete(seq);
  return taken.ok;
}
