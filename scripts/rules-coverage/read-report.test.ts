import { describe, expect, it } from 'vitest';
import { readReport } from './read-report.js';

const content = "allow read: if a.b() &&\n  c.hasOnly(['n']);";

function position(text: string, leftOut: number): object {
  const currentOffset = content.indexOf(text);
  return {
    line: 1,
    column: 1,
    currentOffset,
    endOffset: currentOffset + text.length - 1 - leftOut,
  };
}

/** In the shape that the emulator answers with. */
const report = JSON.stringify({
  rules: { files: [{ content, name: 'firestore.rules' }] },
  report: [
    {
      sourcePosition: position("a.b() &&\n  c.hasOnly(['n'])", 2),
      values: [
        { value: { boolValue: true }, count: 2 },
        { value: { boolValue: false }, count: 3 },
        { value: { undefined: { causeMessage: 'Null value error.' } }, count: 4 },
      ],
      children: [
        { sourcePosition: position("c.hasOnly(['n'])", 2), values: [{ value: {}, count: 7 }] },
        { sourcePosition: position('a.b()', 1), values: [{ value: { intValue: '1' }, count: 1 }] },
      ],
    },
  ],
});

describe('readReport', () => {
  const [both] = readReport(JSON.parse(report) as Parameters<typeof readReport>[0]);

  it('counts outcomes apart', () => {
    expect(both?.counts).toEqual({ true: 2, false: 3, error: 4, other: 0 });
    expect(both?.children[1]?.counts.other).toBe(1);
  });

  it('does not take an operand that was passed over for one that was evaluated', () => {
    expect(both?.children[0]?.counts).toEqual({ true: 0, false: 0, error: 0, other: 0 });
  });

  it('shows the text on one line, with the brackets that the emulator leaves out', () => {
    expect(both?.text).toBe("a.b() && c.hasOnly(['n'])");
    expect(both?.children.map(({ text }) => text)).toEqual(["c.hasOnly(['n'])", 'a.b()']);
  });
});
