import { describe, expect, it } from 'vitest';
import { parseBankCsv } from './parse-bank-csv.js';

const header = 'date,account,payee,category,memo,amount';
const good = '2016-02-29,Checking,Kin Soy,Food,Lunch,-40.93';

function parse(...lines: readonly string[]): ReturnType<typeof parseBankCsv> {
  return parseBankCsv(new TextEncoder().encode(`${lines.join('\n')}\n`));
}

function refusalOf(checked: ReturnType<typeof parseBankCsv>): unknown {
  return checked.ok ? 'accepted' : checked.refusal;
}

const at = (line: number, reason: string): unknown => ({
  line,
  reason: expect.stringContaining(reason) as unknown,
});

describe('a bank file that is refused as a whole', () => {
  it.each<[string, readonly string[], number, string]>([
    ['a missing column', ['date,account,payee,category,memo', good], 1, 'lacks amount'],
    ['an unknown column', [`${header},extra`, `${good},1`], 1, '7 columns'],
    ['a column twice', [`${header},memo`, `${good},1`], 1, '7 columns'],
    ['no rows', [header], 1, 'no rows'],
    ['a blank line', [header, good, '', good], 3, 'blank'],
    ['too few columns', [header, good, '2016-01-01,Checking,1.00'], 3, '3 columns'],
    ['too many columns', [header, `${good},9`], 2, '7 columns'],
    ['a day that does not exist', [header, '2015-02-29,A,B,C,D,1.00'], 2, '"2015-02-29"'],
    ['another date format', [header, good, '1/2/2015,A,B,C,D,1.00'], 3, 'YYYY-MM-DD'],
    ['a month 13', [header, '2015-13-01,A,B,C,D,1.00'], 2, 'no day'],
    ['three decimals', [header, good, good, '2015-01-01,A,B,C,D,1.999'], 4, '"1.999"'],
    ['a thousands separator', [header, '2015-01-01,A,B,C,D,"1,000.00"'], 2, 'separator'],
    ['an exponent', [header, '2015-01-01,A,B,C,D,1e3'], 2, '"1e3"'],
    ['no account', [header, '2015-01-01,,B,C,D,1.00'], 2, 'account is empty'],
    ['no category', [header, '2015-01-01,A,B, ,D,1.00'], 2, 'category is empty'],
    ['an endless memo', [header, `2015-01-01,A,B,C,${'x'.repeat(1_001)},1.00`], 2, 'memo'],
    ['a lone quote before a field', [header, '2015-01-01,A,"B,C,D,1.00', good], 2, 'never closed'],
    ['a lone quote inside a field', [header, good, '2015-01-01,A,Joe"s,C,D,1.00'], 3, 'inside'],
    ['text behind a quote', [header, '2015-01-01,A,"B"x,C,D,1.00'], 2, 'closing quote'],
  ])('%s', (_what, lines, line, reason) => {
    expect(refusalOf(parse(...lines))).toEqual(at(line, reason));
  });

  it('is refused when empty', () => {
    expect(refusalOf(parseBankCsv(new Uint8Array()))).toEqual(at(1, 'empty'));
  });

  it('names the line where its text stops being UTF-8', () => {
    const latin1 = Buffer.from(`${header}\n${good}\n2015-01-01,A,Caf\xe9,C,D,1.00\n`, 'latin1');
    expect(refusalOf(parseBankCsv(latin1))).toEqual(at(3, 'UTF-8'));
  });

  it.each(['\n', '\r\n'])('counts the lines that quoted fields span (%j)', (lineBreak) => {
    const spanning = ['2016-01-01,A,"B', '', 'B",C,"D', 'D",1.00'].join(lineBreak);
    const bad = ['2016-01-01,A,B,C,"D', 'D",1.999'].join(lineBreak);
    const text = [header, spanning, bad, ''].join(lineBreak);
    expect(refusalOf(parseBankCsv(Buffer.from(text)))).toEqual(at(7, '1.999'));
  });

  it.each(['\n', '\r\n'])('names the line of a quote behind quoted lines (%j)', (lineBreak) => {
    const text = [header, '2016-01-01,A,"B', 'é",C,"D', 'D', ''].join(lineBreak);
    expect(refusalOf(parseBankCsv(Buffer.from(text)))).toEqual(at(3, 'never closed'));
  });
});

describe('a bank file that is taken', () => {
  it('keeps every cell as it is, and money in minor units', () => {
    expect(parse(header, '2016-02-29,Chase "Slate",x,y,z,1.00').ok).toBe(false);
    const parsed = parse(
      header,
      '2016-02-29,"Chase ""Slate""", Kin Soy ,Food: Coffee,"a, b",-3.10',
    );
    expect(parsed).toEqual({
      ok: true,
      value: [
        {
          date: '2016-02-29',
          account: 'Chase "Slate"',
          payee: ' Kin Soy ',
          category: 'Food: Coffee',
          memo: 'a, b',
          amountText: '-3.10',
          amountMinor: -310,
        },
      ],
    });
  });

  it.each([
    ['an empty payee and memo', [header, '2016-01-01,A,,C,,1.00'], 1],
    ['the category Transfer', [header, '2016-01-01,A,Transfer,Transfer,,1.00'], 1],
    ['two identical rows', [header, good, good], 2],
    ['a byte order mark', [`\u{feff}${header}`, good], 1],
    ['CRLF', [`${header}\r`, `${good}\r`], 1],
    [
      'columns in another order',
      ['amount,date,account,payee,category,memo', '1,2016-01-01,A,B,C,D'],
      1,
    ],
  ])('may have %s', (_what, lines, count) => {
    const parsed = parse(...lines);
    expect(parsed.ok && parsed.value.length).toBe(count);
  });

  it('needs no line break at its end', () => {
    expect(parseBankCsv(Buffer.from(`${header}\n${good}`)).ok).toBe(true);
  });
});
