import type { Clock, TimerId } from '../ports/clock.js';
import { fetchToken } from './fetch-token.js';
import type { GetToken, TokenFailure } from './fetch-token.js';
import { MIN_REFRESH_DELAY_MS, readTokenLifetime, refreshDelayMs } from './token-lifetime.js';

export interface TokenRefreshOptions {
  readonly clock: Clock;
  /** The token that the connection was opened with. */
  readonly token: string;
  readonly isNew: boolean;
  readonly leadMs: number;
  readonly getToken: GetToken;
  sendToken(token: string): void;
  onFailure(failure: TokenFailure): void;
}

/**
 * Presents a fresh token before the last one ends, so that a connection outlives it.
 * A token without a readable end is left to the server, which closes with 4401.
 * Answers with a function that stops it.
 */
export function startTokenRefresh(options: TokenRefreshOptions): () => void {
  const { clock, leadMs } = options;
  let current = options.token;
  let stopped = false;
  let timer: TimerId | undefined;

  const schedule = (isNew: boolean): void => {
    const lifetime = readTokenLifetime(current);
    if (!lifetime) return;
    const delayMs = refreshDelayMs({ lifetime, nowMs: clock.now(), isNew, leadMs });
    timer = clock.setTimeout(() => void refresh(), delayMs);
  };

  const refresh = async (): Promise<void> => {
    const fetched = await fetchToken(options.getToken, true);
    if (stopped) return;
    if (!fetched.ok) {
      options.onFailure(fetched.error);
      timer = clock.setTimeout(() => void refresh(), MIN_REFRESH_DELAY_MS);
      return;
    }
    const isNew = fetched.value !== current;
    current = fetched.value;
    schedule(isNew);
    if (isNew) options.sendToken(current);
  };

  schedule(options.isNew);
  return () => {
    stopped = true;
    if (timer) clock.clearTimeout(timer);
  };
}
