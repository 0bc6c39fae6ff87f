import { isDeepStrictEqual } from 'node:util';
import { encodeMessage } from '@sealsync/protocol';
import type { ServerMessage, Signal } from '@sealsync/protocol';
import { describe, expect, it } from 'vitest';
import { judgeFuzzFrame, makeFuzzFrame } from '../testing/fuzz-frames.js';
import type { FuzzFrame, Verdict } from '../testing/fuzz-frames.js';
import { encodeClose, encodeFrame, RawClient } from '../testing/raw-client.js';
import { createSeededRandom } from '../testing/seeded-random.js';
import { BUDGET, startTestServer } from '../testing/test-server.js';
import type { TestServer } from '../testing/test-server.js';

const FRAMES = 100_000;
const ROOMS = 8;
const MAX_FRAMES_PER_CONNECTION = 32;
const NORMAL = 1000;

interface Batch {
  readonly frames: readonly FuzzFrame[];
  readonly relayed: readonly Signal[];
  readonly closeCode: number;
}

/** Frames up to and including the first that ends a connection. */
function makeBatch(random: () => number): Batch {
  const frames: FuzzFrame[] = [];
  const relayed: Signal[] = [];
  while (frames.length < MAX_FRAMES_PER_CONNECTION) {
    const frame = makeFuzzFrame(random);
    const verdict: Verdict = judgeFuzzFrame(frame);
    frames.push(frame);
    if (verdict.kind === 'closed') return { frames, relayed, closeCode: verdict.code };
    if (verdict.kind === 'relayed') relayed.push(verdict.signal);
  }
  return { frames, relayed, closeCode: NORMAL };
}

/** Joins, writes the batch in one go, and returns the code that the server closed with. */
async function sendBatch(
  { port, directory, clock }: TestServer,
  budgetId: string,
  batch: Batch,
): Promise<number | undefined> {
  const token = directory.issueToken('fuzzer', clock.now() + 1e9);
  const joined = encodeMessage({ type: 'system', notice: 'joined' });
  const client = new RawClient(port, token, (text) => {
    if (text !== joined) return;
    const frames = batch.frames.map(({ payload, isBinary }) => encodeFrame(payload, isBinary));
    if (batch.closeCode === NORMAL) frames.push(encodeClose(NORMAL));
    client.write(Buffer.concat(frames));
  });
  client.write(encodeFrame(Buffer.from(encodeMessage({ type: 'connected', budgetId }))));
  const code = await client.closed;
  directory.revokeToken(token);
  return code;
}

const isSignal = (message: ServerMessage): boolean =>
  message.type !== 'connected' && message.type !== 'disconnected';

function withoutSender(message: ServerMessage): Signal {
  const { from = '', ...signal } = message as Signal & { from?: string };
  if (!/^[0-9a-f]{16}$/.test(from)) throw new Error('a signal came without its sender');
  return signal;
}

describe('hostile clients', { timeout: 180_000 }, () => {
  it('cannot stop the process, pass on anything but valid signals, or stay after a bad frame', async () => {
    const seed = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
    console.info(`${String(FRAMES)} fuzzed frames from FUZZ_SEED=${String(seed)}`);
    const started = await startTestServer({
      limits: { messagesPerSecond: 1e9, messageBurst: 1e9 },
    });
    let sent = 0;
    let mutated = 0;
    let relayed = 0;
    const codes = new Map<number, number>();

    async function fuzzRoom(room: number): Promise<void> {
      const random = createSeededRandom(seed + room);
      const budgetId = BUDGET.slice(0, -1) + String(room);
      started.directory.setRole(budgetId, 'fuzzer', 'editor');
      const witness = await started.enter(budgetId, 'witness');
      while (sent < FRAMES) {
        const batch = makeBatch(random);
        sent += batch.frames.length;
        mutated += batch.frames.filter((frame) => frame.isMutated).length;
        relayed += batch.relayed.length;
        codes.set(batch.closeCode, (codes.get(batch.closeCode) ?? 0) + 1);
        const code = await sendBatch(started, budgetId, batch);
        const heard = (await witness.hearAll()).filter(isSignal).map(withoutSender);
        // `expect` itself would take a third of the time here.
        if (code === batch.closeCode && isDeepStrictEqual(heard, batch.relayed)) continue;
        expect({ code, heard }).toEqual({ code: batch.closeCode, heard: batch.relayed });
      }
    }
    await Promise.all(Array.from({ length: ROOMS }, (_, room) => fuzzRoom(room)));

    expect(mutated).toBeGreaterThan(sent / 2);
    for (const code of [1003, 1007, 4400, 4401, 4413]) expect(codes.get(code)).toBeGreaterThan(100);
    expect(relayed).toBeGreaterThan(FRAMES / 20);
    expect(started.server.stats().rooms).toBe(ROOMS);
  });
});
