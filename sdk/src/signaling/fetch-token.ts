import { MAX_TOKEN_LENGTH } from '@sealsync/protocol';
import { err, ok } from '../result.js';
import type { Result } from '../result.js';

/** Answers with an ID token; with `forceRefresh`, never with one out of a cache. */
export type GetToken = (forceRefresh: boolean) => Promise<string> | string;

/** Neither says more of the cause than the name of an error: its text may hold the token. */
export type TokenFailure =
  | { readonly kind: 'token_unavailable'; readonly message: string }
  | { readonly kind: 'token_unusable'; readonly message: string };

/** What may stand in a WebSocket subprotocol (a token of RFC 9110 5.6.2). */
const SUBPROTOCOL_CHARACTERS = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

export async function fetchToken(
  getToken: GetToken,
  forceRefresh: boolean,
): Promise<Result<string, TokenFailure>> {
  let token: unknown;
  try {
    token = await getToken(forceRefresh);
  } catch (error) {
    const name = error instanceof Error ? error.name : typeof error;
    return err({ kind: 'token_unavailable', message: `getToken failed with ${name}.` });
  }
  if (typeof token !== 'string' || token.length > MAX_TOKEN_LENGTH) {
    const limit = String(MAX_TOKEN_LENGTH);
    const message = `getToken must answer with a string of 1 to ${limit} characters.`;
    return err({ kind: 'token_unusable', message });
  }
  if (!SUBPROTOCOL_CHARACTERS.test(token)) {
    const message = 'getToken answered with nothing, or with characters that no token has.';
    return err({ kind: 'token_unusable', message });
  }
  return ok(token);
}
