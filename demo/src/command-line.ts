import { parseArgs } from 'node:util';
import { MAX_PEOPLE, MIN_PEOPLE } from './people/cast-people.js';

/** What the command line asks for; `mistake` is one plain sentence. */
export type Command =
  | {
      readonly kind: 'run';
      readonly importPath: string | undefined;
      readonly people: number;
      readonly json: boolean;
    }
  | { readonly kind: 'help' }
  | { readonly kind: 'mistake'; readonly mistake: string };

export const HELP = `People share one encrypted budget over Firebase's emulators on this machine: each with a
passphrase of their own, let in by an invite link.

Usage: npm run demo -- [--headless] [--import FILE.csv] [--people N] [--json]

  --import FILE  bank file with the columns date,account,payee,category,memo,amount
                 (default: a sample budget that is made up)
  --people N     how many share it, ${MIN_PEOPLE} to ${MAX_PEOPLE} (default ${MIN_PEOPLE}); the third may only look, and of three
                 or more the last one is removed at the end and proven out
  --json         print only the result, as one line of JSON
  --headless     without a web page; there is none yet, so this changes nothing
  --help         this text

The figures of Firestore and of signals are those of the setup, the import and the edits that
all make at once; the edits one by one and the removal come after they are read.

Exit codes: 0 everybody arrived at the same, right budget, and whoever was removed is out;
1 they did not, or the demo could not run; 2 wrong usage or a file that was refused.
`;

export function readCommand(args: readonly string[]): Command {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        headless: { type: 'boolean' },
        import: { type: 'string' },
        people: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }));
  } catch (error) {
    return mistaken(error instanceof Error ? error.message : String(error));
  }
  if (values.help) return { kind: 'help' };
  if (values.import === '') return mistaken('--import needs a file.');
  const people = readPeople(values.people);
  if (people === undefined) {
    return mistaken(`--people takes a whole number from ${MIN_PEOPLE} to ${MAX_PEOPLE}.`);
  }
  return { kind: 'run', importPath: values.import, people, json: values.json ?? false };
}

/** `undefined` for what is no number of people. */
function readPeople(text: string | undefined): number | undefined {
  if (text === undefined) return MIN_PEOPLE;
  const people = /^\d$/.test(text) ? Number(text) : 0;
  return people >= MIN_PEOPLE && people <= MAX_PEOPLE ? people : undefined;
}

const mistaken = (mistake: string): Command => ({ kind: 'mistake', mistake });
