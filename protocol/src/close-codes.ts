export type CloseReaction = 'retry' | 'refresh' | 'stop';

export type CloseReason =
  | 'normal'
  | 'goingAway'
  | 'unsupportedData'
  | 'invalidUtf8'
  | 'frameTooLarge'
  | 'serverError'
  | 'restarting'
  | 'overloaded'
  | 'badMessage'
  | 'unauthenticated'
  | 'forbidden'
  | 'joinTimeout'
  | 'messageTooLarge'
  | 'rateLimited';

export interface CloseCode {
  readonly code: number;
  readonly then: CloseReaction;
  readonly means: string;
}

/**
 * Every close code that a Sealsync signaling connection ends with, and what a
 * client does about it: `retry` reconnects with backoff, `refresh` fetches a fresh
 * token and retries once, `stop` ends in the `error` state.
 */
export const CLOSE_CODES: Readonly<Record<CloseReason, CloseCode>> = {
  normal: { code: 1000, then: 'stop', means: 'The client disconnected on purpose.' },
  goingAway: {
    code: 1001,
    then: 'retry',
    means: 'The server is draining or the page is unloading.',
  },
  unsupportedData: {
    code: 1003,
    then: 'stop',
    means: 'A binary frame was sent; signals are JSON text.',
  },
  invalidUtf8: { code: 1007, then: 'stop', means: 'A text frame was not valid UTF-8.' },
  frameTooLarge: {
    code: 1009,
    then: 'stop',
    means: 'A frame exceeded the largest size of any message.',
  },
  serverError: { code: 1011, then: 'retry', means: 'The server met an unexpected condition.' },
  restarting: { code: 1012, then: 'retry', means: 'The server is restarting.' },
  overloaded: {
    code: 1013,
    then: 'retry',
    means: 'The server, or this connection, is over a limit or a dependency is away.',
  },
  badMessage: {
    code: 4400,
    then: 'stop',
    means: 'A message did not fit the schema, or its order was wrong.',
  },
  unauthenticated: {
    code: 4401,
    then: 'refresh',
    means: 'The ID token is missing, invalid, revoked or expired.',
  },
  forbidden: {
    code: 4403,
    then: 'stop',
    means: 'The user is not a member of the budget, or may not send this signal.',
  },
  joinTimeout: { code: 4408, then: 'retry', means: 'No `connected` arrived in time.' },
  messageTooLarge: {
    code: 4413,
    then: 'stop',
    means: 'A message exceeded the size allowed for its type.',
  },
  rateLimited: { code: 4429, then: 'retry', means: 'Too many messages or connections.' },
};

/** What a client does after `code`; codes that nobody documented are retried. */
export function reactionToClose(code: number): CloseReaction {
  return Object.values(CLOSE_CODES).find((entry) => entry.code === code)?.then ?? 'retry';
}
