import { parseArgs } from 'node:util';

export interface ServeConfig {
  readonly projectId: string;
  readonly port: number;
  readonly host: string;
  readonly allowedOrigins: readonly string[];
}

/** What the command line asks for; `mistake` is one plain sentence. */
export type Command =
  | { readonly kind: 'serve'; readonly config: ServeConfig }
  | { readonly kind: 'help' }
  | { readonly kind: 'mistake'; readonly mistake: string };

export const HELP = `sealsync-signaling: routes hints between the members of a Sealsync budget.

Usage: sealsync-signaling --project ID [--port 8080] [--host 0.0.0.0] [--origin URL]...

  --project ID   Firebase project whose users and budgets count (or FIREBASE_PROJECT_ID)
  --port N       TCP port, 0 for a free one (or PORT; default 8080)
  --host ADDR    address to listen on (or HOST; default 0.0.0.0)
  --origin URL   origin whose pages may connect; repeat for several
                 (or ALLOWED_ORIGINS, separated by commas; default: any, the token decides)
  --help         this text

Environment: FIREBASE_AUTH_EMULATOR_HOST and FIRESTORE_EMULATOR_HOST point it at the
emulators, which it refuses while NODE_ENV is "production".
Exit codes: 0 stopped by SIGTERM or SIGINT, 1 could not serve, 2 wrong usage.
`;

/** Arguments come first, then the environment, then defaults. */
export function readCommand(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Command {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        project: { type: 'string' },
        port: { type: 'string' },
        host: { type: 'string' },
        origin: { type: 'string', multiple: true },
        help: { type: 'boolean', short: 'h' },
      },
    }));
  } catch (error) {
    return makeMistake(error instanceof Error ? error.message : String(error));
  }
  if (values.help) return { kind: 'help' };

  const projectId = values.project ?? env['FIREBASE_PROJECT_ID'] ?? '';
  if (!/^[a-z][a-z0-9-]*$/.test(projectId)) {
    return makeMistake('--project (or FIREBASE_PROJECT_ID) must name a Firebase project.');
  }
  const port = readPort(values.port ?? env['PORT'] ?? '8080');
  if (port === undefined) return makeMistake('--port (or PORT) must be a number from 0 to 65535.');
  const allowedOrigins = values.origin ?? splitList(env['ALLOWED_ORIGINS'] ?? '');
  const badOrigin = allowedOrigins.find((origin) => !isOrigin(origin));
  if (badOrigin !== undefined) {
    return makeMistake(`--origin ${badOrigin}: must be like https://app.example, without a path.`);
  }
  const host = values.host ?? env['HOST'] ?? '0.0.0.0';
  return { kind: 'serve', config: { projectId, port, host, allowedOrigins } };
}

function makeMistake(mistake: string): Command {
  return { kind: 'mistake', mistake };
}

function readPort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : undefined;
  return port !== undefined && port <= 65_535 ? port : undefined;
}

function splitList(text: string): readonly string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}
