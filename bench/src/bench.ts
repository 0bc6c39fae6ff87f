import type { Progress } from '../../demo/src/report/progress.js';

/** Numbers by name, as they are printed with `--json`. */
export interface Figures {
  readonly [name: string]: number | string | Figures;
}

export interface BenchResult {
  readonly figures: Figures;
  /** What the figures do not say, a sentence each: what was counted, where the time goes. */
  readonly notes: readonly string[];
}

export interface BenchContext {
  readonly progress: Progress;
  /** Aborts when the run is to be given up. */
  readonly signal: AbortSignal;
  /** Smaller samples: shows that all of it works, and measures nothing worth keeping. */
  readonly isQuick: boolean;
  /** Whether what a user would pick instead is measured as well. */
  readonly withPeers: boolean;
  /** Larger sizes are left out. */
  readonly maxRecords: number;
  /** Called in reverse order when the run is over, however it ends. */
  readonly onClose: (close: () => Promise<void>) => void;
}

export type Bench = (context: BenchContext) => Promise<BenchResult>;
