import type { BenchContext, BenchResult } from '../bench.js';
export const benchEditLatency = async (_: BenchContext): Promise<BenchResult> => ({
  figures: {},
  notes: [],
});
