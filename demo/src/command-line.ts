import { parseArgs } from 'node:util';

/** What the command line asks for; `mistake` is one plain sentence. */
export type Command =
  | { readonly kind: 'run'; readonly importPath: string | undefined; readonly json: boolean }
  | { readonly kind: 'help' }
  | { readonly kind: 'mistake'; readonly mistake: string };

export const HELP = `Two people share one encrypted budget over Firebase's emulators on this machine.

Usage: npm run demo -- [--headless] [--import FILE.csv] [--json]

  --import FILE  bank file with the columns date,account,payee,category,memo,amount
                 (default: a sample budget that is made up)
  --json         print only the result, as one line of JSON
  --headless     without a web page; there is none yet, so this changes nothing
  --help         this text

Exit codes: 0 both people arrived at the same, right budget, 1 they did not or the demo could
not run, 2 wrong usage or a file that was refused.
`;

export function readCommand(args: readonly string[]): Command {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        headless: { type: 'boolean' },
        import: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }));
  } catch (error) {
    return { kind: 'mistake', mistake: error instanceof Error ? error.message : String(error) };
  }
  if (values.help) return { kind: 'help' };
  if (values.import === '') return { kind: 'mistake', mistake: '--import needs a file.' };
  return { kind: 'run', importPath: values.import, json: values.json ?? false };
}
