/**
 * `npm run mutants -- [NAME...] [--histories N] [--json]`: puts each fault of the list into a copy
 * of the SDK and has the simulation look for it. Fails if one is not found within that many
 * histories, or if the text that it replaces is not there exactly once.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { loadSodiumForMany } from '../sdk/src/simulation/remember-signatures.js';
import { runSeed } from '../sdk/src/simulation/run-history.js';
import { MUTANTS } from './mutants/list.js';
import type { Mutant } from './mutants/mutant.js';
import type * as Histories from './simulate/histories.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const copies = join(root, '.cache/mutants');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    histories: { type: 'string', default: '400' },
    json: { type: 'boolean', default: false },
  },
});

await loadSodiumForMany();
const wanted = MUTANTS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
const outcomes: object[] = [];
let survivors = 0;
for (const mutant of wanted) {
  const { name, wrongBecause } = mutant;
  const caught = await hunt(mutant, Number(values.histories));
  if (!caught.seed) survivors += 1;
  outcomes.push({ name, ...caught });
  if (values.json) continue;
  const how = caught.seed
    ? `caught by seed ${String(caught.seed)}: ${String(caught.invariant)}`
    : `NOT CAUGHT (${caught.reason ?? 'no history fails'}): ${wrongBecause}`;
  console.log(`${name}: ${how}`);
}
rmSync(copies, { recursive: true, force: true });
if (values.json) console.log(JSON.stringify({ mutants: wanted.length, survivors, outcomes }));
else
  console.log(`${String(wanted.length - survivors)} of ${String(wanted.length)} mutants caught.`);
process.exitCode = survivors > 0 || wanted.length === 0 ? 1 : 0;

interface Hunted {
  readonly seed?: number;
  readonly invariant?: string | undefined;
  readonly reason?: string;
}

async function hunt(mutant: Mutant, histories: number): Promise<Hunted> {
  const copy = join(copies, mutant.name);
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(join(copy, 'scripts'), { recursive: true });
  cpSync(join(root, 'sdk/src'), join(copy, 'sdk/src'), { recursive: true });
  cpSync(join(root, 'scripts/simulate'), join(copy, 'scripts/simulate'), { recursive: true });
  const file = join(copy, 'sdk/src', mutant.file);
  const parts = readFileSync(file, 'utf8').split(mutant.find);
  if (parts.length !== 2) return { reason: `its text is there ${String(parts.length - 1)} times` };
  writeFileSync(file, parts.join(mutant.replace));
  const url = pathToFileURL(join(copy, 'scripts/simulate/histories.ts')).href;
  const { runHistories } = (await import(url)) as typeof Histories;
  const { failures } = await runHistories(1, histories, { maxFailures: 1 });
  rmSync(copy, { recursive: true, force: true });
  const [first] = failures;
  if (!first) return {};
  const { violation } = await runSeed(first.seed);
  const { seed, invariant } = first;
  return violation
    ? { reason: `seed ${String(seed)} fails without it as well` }
    : { seed, invariant };
}
