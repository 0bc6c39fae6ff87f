/** Runs histories from seeds that the parent sends, one after the other. */
import { loadSodiumForMany } from '../../sdk/src/simulation/remember-signatures.js';
import { runSeed } from '../../sdk/src/simulation/run-history.js';
import type { HistoryReport } from './histories.js';

const send = (message: HistoryReport): void => {
  process.send?.(message);
};

let seed = 0;
// What nobody awaits would end the process without a word about the seed.
process.on('unhandledRejection', (error) => {
  send({ seed, counts: [], invariant: 'calls come to an end', message: String(error) });
});

await loadSodiumForMany();
process.on('message', (next: number) => {
  seed = next;
  void runSeed(next).then(({ tally, violation }) => {
    const { invariant, message } = violation ?? {};
    send({ seed: next, counts: [...tally.counts], invariant, message });
  });
});
send({ seed: 0, counts: [], invariant: undefined, message: undefined });
