import { describe, expect, it } from 'vitest';
import { readCommand } from './command-line.js';

describe('the command line', () => {
  it('runs on the sample without arguments', () => {
    expect(readCommand([])).toEqual({ kind: 'run', importPath: undefined, json: false });
  });

  it('takes a file and JSON, headless or not', () => {
    const run = { kind: 'run', importPath: 'my bank.csv', json: true };
    expect(readCommand(['--headless', '--import', 'my bank.csv', '--json'])).toEqual(run);
    expect(readCommand(['--import=my bank.csv', '--json'])).toEqual(run);
  });

  it.each([[['--jsno']], [['--import']], [['--import=']], [['file.csv']], [['--json=yes']]])(
    'explains what is wrong with %j instead of running something else',
    (args) => {
      expect(readCommand(args)).toEqual({
        kind: 'mistake',
        mistake: expect.stringMatching(/\w/) as unknown,
      });
    },
  );

  it('helps', () => {
    expect(readCommand(['--help', '--json'])).toEqual({ kind: 'help' });
  });
});
