import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { readEmulatorHosts } from '../setup/emulators.js';
import { openBrowser } from './setup/open-browser.js';
import { recordTraffic, type Traffic } from './setup/record-traffic.js';
import { findSpelling } from './setup/spell-bytes.js';
import { addAuthenticator } from './setup/virtual-authenticator.js';

const PASSPHRASE = 'tractor rides past nine lamps';

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
  const hosts = traffic.urls.map((url) => new URL(url).hostname);
  const loopback = ['localhost', '127.0.0.1'];
  expect(hosts).toContain('localhost');
  expect(hosts.filter((host) => !loopback.includes(host))).toEqual([]);
});
afterAll(() => browser.close());

async function visit(page: Page, path = '/'): Promise<void> {
  await page.goto(inject('pageOrigin') + path);
  await page.evaluate((hosts) => sealsyncPage.start(hosts), readEmulatorHosts());
}

/** A tab of the profile that this test has, at the page, as whoever is signed in there. */
async function openTab(path?: string): Promise<Page> {
  const page = await context.newPage();
  await visit(page, path);
  return page;
}

const create = (page: Page): Promise<string> =>
  page.evaluate((passphrase) => sealsyncPage.app.create(passphrase), PASSPHRASE);
const unlock = (page: Page): Promise<string> =>
  page.evaluate((passphrase) => sealsyncPage.app.unlock(passphrase), PASSPHRASE);
const addPasskey = (page: Page): Promise<{ name: string; prf: string; credentialId: string }> =>
  page.evaluate(() => sealsyncPage.app.addPasskey());
const unlockWithPasskey = (page: Page): Promise<string> =>
  page.evaluate(() => sealsyncPage.app.unlockWithPasskey());
const listSlots = (page: Page): Promise<string[]> =>
  page.evaluate(() => sealsyncPage.app.listSlots());
const failureToAdd = (page: Page): Promise<string> =>
  page.evaluate(() => sealsyncPage.failureOf(sealsyncPage.app.addPasskey()));
const failureToUnlock = (page: Page): Promise<string> =>
  page.evaluate(() => sealsyncPage.failureOf(sealsyncPage.app.unlockWithPasskey()));

