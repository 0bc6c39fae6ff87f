import { bytesToHex } from '@noble/hashes/utils.js';
import type { Edit, Identity } from '@sealsync/sdk';
import type { EpochKey } from '../../../sdk/src/crypto/epoch-key.js';
import { secureRandom } from '../../../sdk/src/local/secure-random.js';
import { isBudgetId, type BudgetId, type DeviceId } from '../../../sdk/src/model/ids.js';
import type { StoredEntry } from '../../../sdk/src/ports/remote-log.js';
import type { LogPosition, VerifiedEntry } from '../../../sdk/src/sync/log-position.js';
import { planBodies, sealEntries, type SealedEntry } from '../../../sdk/src/sync/seal-edits.js';
import { verifyEntry } from '../../../sdk/src/sync/verify-entry.js';

/** Seals and opens entries of one author past the engine, which never hands out its keys. */
export interface OwnLog {
  readonly budgetId: BudgetId;
  readonly identity: Identity;
  readonly epochKey: EpochKey;
  readonly device: DeviceId;
}

export function makeBudgetId(): BudgetId {
  const id = bytesToHex(secureRandom.bytes(16));
  if (!isBudgetId(id)) throw new Error('16 bytes make a budget id');
  return id;
}

/** Seals all of `edits` in as few entries as pushing would, behind `before`. */
export function sealInBatches(
  log: OwnLog,
  edits: readonly Edit[],
  before: LogPosition,
): SealedEntry[] {
  const sealed: SealedEntry[] = [];
  let position = before;
  for (let rest = edits; rest.length > 0;) {
    const bodies = planBodies(rest);
    sealed.push(...sealEntries(bodies, position, sealingOf(log), randomnessOf(log)));
    rest = rest.slice(bodies.reduce((count, body) => count + body.edits.length, 0));
    position = sealed.at(-1)?.verified.after ?? position;
  }
  return sealed;
}

/** Seals every edit as an entry of its own, behind `before`. */
export function sealOneByOne(
  log: OwnLog,
  edits: readonly Edit[],
  before: LogPosition,
): SealedEntry[] {
  const bodies = edits.map((edit) => ({ edits: [edit], statements: [] }));
  return sealEntries(bodies, before, sealingOf(log), randomnessOf(log));
}

/** Checks and opens one entry behind `before`. */
export function openEntry(
  { budgetId, epochKey }: Pick<OwnLog, 'budgetId' | 'epochKey'>,
  entry: StoredEntry,
  before: LogPosition,
): VerifiedEntry {
  const keys = {
    find: () => epochKey,
    obtain: async () => ({ ok: true, value: undefined }) as const,
  };
  const verified = verifyEntry(entry, before, budgetId, keys);
  if (verified.ok) return verified.value;
  throw new Error(`An entry of our own does not verify: ${verified.error.message}.`);
}

const sealingOf = ({ device, epochKey }: OwnLog) => ({ device, epochKey, t: Date.now() });
const randomnessOf = ({ identity }: OwnLog) => ({ identity, random: secureRandom });
