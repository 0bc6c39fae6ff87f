/** The WebSocket subprotocol that both ends must agree on. */
export const SIGNALING_SUBPROTOCOL = 'sealsync.v1';

/**
 * Prefix of the second offered subprotocol, which carries the Firebase ID token
 * (`bearer.<token>`). It is never selected, so the server never echoes it.
 */
export const BEARER_SUBPROTOCOL_PREFIX = 'bearer.';

/** Offer list for a WebSocket handshake that carries `token`. */
export function offeredSubprotocols(token: string): [string, string] {
  return [SIGNALING_SUBPROTOCOL, BEARER_SUBPROTOCOL_PREFIX + token];
}
