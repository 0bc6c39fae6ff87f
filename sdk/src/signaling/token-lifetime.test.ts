import { describe, expect, it } from 'vitest';
import { makeToken } from '../testing/make-token.js';
import { MIN_REFRESH_DELAY_MS, readTokenLifetime, refreshDelayMs } from './token-lifetime.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const nowMs = 1_700_000_000_000;
const leadMs = 5 * MINUTE_MS;
const lifetime = (fromMs: number, lengthMs: number) => ({
  issuedAtMs: fromMs,
  expiresAtMs: fromMs + lengthMs,
});

describe('readTokenLifetime', () => {
  it('reads a payload in base64url, non-ASCII claims among it', () => {
    const token = makeToken({
      issuedAtMs: nowMs,
      lifetimeMs: HOUR_MS,
      claims: { name: 'Ünï??>>' },
    });
    expect(token.split('.')[1]).toMatch(/[-_]/);
    expect(readTokenLifetime(token)).toEqual(lifetime(nowMs, HOUR_MS));
  });

  it.each([
    '',
    'opaque',
    'a.b.c',
    'a.bnVsbA.c',
    'a.e30.c',
    'a.W10.c',
    `a.${btoa('{"exp":"1"}')}.c`,
  ])('takes %j for a token without an end instead of failing', (token) => {
    expect(readTokenLifetime(token)).toBeUndefined();
  });
});

describe('refreshDelayMs', () => {
  it('renews a token of an hour five minutes before its end', () => {
    const timing = { lifetime: lifetime(nowMs, HOUR_MS), nowMs, isNew: true, leadMs };
    expect(refreshDelayMs(timing)).toBe(55 * MINUTE_MS);
  });

  it('counts what is left of a token out of a cache', () => {
    const cached = lifetime(nowMs - 50 * MINUTE_MS, HOUR_MS);
    expect(refreshDelayMs({ lifetime: cached, nowMs, isNew: false, leadMs })).toBe(5 * MINUTE_MS);
  });

  it('waits for half of a short token, and never less than 30 s', () => {
    const short = { lifetime: lifetime(nowMs, 4 * MINUTE_MS), nowMs, isNew: true, leadMs };
    expect(refreshDelayMs(short)).toBe(2 * MINUTE_MS);
    const tiny = { lifetime: lifetime(nowMs, 1000), nowMs, isNew: true, leadMs };
    expect(refreshDelayMs(tiny)).toBe(MIN_REFRESH_DELAY_MS);
  });

  it.each([
    ['ahead', 2 * HOUR_MS],
    ['behind', -2 * HOUR_MS],
  ])('gives a new token its whole life on a device whose clock is %s', (_label, errorMs) => {
    const timing = { lifetime: lifetime(nowMs, HOUR_MS), nowMs: nowMs + errorMs, leadMs };
    expect(refreshDelayMs({ ...timing, isNew: true })).toBe(55 * MINUTE_MS);
    expect(refreshDelayMs({ ...timing, isNew: false })).toBe(MIN_REFRESH_DELAY_MS);
  });
});
