import type { BenchContext, BenchResult } from '../bench.js';
export const benchOfflineBurst = async (_: BenchContext): Promise<BenchResult> => ({
  figures: {},
  notes: [],
});
