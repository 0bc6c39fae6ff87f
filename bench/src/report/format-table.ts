import type { Figures } from '../bench.js';

type Row = readonly [name: string, value: number | string];

/** The figures as an aligned table, with what they were in `baseline` and the difference to it. */
export function formatTable(figures: Figures, baseline: Figures | undefined): string {
  const before = new Map(baseline ? flatten(baseline) : []);
  const lines = flatten(figures).map(([name, value]) => {
    const was = before.get(name);
    return [name, String(value), was === undefined ? '' : String(was), difference(value, was)];
  });
  const table = [['', 'now', 'baseline', 'change'], ...lines];
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...table.map((line) => line[column]?.length ?? 0)),
  );
  return table.map((line) => formatLine(line, widths)).join('\n');
}

function formatLine(cells: readonly string[], widths: readonly number[]): string {
  const padded = cells.map((cell, column) => {
    const width = widths[column] ?? 0;
    return column === 0 ? cell.padEnd(width) : cell.padStart(width);
  });
  return `  ${padded.join('  ')}`.trimEnd();
}

/** Names of nested figures joined with dots. */
function flatten(figures: Figures, prefix = ''): Row[] {
  return Object.entries(figures).flatMap(([name, value]): Row[] =>
    typeof value === 'object' ? flatten(value, `${prefix}${name}.`) : [[`${prefix}${name}`, value]],
  );
}

function difference(now: number | string, was: number | string | undefined): string {
  if (typeof now !== 'number' || typeof was !== 'number') return '';
  if (now === was) return '=';
  if (was === 0) return `+${now}`;
  const percent = Math.round((now / was - 1) * 100);
  return `${percent > 0 ? '+' : ''}${percent} %`;
}
