/** Starts emulators, prints where they listen, and waits to be ended: a stand-in for the demo. */
import { startEmulators } from '../../scripts/emulators/start-emulators.js';

const { stop, ...hosts } = await startEmulators();
process.stdout.write(`${JSON.stringify(hosts)}\n`);
process.stdin.on('data', () => {
  void stop().then(() => {
    process.stdin.destroy();
  });
});
