import { decodeBody } from '../codec/body.js';
import { openFrame } from '../crypto/envelope.js';
import type { EpochKey } from '../crypto/epoch-key.js';
import type { Frame } from '../crypto/frame.js';
import type { Statement } from '../model/membership.js';

/**
 * The first statement of an entry that `key` opens; `undefined` where it has none or does not open.
 * Says nothing of who made it, nor whether they may.
 */
export function firstStatementOf(frame: Frame, key: EpochKey): Statement | undefined {
  const opened = openFrame(frame, key);
  const body = opened.ok ? decodeBody(opened.value, frame.header.device) : undefined;
  return body?.ok ? body.value.statements[0] : undefined;
}
