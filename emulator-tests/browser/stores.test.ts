import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { readEmulatorHosts } from '../setup/emulators.js';
import type { Account } from './page/stores.js';
import { openBrowser } from './setup/open-browser.js';
import { recordTraffic, type Traffic } from './setup/record-traffic.js';
import { findSpelling } from './setup/spell-bytes.js';

let browser: Browser;
let context: BrowserContext;
let traffic: Traffic;

beforeAll(async () => {
  browser = await openBrowser();
});
beforeEach(async () => {
  context = await browser.newContext();
  traffic = recordTraffic(context);
});
afterEach(async () => {
  await traffic.settle();
  await context.close();
});
afterAll(() => browser.close());

async function openPage(path = '/stores'): Promise<Page> {
  const page = await context.newPage();
  await page.goto(inject('pageOrigin') + path);
  return page;
}

interface Dump {
  readonly name: string;
  readonly keys: readonly string[];
  readonly values: readonly string[];
}

const spellOut = ({ name, keys, values }: Dump): Buffer[] => [
  Buffer.from([name, ...keys].join(' ')),
  ...values.map((value) => Buffer.from(value, 'base64')),
];

const newAccount = (): Account => ({
  email: `${crypto.randomUUID()}@example.com`,
  passphrase: 'tractor rides past nine lamps',
});

const start = (page: Page, account: Account): Promise<string> =>
  page.evaluate(([hosts, who]) => sealsyncStores.start(hosts, who), [
    readEmulatorHosts(),
    account,
  ] as const);
const createBudget = (page: Page): Promise<string> =>
  page.evaluate(() => sealsyncStores.createBudget());
const failureToOpen = (page: Page, id: string): Promise<string> =>
  page.evaluate((budget) => sealsyncStores.failureOf(sealsyncStores.openBudget(budget)), id);

describe.each(['raw', 'sealed'] as const)('the contract of a local store, %s', (kind) => {
  it('holds in IndexedDB, in Chromium', async () => {
    const page = await openPage();
    const outcomes = await page.evaluate((each) => sealsyncStores.runContract(each), kind);
    expect(outcomes.filter(({ failure }) => failure !== undefined)).toEqual([]);
    // Fewer would mean that the suite was not run.
    expect(outcomes.length).toBeGreaterThanOrEqual(15);
    expect(traffic.complaints).toEqual([]);
  });
});

describe('a budget that a browser keeps', () => {
  const RECORD = { payee: 'Bakery Kowalski', amount: 471_199 };

  it('is there after a reload, with the edits that no server has seen', async () => {
    const account = newAccount();
    const page = await openPage();
    await start(page, account);
    const id = await createBudget(page);
    await page.evaluate(() => sealsyncStores.stopSyncing());
    await page.evaluate((record) => sealsyncStores.put('s1', record), RECORD);
    await page.reload();
    await start(page, account);
    expect(await failureToOpen(page, id)).toBe('none');
    expect(await page.evaluate(() => sealsyncStores.get('s1'))).toEqual(RECORD);
  });

  it('shows nothing of itself in what the browser stores', async () => {
    const account = newAccount();
    const page = await openPage();
    const uid = await start(page, account);
    const id = await createBudget(page);
    await page.evaluate((record) => sealsyncStores.put('spending-0815', record), RECORD);
    await page.evaluate(() => sealsyncStores.stopSyncing());
    await page.evaluate(
      (record) => sealsyncStores.put('spending-0816', { ...record, amount: 7_654_321 }),
      RECORD,
    );
    const dump = await page.evaluate(() => sealsyncStores.dump());
    const budgets = dump.filter(({ name }) => name !== 'sealsync-keyslots');
    expect(budgets).toHaveLength(1);
    expect(budgets[0]?.keys).toContain('header');
    expect(budgets[0]?.keys.join()).toMatch(/outbox\//);
    const said = dump.flatMap(spellOut);
    const canaries = [RECORD.payee, 'spending-0815', 'spending-0816', 'spendings', 'payee'];
    for (const canary of [...canaries, 'amount', '471199', '7654321', id, account.passphrase]) {
      expect([canary, findSpelling(said, Buffer.from(canary))]).toEqual([canary, undefined]);
    }
    const amounts = [471_199, 7_654_321].map((amount) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(amount);
      return bytes;
    });
    for (const amount of amounts) expect(said.some((each) => each.includes(amount))).toBe(false);
    expect(findSpelling(said, Buffer.from(id, 'hex'))).toBeUndefined();
    // Keyslots are public but for what is sealed in them, and tell whose they are.
    expect(findSpelling(budgets.flatMap(spellOut), Buffer.from(uid))).toBeUndefined();
    expect(findSpelling(said, Buffer.from(uid))).toBeDefined();
    // The search can find: what is not sealed is there.
    expect(findSpelling(said, Buffer.from('SEALSTOR'))).toBeDefined();
  });

  it('is reported as corrupt when a byte of it changes, stays, and can be given up', async () => {
    const account = newAccount();
    const page = await openPage();
    await start(page, account);
    const id = await createBudget(page);
    await page.evaluate((record) => sealsyncStores.put('s1', record), RECORD);
    await page.evaluate(() => sealsyncStores.close());
    await page.evaluate(() => sealsyncStores.alterValues());
    const before = await page.evaluate(() => sealsyncStores.dump());
    expect(await failureToOpen(page, id)).toBe('store_corrupt');
    expect(await page.evaluate(() => sealsyncStores.dump())).toEqual(before);
    await page.evaluate((budget) => sealsyncStores.wipeLocal(budget), id);
    expect(await failureToOpen(page, id)).toBe('none');
    expect(await page.evaluate(() => sealsyncStores.get('s1'))).toEqual(RECORD);
    const refused = page.evaluate(
      (budget) => sealsyncStores.failureOf(sealsyncStores.wipeLocal(budget)),
      id,
    );
    expect(await refused).toBe('bad_input');
    await page.evaluate(() => sealsyncStores.wipe());
    const [left] = (await page.evaluate(() => sealsyncStores.dump())).filter(
      ({ name }) => name !== 'sealsync-keyslots',
    );
    expect(left?.keys).toEqual([]);
  });
});

describe('a store in IndexedDB', () => {
  it('leaves alone what a newer version of the app has made', async () => {
    const page = await openPage();
    expect(await page.evaluate(() => sealsyncStores.readNewer())).toBe('newer, version 2');
  });

  it('leaves alone what is not a store', async () => {
    const page = await openPage();
    expect(await page.evaluate(() => sealsyncStores.readForeign())).toBe('corrupt');
  });

  it('gives way to a tab that deletes it, and is not taken for empty then', async () => {
    const page = await openPage();
    const outcomes = await page.evaluate(() => sealsyncStores.deleteUnderStore());
    expect(outcomes).toEqual(['ok', 'unavailable', 'unavailable']);
  });

  it('says that there is no room, and keeps what it has acknowledged', async () => {
    const page = await openPage();
    const session = await context.newCDPSession(page);
    const quotaSize = 6_000_000;
    const origin = inject('pageOrigin');
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize });
    const filled = await page.evaluate(() => sealsyncStores.fill(40));
    expect(filled).toEqual({ failure: 'full', isWhole: true });
  });

  it('is unavailable where the browser keeps nothing', async () => {
    const page = await openPage('/no-storage');
    expect(await page.evaluate(() => sealsyncStores.readOnce())).toBe('unavailable');
  });
});
