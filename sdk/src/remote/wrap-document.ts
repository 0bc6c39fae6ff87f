import type { DocumentData } from 'firebase/firestore/lite';
import type { StoredWrap } from '../ports/wrapped-keys.js';
import { toBytes } from './entry-document.js';
import { readSealed } from './read-bytes.js';
import { parseWrapId } from './wrap-id.js';

const FIELDS = 4;

export const toWrapDocument = ({ epoch, recipient, wrap }: StoredWrap): DocumentData => ({
  v: 1,
  epoch,
  recipient,
  wrap: toBytes(wrap),
});

/** `undefined` for what the rules would not have let in. */
export function parseWrapDocument(
  id: string,
  data: DocumentData | undefined,
): StoredWrap | undefined {
  const named = parseWrapId(id);
  if (!named || !data || Object.keys(data).length !== FIELDS || data['v'] !== 1) return undefined;
  const [epoch, wrap] = [data['epoch'] as unknown, readSealed(data['wrap'])];
  if (data['recipient'] !== named.recipient || !isEpoch(epoch) || !wrap) return undefined;
  return { ...named, epoch, wrap };
}

const isEpoch = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 1;
