import { decodeBody } from '../codec/body.js';
import { openFrame } from '../crypto/envelope.js';
import type { EpochKey } from '../crypto/epoch-key.js';
import type { Frame } from '../crypto/frame.js';
import type { EntryBody } from '../model/body.js';
import type { Op } from '../model/edit.js';
import type { DeviceId } from '../model/ids.js';
import type { Statement } from '../model/membership.js';
import type { ChainedEntry } from './read-back.js';

/** What one call of an app changed. */
export interface HistoryEdit {
  /** When, by the author's clock, in ms since the Unix epoch: before `t` where it was offline. */
  readonly madeAt: number;
  readonly ops: readonly Op[];
}

/** One entry of the log: who changed what, and when. */
export interface HistoryEntry {
  /** Position in the log, from 1. */
  readonly seq: number;
  /** Firebase uid. */
  readonly author: string;
  /** Absent where the entry does not even say so. */
  readonly device?: DeviceId;
  /** The author's signed time, in ms since the Unix epoch. */
  readonly t: number;
  /** When the server took it, in ms, which nobody has signed. */
  readonly at: number;
  /**
   * `verified`: these are the very bytes that this device has checked, the author's signature
   * included. `attested`: this device started from a snapshot that lies behind the entry; that
   * the snapshot says the same rests on the word of its author.
   */
  readonly label: 'verified' | 'attested';
  /**
   * The entry fails its checks and every device steps over it: what it says does not count, and
   * author and time are those that the server noted.
   */
  readonly isSkipped: boolean;
  readonly edits: readonly HistoryEdit[];
  /** What it says about people, devices and epochs. */
  readonly statements: readonly Statement[];
}

/** Reads an entry that the chain commits to; without what opens it, it was skipped by everybody. */
export function toHistoryEntry(
  { stored, frame, isAttested }: ChainedEntry,
  key: EpochKey | undefined,
): HistoryEntry {
  const label = isAttested ? 'attested' : 'verified';
  const body = frame && key && readBody(frame, key);
  if (!body) {
    const { seq, author, t, at } = stored;
    return { seq, author, t, at, label, isSkipped: true, edits: [], statements: [] };
  }
  const { seq, author, device, t } = frame.header;
  const edits = body.edits.map(({ stamp, ops }) => ({ madeAt: stamp.wallMs, ops }));
  const { statements } = body;
  return { seq, author, device, t, at: stored.at, label, isSkipped: false, edits, statements };
}

function readBody(frame: Frame, key: EpochKey): EntryBody | undefined {
  const opened = openFrame(frame, key);
  const body = opened.ok ? decodeBody(opened.value, frame.header.device) : undefined;
  return body?.ok ? body.value : undefined;
}
