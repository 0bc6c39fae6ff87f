import { describe, expect, it } from 'vitest';
import { readCommand } from './command-line.js';

describe('the command line', () => {
  it('runs one bench with all that is beside it', () => {
    expect(readCommand(['envelope', '--json'])).toEqual({
      kind: 'run',
      bench: 'envelope',
      json: true,
      compare: false,
      saveBaseline: false,
      isQuick: false,
      withPeers: true,
      maxRecords: Infinity,
    });
  });

  it.each([
    [[]],
    [['--json']],
    [['envelop']],
    [['envelope', 'cold-start']],
    [['envelope', '--jsno']],
    [['envelope', '--json=yes']],
    [['cold-start', '--max-records', 'few']],
  ])('explains what is wrong with %j, and names the benches', (args) => {
    expect(readCommand(args)).toEqual({
      kind: 'mistake',
      mistake: expect.stringContaining('offline-burst') as unknown,
    });
  });

  it.each(['--quick', '--no-peers', '--max-records=1000'])(
    'keeps no baseline of a run with %s, which later runs would be held against',
    (flag) => {
      expect(readCommand(['envelope', '--save-baseline', flag]).kind).toBe('mistake');
    },
  );
});
