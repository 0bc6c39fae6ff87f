import { createSignalingServer, type SignalingServer } from '@sealsync/signaling-server';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  inject,
  it,
  vi,
} from 'vitest';
import { readEmulatorHosts } from '../setup/emulators.js';
import type { Account } from './page/stores.js';
import { openBrowser } from './setup/open-browser.js';

let browser: Browser;
let context: BrowserContext;
let server: SignalingServer;
let signalingUrl: string;

beforeAll(async () => {
  browser = await openBrowser();
  const { projectId, firestoreHost, authHost } = readEmulatorHosts();
  vi.stubEnv('FIREBASE_AUTH_EMULATOR_HOST', authHost);
  server = createSignalingServer({
    projectId,
    host: '127.0.0.1',
    port: 0,
    firestoreEmulatorHost: firestoreHost,
  });
  const { port } = await server.listen();
  signalingUrl = `ws://127.0.0.1:${String(port)}`;
});
beforeEach(async () => {
  context = await browser.newContext();
});
afterEach(() => context.close());
afterAll(async () => {
  await browser.close();
  await server.close();
  vi.unstubAllEnvs();
});

interface Tab {
  readonly page: Page;
  /** Signaling connections that are open. */
  readonly sockets: Set<unknown>;
  /** Calls to Firestore that asked for or wrote documents of the budget. */
  readonly calls: string[];
}

/** A tab of the profile, which opens the budget `id`, or creates one. */
async function openTab(account: Account, id?: string): Promise<Tab & { readonly id: string }> {
  const page = await context.newPage();
  const sockets = new Set<unknown>();
  page.on('websocket', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await page.goto(`${inject('pageOrigin')}/stores`);
  await page.evaluate(([hosts, who, url]) => sealsyncStores.start(hosts, who, url), [
    readEmulatorHosts(),
    account,
    signalingUrl,
  ] as const);
  const calls: string[] = [];
  page.on('request', (request) => {
    if (request.url().includes('/documents')) calls.push(request.url());
  });
  if (id === undefined) {
    const made = await page.evaluate(() => sealsyncStores.createBudget());
    return { page, sockets, calls, id: made };
  }
  await page.evaluate((budget) => sealsyncStores.openBudget(budget), id);
  return { page, sockets, calls, id };
}

const newAccount = (): Account => ({
  email: `${crypto.randomUUID()}@example.com`,
  passphrase: 'tractor rides past nine lamps',
});
const amountIn = ({ page }: Tab): Promise<number | undefined> =>
  page.evaluate(() => sealsyncStores.get('s1')?.amount);
const roleOf = async ({ page }: Tab): Promise<string> =>
  (await page.evaluate(() => sealsyncStores.look())).role;
const isConnected = ({ page }: Tab): Promise<boolean> =>
  page.evaluate(() => sealsyncStores.isConnected());
const pendingIn = async ({ page }: Tab): Promise<number> =>
  (await page.evaluate(() => sealsyncStores.look())).pending;
const put = ({ page }: Tab, amount: number): Promise<void> =>
  page.evaluate((each) => sealsyncStores.put('s1', { payee: 'Bakery', amount: each }), amount);
const increment = ({ page }: Tab, by: number): Promise<void> =>
  page.evaluate((each) => sealsyncStores.increment('s1', each), by);
const polling = { timeout: 20_000, interval: 50 };

describe('two tabs of a browser', () => {
  it('show each other their edits, while one of them syncs and the other one takes over', async () => {
    const account = newAccount();
    const first = await openTab(account);
    const second = await openTab(account, first.id);
    expect([await roleOf(first), await roleOf(second)]).toEqual(['leader', 'follower']);
    await put(second, 1);
    await expect.poll(() => amountIn(first), polling).toBe(1);
    await increment(first, 10);
    await expect.poll(() => amountIn(second), polling).toBe(11);
    await Promise.all([increment(first, 100), increment(second, 1_000)]);
    for (const tab of [first, second]) {
      await expect.poll(() => amountIn(tab), polling).toBe(1_111);
      await expect.poll(() => pendingIn(tab), polling).toBe(0);
    }
    expect(second.calls).toEqual([]);
    await expect.poll(() => isConnected(first), polling).toBe(true);
    expect([first.sockets.size, second.sockets.size]).toEqual([1, 0]);

    await first.page.evaluate(() => sealsyncStores.increment('s1', 10_000));
    await first.page.close();
    await expect.poll(() => roleOf(second), polling).toBe('leader');
    await expect.poll(() => isConnected(second), polling).toBe(true);
    await increment(second, 100_000);
    await expect.poll(() => pendingIn(second), polling).toBe(0);
    expect(await amountIn(second)).toBe(111_111);
    // What the server holds, for a profile that has nothing of it yet.
    await context.close();
    context = await browser.newContext();
    const elsewhere = await openTab(account, first.id);
    expect(await amountIn(elsewhere)).toBe(111_111);
  });

  it('hand over to the one whose user changes the people', async () => {
    const account = newAccount();
    const first = await openTab(account);
    const second = await openTab(account, first.id);
    await second.page.evaluate(() => sealsyncStores.invite());
    expect([await roleOf(first), await roleOf(second)]).toEqual(['follower', 'leader']);
    const count = (): Promise<number> => first.page.evaluate(() => sealsyncStores.countInvites());
    await expect.poll(count, polling).toBe(1);
  });

  it('take over from one that does not answer any more', async () => {
    const account = newAccount();
    const first = await openTab(account);
    const second = await openTab(account, first.id);
    await put(second, 1);
    await expect.poll(() => pendingIn(second), polling).toBe(0);
    const session = await context.newCDPSession(first.page);
    await session.send('Debugger.enable');
    await session.send('Debugger.pause');
    // It stops at the next statement, which a message from the other tab has it come to.
    await increment(second, 10);
    await expect.poll(() => roleOf(second), polling).toBe('leader');
    await expect.poll(() => pendingIn(second), polling).toBe(0);
    await session.send('Debugger.disable');
    await increment(first, 100);
    for (const tab of [first, second]) await expect.poll(() => amountIn(tab), polling).toBe(111);
    expect([await roleOf(first), await roleOf(second)]).toEqual(['follower', 'leader']);
  });

  it('are both locked when one is', async () => {
    const account = newAccount();
    const first = await openTab(account);
    const second = await openTab(account, first.id);
    await second.page.evaluate(() => {
      sealsyncStores.lock();
    });
    const isLocked = (): Promise<boolean> => first.page.evaluate(() => sealsyncStores.isLocked);
    await expect.poll(isLocked, polling).toBe(true);
  });
});
