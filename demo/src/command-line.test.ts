import { describe, expect, it } from 'vitest';
import { readCommand } from './command-line.js';

describe('the command line', () => {
  it('runs with two people on the sample without arguments', () => {
    const run = { kind: 'run', importPath: undefined, people: 2, json: false };
    expect(readCommand([])).toEqual(run);
  });

  it('takes a file and JSON, headless or not', () => {
    const run = { kind: 'run', importPath: 'my bank.csv', people: 2, json: true };
    expect(readCommand(['--headless', '--import', 'my bank.csv', '--json'])).toEqual(run);
    expect(readCommand(['--import=my bank.csv', '--json'])).toEqual(run);
  });

  it.each(['2', '5', '8'])('takes %s people', (people) => {
    expect(readCommand(['--people', people])).toMatchObject({ people: Number(people) });
  });

  it.each(['1', '9', '0', 'x', '', ' 3', '3.0', '1e0', '0x3', '10', '２'])(
    'says from where to where a number of people goes instead of taking %j',
    (people) => {
      const mistake = '--people takes a whole number from 2 to 8.';
      expect(readCommand([`--people=${people}`])).toEqual({ kind: 'mistake', mistake });
    },
  );

  it.each([
    [['--jsno']],
    [['--import']],
    [['--import=']],
    [['file.csv']],
    [['--json=yes']],
    [['--people']],
    [['--people', '-3']],
  ])('explains what is wrong with %j instead of running something else', (args) => {
    expect(readCommand(args)).toEqual({
      kind: 'mistake',
      mistake: expect.stringMatching(/\w/) as unknown,
    });
  });

  it('helps', () => {
    expect(readCommand(['--help', '--json'])).toEqual({ kind: 'help' });
  });
});
