import { findPercentile } from '../../../demo/src/report/percentile.js';

/** The middle value; of an even number of values the lower of the two. */
export const findMedian = (values: readonly number[]): number => findPercentile(values, 50);

/** The median of `ours[i] / floor[i]`: pairs were measured one right after the other. */
export function findMedianRatio(ours: readonly number[], floor: readonly number[]): number {
  return findMedian(ours.map((value, index) => value / (floor[index] ?? Number.NaN)));
}

/** To three significant digits, and whole numbers exactly. */
export const roundFigure = (value: number): number =>
  Number.isInteger(value) ? value : Number(value.toPrecision(3));

/** How long `work` takes, in ms. */
export async function timeMs(work: () => unknown): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}
