import { chromium, type Browser } from 'playwright-core';
import { stopOnInterrupt } from '../../../scripts/emulators/stop-on-interrupt.js';
import { findChromium } from '../../../scripts/prerequisites.js';

const flags = [
  // Containers have no user namespaces for the sandbox; pages come from this repository only.
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // The browser itself finds nothing but this machine.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
];

/**
 * Chromium without a window. It ends with `close()`, and also when this process exits, is
 * interrupted, crashes or is killed: then its control pipe closes.
 */
export async function openBrowser(): Promise<Browser> {
  const found = findChromium();
  if (!found.found) throw new Error(found.sentence);
  const browser = await chromium.launch({
    executablePath: found.path,
    args: flags,
    // Its own handlers would close the browser and leave this process running.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
  browser.on(
    'disconnected',
    stopOnInterrupt(() => browser.close()),
  );
  return browser;
}
