import { bytesToHex } from '@noble/hashes/utils.js';
import type { Identity, Role } from '@sealsync/sdk';
import { encodeBody } from '../../sdk/src/codec/body.js';
import { sealBytes } from '../../sdk/src/crypto/aead.js';
import { sealFrame } from '../../sdk/src/crypto/envelope.js';
import { generateEpochKey, lendKeyBytes, type EpochKey } from '../../sdk/src/crypto/epoch-key.js';
import { hashFrame, parseFrame } from '../../sdk/src/crypto/frame.js';
import { multiply } from '../../sdk/src/crypto/identity.js';
import { sodium } from '../../sdk/src/crypto/sodium.js';
import { unwrapEpochKey } from '../../sdk/src/crypto/wrap-epoch-key.js';
import {
  encodeSignedWrap,
  encodeWrapContext,
  encodeWrappedKey,
} from '../../sdk/src/crypto/wrapped-key.js';
import { secureRandom } from '../../sdk/src/local/secure-random.js';
import type { EntryBody } from '../../sdk/src/model/body.js';
import type { Op } from '../../sdk/src/model/edit.js';
import { isBudgetId, isDeviceId, type BudgetId, type DeviceId } from '../../sdk/src/model/ids.js';
import type { LogEntry } from '../../sdk/src/ports/remote-log.js';
import { kindOf } from '../../sdk/src/sync/verify-entry.js';
import { wrapIdOf } from '../../sdk/src/remote/wrap-id.js';
import { bytesOf, type Project } from './project.js';

/*
 * What whoever runs the project, or a member with an app of their own, can make by hand from
 * the kit's parts.
 */

export const random: typeof secureRandom = secureRandom;

export function budgetIdOf(id: string): BudgetId {
  if (!isBudgetId(id)) throw new Error('that is a budget id');
  return id;
}

export function newDeviceId(): DeviceId {
  const id = bytesToHex(random.bytes(16));
  if (!isDeviceId(id)) throw new Error('16 bytes make a device id');
  return id;
}

/** The commitment to the key that the newest entry is sealed under. */
export async function newestKid(
  project: Project,
  budgetId: string,
): Promise<{ readonly epoch: number; readonly kid: Uint8Array }> {
  const head = (await project.readLog(budgetId)).at(-1);
  const frame = head && parseFrame(head.frame);
  if (!frame?.ok) throw new Error('there is a log');
  const { epoch, kid } = frame.value.header;
  return { epoch, kid };
}

/** The current key, as it is wrapped for one of the members. */
export async function takeKey(project: Project, id: string, identity: Identity): Promise<EpochKey> {
  const budgetId = budgetIdOf(id);
  const named = await newestKid(project, budgetId);
  const bytes = await readWrap(project, budgetId, wrapIdOf(named.kid, identity.uid));
  const opened = unwrapEpochKey({ bytes, identity, wrapperSignKey: undefined, budgetId, ...named });
  if (!opened.ok) throw new Error(opened.error.message);
  return opened.value;
}

export async function readWrap(
  project: Project,
  budgetId: string,
  id: string,
): Promise<Uint8Array> {
  const data = await project.read(project.budget(budgetId).collection('keys').doc(id));
  return bytesOf(data['wrap'] as Uint8Array);
}

export async function putWrap(
  project: Project,
  budgetId: string,
  { kid, epoch }: { readonly kid: Uint8Array; readonly epoch: number },
  recipient: string,
  wrap: Uint8Array,
): Promise<void> {
  const document = project.budget(budgetId).collection('keys').doc(wrapIdOf(kid, recipient));
  await document.set({ v: 1, epoch, recipient, wrap: Buffer.from(wrap) });
}

/** A wrap that claims to hold `claimed`, and holds a key that its maker knows. */
export function forgeWrap(
  claimed: { readonly epoch: number; readonly kid: Uint8Array },
  budgetId: string,
  recipient: Identity,
  by: Identity,
): Uint8Array {
  const other = generateEpochKey(random, budgetIdOf(budgetId), claimed.epoch);
  const ephemeralKey = random.bytes(32);
  const context = {
    budgetId: budgetIdOf(budgetId),
    epoch: claimed.epoch,
    kid: claimed.kid,
    recipient: recipient.uid,
    recipientBox: recipient.publicKeys.box,
    wrapper: by.uid,
    ephemeral: sodium().crypto_scalarmult_base(ephemeralKey),
  };
  const secret = multiply(ephemeralKey, recipient.publicKeys.box);
  if (!secret) throw new Error('a member has a usable key');
  const bound = encodeWrapContext(context);
  const wrappingKey = sodium().crypto_generichash(32, bound, secret);
  const sealed = lendKeyBytes(other, (key) => sealBytes(key, bound, wrappingKey, random));
  const unsigned = { context, ...sealed, signature: new Uint8Array(64) };
  return encodeWrappedKey({ ...unsigned, signature: by.sign(encodeSignedWrap(unsigned)) });
}

/** An entry behind the newest one, sealed and signed with whatever keys its maker has. */
export async function forgeEntry(
  project: Project,
  budgetId: string,
  { identity, epochKey, body }: { identity: Identity; epochKey: EpochKey; body: EntryBody },
): Promise<LogEntry> {
  const head = (await project.readLog(budgetId)).at(-1);
  if (!head) throw new Error('there is a log');
  return sealBehind(head, { identity, epochKey, body });
}

export function sealBehind(
  head: Pick<LogEntry, 'seq' | 'frame'> | undefined,
  { identity, epochKey, body }: { identity: Identity; epochKey: EpochKey; body: EntryBody },
): LogEntry {
  const seq = (head?.seq ?? 0) + 1;
  const prev = head ? hashFrame(head.frame) : new Uint8Array(32);
  const t = Date.now();
  const device = body.edits[0]?.device ?? newDeviceId();
  const plaintext = encodeBody(body);
  const kind = kindOf(body);
  const frame = sealFrame({ kind, seq, device, t, prev, plaintext, epochKey, identity, random });
  return { seq, epoch: epochKey.epoch, author: identity.uid, t, prev, frame };
}

/** One edit of a device that nobody has seen before. */
export function forgeEdits(...ops: readonly Op[]): EntryBody {
  const stamp = { wallMs: Date.now(), logical: 0 };
  return { edits: [{ device: newDeviceId(), counter: 1, stamp, base: 0, ops }], statements: [] };
}

export const putLimit = (id: string, limit: number): Op => ({
  type: 'put',
  collection: 'envelopes',
  id,
  fields: { limit },
});

export const memberAdded = (
  { uid, publicKeys: keys }: Identity,
  role: Role,
): EntryBody['statements'][number] => ({ type: 'member_added', uid, role, keys });
