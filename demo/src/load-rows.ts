import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { BankRow } from './csv/bank-row.js';
import { parseBankCsv } from './csv/parse-bank-csv.js';
import { makeSampleCsv } from './sample/make-sample-csv.js';

export type LoadedRows =
  | { readonly ok: true; readonly rows: readonly BankRow[] }
  /** One sentence that names the file and, where its content is at fault, the line. */
  | { readonly ok: false; readonly sentence: string };

const SAMPLE_SEED = 2024;

/** The rows of the file, `path` being relative to `folder`; without a path those of the sample. */
export async function loadRows(path: string | undefined, folder: string): Promise<LoadedRows> {
  const name = path ?? 'the sample budget';
  let bytes: Uint8Array;
  try {
    bytes = path === undefined ? Buffer.from(makeSampleCsv(SAMPLE_SEED)) : await readFile(resolve(folder, path)); // prettier-ignore
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    return { ok: false, sentence: `${name} cannot be read (${why}).` };
  }
  const parsed = parseBankCsv(bytes);
  if (parsed.ok) return { ok: true, rows: parsed.value };
  const { line, reason } = parsed.refusal;
  return { ok: false, sentence: `${name}, line ${line}: ${reason}. Nothing was imported.` };
}
