import type { Bench } from './bench.js';

export const benchNames = ['envelope', 'offline-burst', 'edit-latency', 'cold-start'] as const;

export type BenchName = (typeof benchNames)[number];

/** Loaded one at a time: what one bench needs must not cost another one memory or time. */
export async function loadBench(name: BenchName): Promise<Bench> {
  switch (name) {
    case 'envelope':
      return (await import('./envelope/bench-envelope.js')).benchEnvelope;
    case 'offline-burst':
      return (await import('./offline-burst/bench-offline-burst.js')).benchOfflineBurst;
    case 'edit-latency':
      return (await import('./edit-latency/bench-edit-latency.js')).benchEditLatency;
    case 'cold-start':
      return (await import('./cold-start/bench-cold-start.js')).benchColdStart;
  }
}
