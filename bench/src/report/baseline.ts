import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Figures } from '../bench.js';

const path = fileURLToPath(new URL('../../baseline.json', import.meta.url));

/** The committed figures of a bench, if there are any. */
export function readBaseline(bench: string): Figures | undefined {
  return readAll()[bench];
}

/** Replaces the figures of one bench in the file that is committed. */
export function saveBaseline(bench: string, figures: Figures): void {
  const all = Object.entries({ ...readAll(), [bench]: figures });
  const sorted = Object.fromEntries(all.sort(([a], [b]) => a.localeCompare(b)));
  writeFileSync(path, `${JSON.stringify(sorted, undefined, 2)}\n`);
}

function readAll(): Readonly<Record<string, Figures>> {
  let text;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return {};
  }
  return JSON.parse(text) as Record<string, Figures>;
}
