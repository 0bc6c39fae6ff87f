import { once } from 'node:events';
import { encodeMessage, offeredSubprotocols, parseServerMessage } from '@sealsync/protocol';
import type { ClientMessage, ServerMessage } from '@sealsync/protocol';
import { WebSocket } from 'ws';

/** A bare client: what it was told, in order, and the code that it was closed with. */
export interface SignalingClient {
  send(message: ClientMessage): void;
  /** The next message; rejects once the connection is gone. */
  next(): Promise<ServerMessage>;
  readonly closed: Promise<number>;
  close(): void;
}

export async function connectClient(port: number, token: string): Promise<SignalingClient> {
  const ws = new WebSocket(`ws://127.0.0.1:${String(port)}`, offeredSubprotocols(token));
  const closed = new Promise<number>((resolve) => ws.once('close', resolve));
  const inbox: ServerMessage[] = [];
  const waiting: ((message: ServerMessage) => void)[] = [];
  ws.on('message', (data) => {
    const parsed = parseServerMessage(Buffer.isBuffer(data) ? data.toString() : '');
    if (!parsed.ok) throw new Error('the server sent what the schema does not allow');
    const waiter = waiting.shift();
    if (waiter) waiter(parsed.message);
    else inbox.push(parsed.message);
  });
  await once(ws, 'open');
  return {
    send: (message) => {
      ws.send(encodeMessage(message));
    },
    next: () =>
      new Promise((resolve, reject) => {
        const message = inbox.shift();
        if (message) {
          resolve(message);
          return;
        }
        waiting.push(resolve);
        void closed.then((code) => {
          reject(new Error(`closed with ${String(code)}`));
        });
      }),
    closed,
    close: () => {
      ws.terminate();
    },
  };
}

/** Connects and asks to join; what the server says to it is the caller's to read. */
export async function enterBudget(
  port: number,
  token: string,
  budgetId: string,
): Promise<SignalingClient> {
  const client = await connectClient(port, token);
  client.send({ type: 'connected', budgetId });
  return client;
}
