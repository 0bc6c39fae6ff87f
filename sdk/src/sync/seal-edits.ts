import { encodeBody } from '../codec/body.js';
import { encodedEditLength } from '../codec/edit.js';
import { sealFrame } from '../crypto/envelope.js';
import type { EpochKey } from '../crypto/epoch-key.js';
import { hashFrame } from '../crypto/frame.js';
import type { Identity } from '../crypto/identity.js';
import type { EntryBody } from '../model/body.js';
import type { Edit } from '../model/edit.js';
import type { DeviceId } from '../model/ids.js';
import { MAX_ENTRIES_PER_COMMIT, type LogEntry } from '../ports/remote-log.js';
import type { Random } from '../ports/random.js';
import { foldStatements } from './fold-statements.js';
import { advancePosition, type LogPosition, type VerifiedEntry } from './log-position.js';
import { kindOf } from './verify-entry.js';

/** An edit's ops encode to at most this, so that with padding and header it fits one entry. */
export const MAX_EDIT_BYTES = 240_000;

export interface SealDeps {
  readonly identity: Identity;
  readonly random: Random;
}

export interface SealedEntry {
  readonly entry: LogEntry;
  /** What folding the entry gives, once the log has taken it. */
  readonly verified: VerifiedEntry;
}

export interface Sealing {
  readonly device: DeviceId;
  readonly epochKey: EpochKey;
  /** The author's time in ms. */
  readonly t: number;
}

/** Groups pending edits, in order, into the bodies of one commit; whole edits only. */
export function planBodies(edits: readonly Edit[]): EntryBody[] {
  const bodies: Edit[][] = [];
  let bodyBytes = 0;
  for (const edit of edits) {
    const bytes = encodedEditLength(edit);
    const current = bodies.at(-1);
    if (current && bodyBytes + bytes <= MAX_EDIT_BYTES) {
      current.push(edit);
      bodyBytes += bytes;
      continue;
    }
    if (bodies.length === MAX_ENTRIES_PER_COMMIT) break;
    bodies.push([edit]);
    bodyBytes = bytes;
  }
  return bodies.map((body) => ({ edits: body, statements: [] }));
}

/** Seals bodies as the entries that continue the log at `before`. */
export function sealEntries(
  bodies: readonly EntryBody[],
  before: LogPosition,
  sealing: Sealing,
  deps: SealDeps,
): SealedEntry[] {
  const sealed: SealedEntry[] = [];
  let position = before;
  for (const body of bodies) {
    const next = sealEntry(body, position, sealing, deps);
    sealed.push(next);
    position = next.verified.after;
  }
  return sealed;
}

function sealEntry(
  body: EntryBody,
  before: LogPosition,
  { device, epochKey, t }: Sealing,
  { identity, random }: SealDeps,
): SealedEntry {
  const seq = before.seq + 1;
  const prev = before.hash;
  const frame = sealFrame({
    kind: kindOf(body),
    seq,
    device,
    t,
    prev,
    plaintext: encodeBody(body),
    epochKey,
    identity,
    random,
  });
  const { epoch, kid, budgetId } = epochKey;
  const author = identity.uid;
  const said = { budgetId, seq, epoch, author, device, t };
  const people = foldStatements(before, body.statements, said);
  if (!people) throw new Error('a statement was sealed that its author may not make');
  const { statements } = body;
  const after = advancePosition(before, { seq, epoch, kid, t }, hashFrame(frame), {
    people,
    statements,
  });
  return {
    entry: { seq, epoch, author, t, prev, frame },
    verified: { author, device, t, body, frame, at: t, after },
  };
}
