/** Opens a browser, says so, and waits to be ended: a stand-in for a suite. */
import { openBrowser } from './open-browser.js';

const browser = await openBrowser();
await browser.newPage();
process.stdout.write('open\n');
process.stdin.on('data', () => {
  void browser.close().then(() => {
    process.stdin.destroy();
  });
});
