import {
  CLOSE_CODES,
  encodeMessage,
  JOIN_DEADLINE_MS,
  MAX_MESSAGE_BYTES,
} from '@sealsync/protocol';
import type { CloseReason, ErrorReason, ServerMessage } from '@sealsync/protocol';
import { describe, expect, it } from 'vitest';
import { err } from '../result.js';
import { sampleHead } from '../testing/samples.js';
import type { TestClient } from '../testing/test-client.js';
import { BUDGET, startTestServer } from '../testing/test-server.js';

async function expectClose(
  client: TestClient,
  reason: CloseReason,
  error?: ErrorReason,
): Promise<void> {
  if (error) expect(await client.next()).toEqual({ type: 'error', reason: error });
  await expect(client.next()).rejects.toThrow('closed');
  expect(await client.closed).toEqual({ code: CLOSE_CODES[reason].code, reason });
}

describe('before joining', () => {
  it.each([
    ['not JSON', '{"type":'],
    ['an unknown type', '{"type":"shout"}'],
    ['an unknown field', `{"type":"connected","budgetId":"${BUDGET}","note":"hi"}`],
    ['no budget id', '{"type":"connected","budgetId":"../other"}'],
    ['a signal', encodeMessage({ type: 'sync_required' })],
    ['an inherited key', `{"type":"connected","budgetId":"${BUDGET}","__proto__":{"x":1}}`],
  ])('%s -> 4400', async (_, text) => {
    const client = (await startTestServer()).connect('ann');
    await client.opened;
    client.sendText(text);
    await expectClose(client, 'badMessage', 'bad_message');
  });

  it('answers pings while it waits', async () => {
    const client = (await startTestServer()).connect('ann');
    await client.opened;
    expect(await client.hearAll()).toEqual([]);
  });

  it('no connected in time -> 4408', async () => {
    const { connect, clock } = await startTestServer();
    const client = connect('ann');
    await client.opened;
    await client.hearAll();
    clock.advance(JOIN_DEADLINE_MS - 1);
    await client.hearAll();
    clock.advance(1);
    await expectClose(client, 'joinTimeout');
  });

  it("somebody else's budget -> 4403", async () => {
    const { connect, enter } = await startTestServer();
    const ann = await enter(BUDGET, 'ann');
    const mallory = connect('mallory');
    await mallory.opened;
    mallory.send({ type: 'connected', budgetId: BUDGET });
    await expectClose(mallory, 'forbidden', 'forbidden');
    expect(await ann.hearAll()).toEqual([]);
  });

  it('membership cannot be read -> 1013', async () => {
    const { connect, directory } = await startTestServer();
    directory.setRole(BUDGET, 'ann', 'editor');
    directory.membershipFaults.push(err('unavailable'));
    const client = connect('ann');
    await client.opened;
    client.send({ type: 'connected', budgetId: BUDGET });
    await expectClose(client, 'overloaded', 'unavailable');
  });

  it('a signal while the membership is being read -> 4400, and nobody joins', async () => {
    const { server, connect, directory } = await startTestServer();
    directory.setRole(BUDGET, 'ann', 'editor');
    let release = (): void => undefined;
    directory.gate = new Promise((resolve) => (release = resolve));
    const client = connect('ann');
    await client.opened;
    client.send({ type: 'connected', budgetId: BUDGET });
    client.send({ type: 'sync_required' });
    await expectClose(client, 'badMessage', 'bad_message');
    release();
    await directory.gate;
    expect(server.stats().rooms).toBe(0);
  });

  it('a full room -> 1013', async () => {
    const { connect, enter } = await startTestServer({ limits: { maxConnectionsPerBudget: 1 } });
    await enter(BUDGET, 'ann');
    const second = connect('ann');
    await second.opened;
    second.send({ type: 'connected', budgetId: BUDGET });
    await expectClose(second, 'overloaded', 'unavailable');
  });
});

