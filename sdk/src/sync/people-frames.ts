import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes } from '@noble/hashes/utils.js';
import type { EpochKey } from '../crypto/epoch-key.js';
import { hashFrame, parseFrame, type Frame } from '../crypto/frame.js';
import { openPreviousKey } from '../crypto/previous-key.js';
import type { BudgetId } from '../model/ids.js';
import { NOBODY, type People } from '../model/people.js';
import { firstStatementOf } from './first-statement.js';
import { LOG_START, type LogPosition } from './log-position.js';
import { verifyEntry, type EpochKeys } from './verify-entry.js';

/*
 * The entries that say something of people, without those between them: what a snapshot
 * carries so that members and their keys come from what they have signed.
 */

/** What the people's entries of a log prove. */
export type ProvenPeople = People &
  Pick<LogPosition, 'epoch' | 'kid' | 'previousEpoch' | 'epochStartedAt' | 'peopleHash'>;

/**
 * Folds `frames`, of which the last epoch's key is `newest`. `undefined` unless each was signed
 * by who might say it at that point. Devices that wrote no such entry are taken from `devices`.
 * The keys of earlier epochs that it comes across are lent to `addKey`.
 */
export function provePeople(
  frames: readonly Uint8Array[],
  newest: EpochKey,
  claimed: Pick<LogPosition, 'devices' | 'seq'>,
  budgetId: BudgetId,
  addKey: (key: EpochKey) => void,
): ProvenPeople | undefined {
  const parsed: Frame[] = [];
  for (const bytes of frames) {
    const frame = parseFrame(bytes);
    if (!frame.ok) return undefined;
    parsed.push(frame.value);
  }
  const keys = findKeys(parsed, newest, addKey);
  const devices = new Map([...claimed.devices].map(([id, { author }]) => [id, { author }]));
  let people: ProvenPeople = { ...LOG_START, ...NOBODY, devices };
  let lastSeq = 0;
  for (const frame of parsed) {
    const { header, bytes } = frame;
    if (header.seq <= lastSeq || header.seq > claimed.seq) return undefined;
    if ((lastSeq === 0) !== (header.seq === 1)) return undefined;
    // What stands between is not here: each entry is taken to stand where it says.
    const before: LogPosition = {
      ...LOG_START,
      ...people,
      seq: header.seq - 1,
      hash: header.prev,
    };
    const { seq, epoch, author, t, prev } = header;
    const entry = { seq, epoch, author, t, prev, frame: bytes, at: 0 };
    const verified = verifyEntry(entry, before, budgetId, keys);
    if (!verified.ok) return undefined;
    const peopleHash = sha256(concatBytes(people.peopleHash, hashFrame(bytes)));
    people = provenAt(verified.value.after, peopleHash);
    lastSeq = header.seq;
  }
  return lastSeq === 0 ? undefined : people;
}

function provenAt(after: LogPosition, peopleHash: Uint8Array): ProvenPeople {
  const { members, invites, devices, epoch, kid, previousEpoch, epochStartedAt } = after;
  return { members, invites, devices, epoch, kid, previousEpoch, epochStartedAt, peopleHash };
}

/** Every start of an epoch has the key before it under its own: from the newest back to the first. */
function findKeys(
  frames: readonly Frame[],
  newest: EpochKey,
  addKey: (key: EpochKey) => void,
): Pick<EpochKeys, 'find'> {
  const keys = new Map([[bytesToHex(newest.kid), newest]]);
  for (const frame of [...frames].reverse()) {
    const key = keys.get(bytesToHex(frame.header.kid));
    const previous = key && openPrevious(frame, key);
    if (!previous) continue;
    const name = bytesToHex(previous.kid);
    if (keys.has(name)) {
      previous.wipe();
      continue;
    }
    keys.set(name, previous);
    addKey(previous);
  }
  return {
    find: (epoch, kid) => {
      const key = keys.get(bytesToHex(kid));
      return key?.epoch === epoch ? key : undefined;
    },
  };
}

function openPrevious(frame: Frame, key: EpochKey): EpochKey | undefined {
  const statement = firstStatementOf(frame, key);
  if (statement?.type !== 'epoch_started') return undefined;
  const { previousEpoch: epoch, previousKid: kid, previousKey } = statement;
  const previous = openPreviousKey(previousKey, key, { epoch, kid });
  return previous.ok ? previous.value : undefined;
}
