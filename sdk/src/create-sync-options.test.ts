import { beforeAll, describe, expect, it } from 'vitest';
import { createSync } from './create-sync.js';
import { generateIdentity } from './crypto/identity.js';
import { loadSodium } from './crypto/sodium.js';
import { secureRandom } from './local/secure-random.js';

beforeAll(loadSodium);

/** Options are judged before anything of Firebase is touched. */
const start = (settings: object, wrong: object = {}): Promise<unknown> =>
  createSync({
    firebase: {} as never,
    user: { uid: 'ann', getIdToken: () => Promise.resolve('') },
    identity: generateIdentity('ann', secureRandom),
    settings,
    ...wrong,
  });

describe('createSync', () => {
  it.each([
    { deviceName: '😀'.repeat(64) },
    { deviceName: '' },
    { deviceName: 'x'.repeat(65) },
    { deviceName: '\ud800' },
    { deviceName: 5 },
    { deviceName: null },
    { inviteUrl: 'https://budget.example/#join' },
    { inviteUrl: 7 },
    { rotateKeyAfterMs: -1 },
    { peopleIntervalMs: Number.NaN },
    { peopleLookIntervalMs: 0 },
    { peopleLookIntervalMs: 2 ** 31 },
    { pollIntervalMs: 0 },
    { pollIntervalMs: '30' },
    { pollIntervalMs: 60_000, maxPollIntervalMs: 59_999 },
    { maxPollIntervalMs: Number.POSITIVE_INFINITY },
    { safetyPullIntervalMs: 2 ** 31 },
    { hintedPullIntervalMs: -1 },
    { firstRetryDelayMs: 0 },
    { snapshotEveryEntries: 0.5 },
    { firstRetryDelayMs: 5_000, maxRetryDelayMs: 4_000 },
  ])(
    'refuses %j, which would fail only when it is needed, where nobody looks',
    async (settings) => {
      await expect(start(settings)).rejects.toMatchObject({ kind: 'bad_config' });
    },
  );

  it.each([
    { firebase: undefined },
    { identity: null },
    { user: undefined },
    { signaling: { url: 'signals.example' } },
    { signaling: { url: 'http://signals.example' } },
  ])('refuses %j before a budget is created that nobody would hold', async (wrong) => {
    await expect(start({}, wrong)).rejects.toMatchObject({ kind: 'bad_config' });
  });
});
