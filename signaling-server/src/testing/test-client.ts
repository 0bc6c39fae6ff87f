import { encodeMessage, offeredSubprotocols, parseServerMessage } from '@sealsync/protocol';
import type { ClientMessage, ServerMessage } from '@sealsync/protocol';
import { WebSocket } from 'ws';

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** A bare client over a real socket, which insists that every message fits the schema. */
export class TestClient {
  readonly ws: WebSocket;
  readonly closed: Promise<Closed>;
  readonly opened: Promise<void>;
  readonly #heard: ServerMessage[] = [];
  #pings = 0;
  #wake: () => void = () => undefined;
  #broken: Error | undefined;

  constructor(port: number, subprotocols: readonly string[]) {
    this.ws = new WebSocket(`ws://127.0.0.1:${String(port)}/`, [...subprotocols]);
    this.closed = new Promise((resolve) => {
      this.ws.once('close', (code, reason) => {
        this.#broken ??= new Error(`closed with ${String(code)}`);
        this.#wake();
        resolve({ code, reason: reason.toString() });
      });
    });
    this.opened = new Promise((resolve, reject) => {
      this.ws.once('open', resolve);
      this.ws.once('error', reject);
    });
    this.opened.catch(() => undefined);
    this.ws.on('error', () => undefined);
    this.ws.on('message', (data) => {
      const parsed = parseServerMessage(Buffer.isBuffer(data) ? data.toString() : '');
      if (parsed.ok) this.#heard.push(parsed.message);
      else this.#broken = new Error(`the server sent what the schema does not allow`);
      this.#wake();
    });
  }

  static withToken(port: number, token: string): TestClient {
    return new TestClient(port, offeredSubprotocols(token));
  }

  send(message: ClientMessage): void {
    this.sendText(encodeMessage(message));
  }

  sendText(text: string): void {
    this.ws.send(text);
  }

  /** The next message that was not taken yet; rejects once the connection is gone. */
  async next(): Promise<ServerMessage> {
    for (;;) {
      const message = this.#heard.shift();
      if (message) return message;
      if (this.#broken) throw this.#broken;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Everything told to this client before the server answers a ping sent now. */
  async hearAll(): Promise<readonly ServerMessage[]> {
    const n = ++this.#pings;
    this.send({ type: 'ping', n });
    const heard: ServerMessage[] = [];
    for (;;) {
      const message = await this.next();
      if (message.type === 'pong' && message.n === n) return heard;
      heard.push(message);
    }
  }

  /** Joins, and returns what the server tells a newcomer after `joined`. */
  async join(budgetId: string): Promise<readonly ServerMessage[]> {
    await this.opened;
    this.send({ type: 'connected', budgetId });
    const first = await this.next();
    if (first.type !== 'system' || first.notice !== 'joined') {
      throw new Error(`expected to join, was told ${JSON.stringify(first)}`);
    }
    return this.hearAll();
  }
}
