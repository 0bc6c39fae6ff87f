import type { IncomingHttpHeaders } from 'node:http';
import { BEARER_SUBPROTOCOL_PREFIX, SIGNALING_SUBPROTOCOL } from '@sealsync/protocol';
import { err, ok } from '../result.js';
import type { Result } from '../result.js';

/** HTTP statuses with which a handshake is refused before anything is verified. */
export const REFUSALS = {
  bad_request: '400 Bad Request',
  unauthenticated: '401 Unauthorized',
  forbidden_origin: '403 Forbidden',
  unavailable: '503 Service Unavailable',
} as const;

export type Refusal = keyof typeof REFUSALS;

/**
 * The ID token that a handshake offers as a subprotocol; URLs are never looked at,
 * because they end in logs. Requests without an `Origin` do not come from a page.
 */
export function readHandshake(
  headers: IncomingHttpHeaders,
  allowedOrigins: ReadonlySet<string> | undefined,
): Result<string, { readonly kind: Refusal }> {
  const { origin } = headers;
  if (allowedOrigins && origin !== undefined && !allowedOrigins.has(origin)) {
    return err('forbidden_origin');
  }
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  if (!offered.includes(SIGNALING_SUBPROTOCOL)) return err('bad_request');
  const bearers = offered.filter((name) => name.startsWith(BEARER_SUBPROTOCOL_PREFIX));
  const token = bearers[0]?.slice(BEARER_SUBPROTOCOL_PREFIX.length);
  return bearers.length === 1 && token ? ok(token) : err('unauthenticated');
}
