import { parseArgs } from 'node:util';
import { benchNames, type BenchName } from './benches.js';

/** What the command line asks for; `mistake` is one plain sentence. */
export type Command =
  | {
      readonly kind: 'run';
      readonly bench: BenchName;
      readonly json: boolean;
      readonly compare: boolean;
      readonly saveBaseline: boolean;
      readonly isQuick: boolean;
      readonly withPeers: boolean;
      /** Larger sizes are left out. */
      readonly maxRecords: number;
    }
  | { readonly kind: 'help' }
  | { readonly kind: 'mistake'; readonly mistake: string };

export const HELP = `Measures what Sealsync costs, beside the floor under it and what one could use instead.

Usage: npm run bench -- NAME [--json] [--compare] [--save-baseline] [--quick] [--no-peers]
                                  [--max-records N]

  NAME             ${benchNames.join(', ')}
  --json           print only the figures; the last line is one JSON object
  --compare        with --json: print the difference to the baseline as well, before that line
  --save-baseline  keep the figures as this bench's part of bench/baseline.json
  --quick          small samples, to see that it runs
  --no-peers       leave out the alternatives
  --max-records N  of "cold-start": leave out larger sizes, which take minutes

All but "envelope" start the Firebase emulators and the signaling server on this machine, and
end them. Exit codes: 0 measured; 1 something failed; 2 wrong usage.
`;

const options = {
  json: { type: 'boolean' },
  compare: { type: 'boolean' },
  'save-baseline': { type: 'boolean' },
  quick: { type: 'boolean' },
  'no-peers': { type: 'boolean' },
  'max-records': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

export function readCommand(args: readonly string[]): Command {
  let parsed;
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    return mistaken(error instanceof Error ? error.message : String(error));
  }
  const { values, positionals } = parsed;
  if (values.help) return { kind: 'help' };
  const [name, ...more] = positionals;
  const bench = benchNames.find((known) => known === name);
  if (name === undefined || more.length > 0) return mistaken('Name one bench.');
  if (bench === undefined) return mistaken(`There is no bench "${name}".`);
  const maxRecords = values['max-records'] ?? 'Infinity';
  if (!/^([1-9]\d*|Infinity)$/.test(maxRecords)) return mistaken('--max-records takes a number.');
  const command = {
    kind: 'run' as const,
    bench,
    json: values.json ?? false,
    compare: values.compare ?? false,
    saveBaseline: values['save-baseline'] ?? false,
    isQuick: values.quick ?? false,
    withPeers: !(values['no-peers'] ?? false),
    maxRecords: Number(maxRecords),
  };
  const isWhole = !command.isQuick && command.withPeers && maxRecords === 'Infinity';
  if (isWhole || !command.saveBaseline) return command;
  return mistaken('A baseline is saved from a whole run: without what leaves things out.');
}

const mistaken = (mistake: string): Command => ({
  kind: 'mistake',
  mistake: `${mistake.replace(/\.?$/, '.')} The benches are ${benchNames.join(', ')}.`,
});
