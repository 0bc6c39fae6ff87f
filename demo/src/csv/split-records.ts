import { CsvError, parse, type CsvErrorCode } from 'csv-parse/sync';
import { accept, refuse, type Checked } from './bank-row.js';

/** One record of a CSV file, unchecked. */
export interface CsvRecord {
  readonly fields: readonly string[];
  /** The physical line (from 1) on which field `index` begins. */
  lineOf(index: number): number;
}

const reasons: Partial<Record<CsvErrorCode, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'a quote is opened here and never closed',
  INVALID_OPENING_QUOTE: 'a quote stands inside a field that is not quoted',
  CSV_INVALID_CLOSING_QUOTE: 'a quoted field that begins here goes on behind its closing quote',
};

/** Splits UTF-8 text, with or without a byte order mark, lines ending in LF or CRLF. */
export function splitRecords(bytes: Uint8Array): Checked<CsvRecord[]> {
  const text = decodeUtf8(bytes);
  if (text === undefined) {
    return refuse(findBadUtf8Line(bytes), 'the text is not UTF-8: save the file as UTF-8 CSV');
  }
  const input = Buffer.from(text, 'utf8');
  try {
    const records = parse(input, {
      record_delimiter: ['\r\n', '\n'],
      relax_column_count: true,
    });
    return accept(placeRecords(records));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return refuse(lineOfError(input, error), reasons[error.code] ?? 'this is not CSV');
  }
}

/** The parser's own line numbers count a line break in a quoted field twice where it is CRLF. */
function placeRecords(records: readonly (readonly string[])[]): CsvRecord[] {
  let line = 1;
  return records.map((fields) => {
    const first = line;
    line += 1 + countLineFeeds(fields.join(''));
    return {
      fields,
      lineOf: (index) => first + countLineFeeds(fields.slice(0, index).join('')),
    };
  });
}

/** Where the field begins that cannot be parsed: the parser says how far the ones before it reach. */
function lineOfError(input: Buffer, error: CsvError): number {
  return 1 + countLineFeeds(input.subarray(0, Number(error['bytes'])).toString('utf8'));
}

function countLineFeeds(text: string): number {
  return text.split('\n').length - 1;
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function findBadUtf8Line(bytes: Uint8Array): number {
  // Only looked for once it is known to be there; a line feed is never part of another character.
  for (let start = 0, line = 1; ; line += 1) {
    const end = bytes.indexOf(0x0a, start);
    if (end === -1 || decodeUtf8(bytes.subarray(start, end)) === undefined) return line;
    start = end + 1;
  }
}
