import { setTimeout as sleep } from 'node:timers/promises';
import { findPercentile } from '../../../demo/src/report/percentile.js';
import type { BenchContext } from '../bench.js';
import type { OpenPeer, PeerOptions } from '../peers/peer.js';
import { peers } from '../peers/peers.js';
import { roundFigure } from '../report/medians.js';

const WARM_UP = 10;
const REST_MS = 20;
const MAX_SAMPLE_MS = 30_000;

export interface PeerLatency {
  readonly name: string;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** From the author's call until the other device shows it, for what one would pick instead. */
export async function measurePeers(
  { progress, withPeers }: BenchContext,
  options: PeerOptions,
  samples: number,
): Promise<PeerLatency[]> {
  const measured: PeerLatency[] = [];
  if (!withPeers) return measured;
  for (const kind of peers) {
    progress.begin(`The same with ${kind.name}`);
    const peer = await kind.open(options);
    const times: number[] = [];
    for (let number = 0; number < samples + WARM_UP; number += 1) {
      const [id = ''] = options.records[number % options.records.length] ?? [];
      await sleep(REST_MS);
      times.push(await measureEdit(peer, id, number + 1_000_000));
    }
    await peer.close();
    const warm = times.slice(WARM_UP);
    const at = (percent: number): number => roundFigure(findPercentile(warm, percent));
    measured.push({ name: kind.name, p50Ms: at(50), p99Ms: at(99) });
  }
  return measured;
}

async function measureEdit(peer: OpenPeer, id: string, amount: number): Promise<number> {
  let unsubscribe: () => void = () => undefined;
  const seen = new Promise<number>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error('The other device has not seen an edit within 30 s.'));
    }, MAX_SAMPLE_MS);
    unsubscribe = peer.onSeen(() => {
      if (peer.read(id)?.amount !== amount) return;
      clearTimeout(timer);
      resolve(performance.now());
    });
  });
  const startMs = performance.now();
  await peer.edit(id, { amount });
  const endMs = await seen.finally(unsubscribe);
  await peer.flush();
  return endMs - startMs;
}