describe('an identity under a passkey, in Chromium', () => {
  it('opens after a reload, and on another page of the app, by the passkey alone', async () => {
    const page = await openTab();
    await addAuthenticator(page);
    expect(await page.evaluate(() => sealsyncPage.app.isSupported())).toBe(true);
    const made = await create(page);
    const { name } = await addPasskey(page);
    await page.evaluate(() => sealsyncPage.app.lock());
    expect(await unlockWithPasskey(page)).toBe(made);
    await visit(page);
    expect(await unlockWithPasskey(page)).toBe(made);
    await visit(page, '/other');
    expect(await unlockWithPasskey(page)).toBe(made);
    expect(await listSlots(page)).toEqual([name, 'passphrase']);
    expect(traffic.complaints).toEqual([]);
  });

  it('opens by either of two authenticators', async () => {
    const [one, two] = [await openTab(), await context.newPage()];
    await addAuthenticator(one);
    await addAuthenticator(two);
    const made = await create(one);
    await one.bringToFront();
    await addPasskey(one);
    await two.bringToFront();
    await visit(two);
    expect(await failureToUnlock(two)).toBe('passkey_cancelled');
    expect(await unlock(two)).toBe(made);
    await addPasskey(two);
    for (const page of [one, two]) {
      await page.bringToFront();
      await visit(page);
      expect(await unlockWithPasskey(page)).toBe(made);
      expect(await listSlots(page)).toHaveLength(3);
    }
  });

  it('opens where the authenticator evaluates the PRF only for a passkey that exists', async () => {
    await context.addInitScript(() => {
      const container = navigator.credentials;
      const original = container.create.bind(container);
      container.create = async (options) => {
        const made = (await original(options)) as PublicKeyCredential;
        made.getClientExtensionResults = () => ({ prf: { enabled: true } });
        return made;
      };
    });
    const page = await openTab();
    await addAuthenticator(page);
    const made = await create(page);
    const { prf } = await addPasskey(page);
    expect(await page.evaluate(() => sealsyncPage.app.readPrf())).toBe(prf);
    expect(await unlockWithPasskey(page)).toBe(made);
  });

  it('gets no passkey of who gives up, and gets one when they try again', async () => {
    const page = await openTab();
    const authenticator = await addAuthenticator(page);
    const made = await create(page);
    await authenticator.setPresence(false);
    const givenUp = page.evaluate(() => sealsyncPage.failureOf(sealsyncPage.app.giveUpPasskey()));
    expect(await givenUp).toBe('passkey_cancelled');
    expect(await authenticator.countPasskeys()).toBe(0);
    expect(await listSlots(page)).toEqual(['passphrase']);
    expect(await failureToUnlock(page)).toBe('passkey_missing');
    await authenticator.setPresence(true);
    await addPasskey(page);
    await visit(page);
    expect(await unlockWithPasskey(page)).toBe(made);
  });

  it('gets no passkey of who is not the user', async () => {
    const page = await openTab();
    const authenticator = await addAuthenticator(page);
    await create(page);
    await authenticator.setUserVerified(false);
    expect(await failureToAdd(page)).toBe('passkey_cancelled');
    expect(await authenticator.countPasskeys()).toBe(0);
    expect(await listSlots(page)).toEqual(['passphrase']);
  });

  it('is not opened by who is not the user, and still is by the passphrase', async () => {
    const page = await openTab();
    const authenticator = await addAuthenticator(page);
    const made = await create(page);
    await addPasskey(page);
    await visit(page);
    expect(await unlockWithPasskey(page)).toBe(made);
    await authenticator.setUserVerified(false);
    await visit(page);
    expect(await failureToUnlock(page)).toBe('passkey_cancelled');
    expect(await unlock(page)).toBe(made);
  });

  it('gets no passkey of an authenticator without PRF, which keeps none either', async () => {
    const page = await openTab();
    const authenticator = await addAuthenticator(page, { hasPrf: false });
    await create(page);
    expect(await failureToAdd(page)).toBe('passkey_unsupported');
    expect(await listSlots(page)).toEqual(['passphrase']);
    expect(await authenticator.countPasskeys()).toBe(0);
  });

  it('keeps the passkey that an authenticator has already', async () => {
    const page = await openTab();
    const authenticator = await addAuthenticator(page);
    const made = await create(page);
    await addPasskey(page);
    expect(await failureToAdd(page)).toBe('passkey_exists');
    expect(await authenticator.countPasskeys()).toBe(1);
    expect(await unlockWithPasskey(page)).toBe(made);
  });

  it("says so when the passkey's domain is not the page's", async () => {
    const page = await openTab();
    await addAuthenticator(page);
    await create(page);
    await addPasskey(page);
    const failure = page.evaluate(() =>
      sealsyncPage.failureOf(sealsyncPage.app.unlockWithPasskey({ rpId: 'example.com' })),
    );
    expect(await failure).toBe('bad_input');
  });
});

describe('the page', () => {
  it('tells neither console nor network what opens the identity', async () => {
    const page = await openTab();
    await addAuthenticator(page);
    await create(page);
    const { prf, credentialId } = await addPasskey(page);
    await visit(page);
    await unlockWithPasskey(page);
    await page.evaluate(() => sealsyncPage.app.lock());
    await unlock(page);
    await traffic.settle();
    const { said } = traffic;
    // The credential's id is no secret: it is stored inside the slot, so the search can find.
    expect(findSpelling(said, Buffer.from(credentialId, 'hex'))).toBeDefined();
    expect(findSpelling(said, Buffer.from(PASSPHRASE))).toBeUndefined();
    expect(findSpelling(said, Buffer.from(prf, 'hex'))).toBeUndefined();
    const kept = JSON.stringify(await context.storageState({ indexedDB: true }));
    expect(kept).toContain('firebase:authUser');
    for (const secret of [Buffer.from(PASSPHRASE), Buffer.from(prf, 'hex')]) {
      expect(findSpelling([Buffer.from(kept)], secret)).toBeUndefined();
    }
    expect(traffic.complaints).toEqual([]);
  });

  it("needs 'wasm-unsafe-eval', as the README says", async () => {
    const page = await context.newPage();
    await expect(visit(page, '/no-wasm')).rejects.toThrow();
    expect(traffic.complaints.join()).toMatch(/WebAssembly.*Content Security Policy/);
  });
});
