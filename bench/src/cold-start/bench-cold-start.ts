import { createSeededRandom } from '@sealsync/sdk/testing';
import type { BenchContext, BenchResult, Figures } from '../bench.js';
import { roundFigure } from '../report/medians.js';
import { makeRecords } from '../sample/records.js';
import { startBackend, type Backend } from '../services/start-backend.js';
import { measureCycle, type Measured } from './measure-cycle.js';
import { coldPeers } from './peers-cold.js';

const SIZES = [1_000, 10_000, 50_000];
const QUICK_SIZES = [200];
const ROUNDS = 3;
/** The alternatives take minutes beyond. */
const MAX_PEER_RECORDS = 10_000;

/** B2: what it costs a new device until every record can be read, after an edit for each record. */
export async function benchColdStart(context: BenchContext): Promise<BenchResult> {
  const backend = await startBackend(context);
  const figures: Record<string, Figures> = {};
  const peers: Record<string, Record<string, Figures>> = {};
  const notes: string[] = [];
  const sizes = context.isQuick ? QUICK_SIZES : SIZES;
  for (const records of sizes.filter((size) => size <= context.maxRecords)) {
    const rounds = context.isQuick ? 1 : ROUNDS;
    const { fresh, worst } = await measureCycle(backend, context, records, rounds);
    figures[records] = {
      reads: fresh.reads,
      bytesPerRecord: roundFigure(fresh.bytes / records),
      ms: roundFigure(fresh.ms),
      ratioToFloor: roundFigure(fresh.ratioToFloor),
      worst: {
        reads: worst.reads,
        ms: roundFigure(worst.ms),
        ratioToFloor: roundFigure(worst.ratioToFloor),
      },
    };
    notes.push(describe(records, fresh, worst));
    if (context.withPeers && records <= MAX_PEER_RECORDS) {
      await measurePeers(backend, context, records, fresh, peers);
    }
  }
  notes.push(
    'WebAssembly, sign-in and unlocking come before; bytes are those of TCP, both ways; medians.',
    `The alternatives are measured up to ${MAX_PEER_RECORDS} records; rxdbPlaintext and documentPerRecord show Firestore every record.`,
  );
  return { figures: { ...figures, peers }, notes };
}

async function measurePeers(
  backend: Backend,
  { progress }: BenchContext,
  size: number,
  { floorMs }: Measured,
  peers: Record<string, Record<string, Figures>>,
): Promise<void> {
  const records = makeRecords(size, createSeededRandom(size));
  for (const peer of coldPeers) {
    progress.begin(`${size} records with ${peer.name}`);
    const { reads, bytes, ms } = await peer.measure({ backend, records });
    (peers[peer.name] ??= {})[size] = {
      reads,
      bytesPerRecord: roundFigure(bytes / size),
      ms: roundFigure(ms),
      ratioToFloor: roundFigure(ms / floorMs),
    };
  }
}

const describe = (records: number, fresh: Measured, worst: Measured): string =>
  `${records} records: ${Math.round(fresh.bytes / 1e3)} kB, floor ${Math.round(fresh.floorMs)} ms; at worst ${Math.round(worst.bytes / 1e3)} kB, floor ${Math.round(worst.floorMs)} ms.`;
