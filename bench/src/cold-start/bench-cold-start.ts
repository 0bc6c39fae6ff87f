import type { BenchContext, BenchResult } from '../bench.js';
export const benchColdStart = async (_: BenchContext): Promise<BenchResult> => ({
  figures: {},
  notes: [],
});
