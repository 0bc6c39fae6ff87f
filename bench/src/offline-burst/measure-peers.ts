import { setTimeout as sleep } from 'node:timers/promises';
import { createSeededRandom } from '@sealsync/sdk/testing';
import type { BenchContext, Figures } from '../bench.js';
import type { OpenPeer, PeerCounts } from '../peers/peer.js';
import { peers } from '../peers/peers.js';
import { makeTransaction } from '../sample/records.js';
import type { PeerOptions } from '../peers/peer.js';
import { waitUntil } from '../services/wait-until.js';

/** The same edits by what a user would pick instead. */
export async function measurePeers(
  { progress, withPeers }: BenchContext,
  options: PeerOptions,
  edits: number,
  everyMs: number,
): Promise<Figures> {
  const figures: Record<string, Figures> = {};
  if (!withPeers) return figures;
  for (const kind of peers) {
    progress.begin(`The same with ${kind.name}`);
    const peer = await kind.open(options);
    const burst = await countDuring(peer, () => editOffline(peer, options, edits));
    const oneByOne = await countDuring(peer, () => editOneByOne(peer, options, edits, everyMs));
    const { writes, rulesReads, peerReads } = burst;
    figures[kind.name] = {
      writes,
      rulesReads,
      peerReads,
      oneByOne: { edits, writes: oneByOne.writes, peerReads: oneByOne.peerReads },
    };
    await peer.close();
  }
  return figures;
}

/** What was billed during `work`, until nothing more is. */
async function countDuring(peer: OpenPeer, work: () => Promise<void>): Promise<PeerCounts> {
  const before = peer.counts();
  await work();
  let last = '';
  await waitUntil(() => {
    const now = JSON.stringify(peer.counts());
    const isQuiet = now === last;
    last = now;
    return isQuiet;
  });
  const after = peer.counts();
  return {
    writes: after.writes - before.writes,
    reads: after.reads - before.reads,
    rulesReads: after.rulesReads - before.rulesReads,
    peerReads: after.peerReads - before.peerReads,
  };
}

async function editOffline(peer: OpenPeer, { records }: PeerOptions, edits: number): Promise<void> {
  const random = createSeededRandom(1_000);
  await peer.goOffline();
  for (let number = 0; number < edits; number += 1) {
    const [id = ''] = records[number % records.length] ?? [];
    const { amount, memo } = makeTransaction(random);
    await peer.edit(id, number % 3 === 0 ? { memo } : { amount });
  }
  await peer.goOnline();
}

async function editOneByOne(
  peer: OpenPeer,
  { records }: PeerOptions,
  edits: number,
  everyMs: number,
): Promise<void> {
  const startMs = performance.now();
  for (let number = 0; number < edits; number += 1) {
    await sleep(startMs + number * everyMs - performance.now());
    const [id = ''] = records[number % records.length] ?? [];
    await peer.edit(id, { amount: number });
  }
  await peer.flush();
}