describe('after joining', () => {
  it('a second connected -> 4400', async () => {
    const client = await (await startTestServer()).enter(BUDGET, 'ann');
    client.send({ type: 'connected', budgetId: BUDGET });
    await expectClose(client, 'badMessage', 'bad_message');
  });

  it('a signal over 1 KiB -> 4413', async () => {
    const client = await (await startTestServer()).enter(BUDGET, 'ann');
    client.sendText(encodeMessage({ type: 'sync_required' }).padEnd(MAX_MESSAGE_BYTES + 1));
    await expectClose(client, 'messageTooLarge', 'too_large');
  });

  it('a binary message -> 1003', async () => {
    const client = await (await startTestServer()).enter(BUDGET, 'ann');
    client.ws.send(Buffer.from(encodeMessage({ type: 'sync_required' })), { binary: true });
    await expectClose(client, 'unsupportedData');
  });

  it('a frame over 8 KiB -> 1009', async () => {
    const client = await (await startTestServer()).enter(BUDGET, 'ann');
    client.sendText('x'.repeat(8_193));
    await expect(client.next()).rejects.toThrow('closed');
    expect((await client.closed).code).toBe(CLOSE_CODES.frameTooLarge.code);
  });

  it('text that is not UTF-8 -> 1007', async () => {
    const client = await (await startTestServer()).enter(BUDGET, 'ann');
    client.ws.send(Buffer.from([0x22, 0xff, 0x22]), { binary: false });
    await expect(client.next()).rejects.toThrow('closed');
    expect((await client.closed).code).toBe(CLOSE_CODES.invalidUtf8.code);
  });

  it('too many messages -> 4429, and a pause earns new ones', async () => {
    const limits = { messagesPerSecond: 2, messageBurst: 4 };
    const { enter, clock } = await startTestServer({ limits });
    const client = await enter(BUDGET, 'ann'); // two messages: connected and a ping
    client.send({ type: 'sync_required' });
    await client.hearAll();
    clock.advance(500);
    await client.hearAll();
    client.send({ type: 'sync_required' });
    await expectClose(client, 'rateLimited', 'rate_limited');
  });

  it('a flood of WebSocket pings -> 4429', async () => {
    const { enter } = await startTestServer({ limits: { messageBurst: 5 } });
    const client = await enter(BUDGET, 'ann');
    for (let n = 0; n < 4; n += 1) client.ws.ping();
    await expectClose(client, 'rateLimited', 'rate_limited');
  });

  it('a reader that falls behind -> 1013, while the others hear everything', async () => {
    const { enter } = await startTestServer({
      limits: { maxBufferedBytes: 1_000, messagesPerSecond: 1e6, messageBurst: 1e6 },
    });
    const ann = await enter(BUDGET, 'ann');
    const slow = await enter(BUDGET, 'slow');
    const ben = await enter(BUDGET, 'ben');
    slow.ws.pause();
    const heard = await sendUntilSomebodyGoes(ann, ben);
    expect(heard.map((message) => message.type === 'data_changed' && message.seq)).toEqual(
      heard.map((_, index) => index + 1),
    );
    slow.ws.resume();
    expect((await slow.closed).code).toBe(CLOSE_CODES.overloaded.code);
  });
});

/** What `listener` hears of `sender` until a third one is closed; the kernel buffers megabytes before that. */
async function sendUntilSomebodyGoes(
  sender: TestClient,
  listener: TestClient,
): Promise<readonly ServerMessage[]> {
  const heard: ServerMessage[] = [];
  let seq = 0;
  for (;;) {
    for (let n = 0; n < 500; n += 1) sender.send({ type: 'data_changed', ...sampleHead(++seq) });
    await sender.hearAll();
    const batch = await listener.hearAll();
    heard.push(...batch.filter((message) => message.type !== 'disconnected'));
    if (batch.length > 500) return heard;
  }
}
