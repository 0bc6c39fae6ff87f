import type { WebSocketConstructor, WebSocketLike } from '../signaling/web-socket-link.js';

type Listener = (event: { data: unknown; code: number }) => void;

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 3;

/** The far end of one socket, moved by a test. */
export class ScriptedSocket implements WebSocketLike {
  readonly url: string;
  readonly offered: readonly string[];
  protocol = '';
  readyState: number = CONNECTING;
  /** What the client sent, parsed. */
  readonly received: Record<string, unknown>[] = [];
  /** Called with each message of the client, as a server would be. */
  onReceived: (message: Record<string, unknown>) => void = () => undefined;
  /** The code that the client closed with. */
  closedWith: number | undefined;
  readonly #listeners = new Map<string, Listener[]>();

  constructor(url: string, protocols: readonly string[]) {
    this.url = url;
    this.offered = protocols;
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  send(text: string): void {
    const message = JSON.parse(text) as Record<string, unknown>;
    this.received.push(message);
    queueMicrotask(() => {
      this.onReceived(message);
    });
  }

  close(code?: number): void {
    this.closedWith = code;
    this.drop(code ?? 1005);
  }

  /** Completes the handshake. */
  accept(protocol = 'sealsync.v1'): void {
    this.protocol = protocol;
    this.readyState = OPEN;
    this.#emit('open', { data: undefined, code: 0 });
  }

  /** A frame from the server; what is not a string is encoded. */
  say(message: unknown): void {
    this.sayRaw(typeof message === 'string' ? message : JSON.stringify(message));
  }

  sayRaw(data: unknown): void {
    this.#emit('message', { data, code: 0 });
  }

  /** Ends the socket with `code`; 1006 is what a broken connection looks like. */
  drop(code = 1006): void {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    this.#emit('close', { data: undefined, code });
  }

  #emit(type: string, event: { data: unknown; code: number }): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event);
  }
}

/** A WebSocket constructor and every socket that it made; for timing, not for what servers do. */
export class ScriptedSockets {
  readonly all: ScriptedSocket[] = [];
  readonly webSocket: WebSocketConstructor;

  /** `onConnect` plays the server for each new socket. */
  constructor(onConnect: (socket: ScriptedSocket) => void = () => undefined) {
    const { all } = this;
    this.webSocket = class extends ScriptedSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        all.push(this);
        queueMicrotask(() => {
          onConnect(this);
        });
      }
    };
  }

  /** The newest socket. */
  get last(): ScriptedSocket {
    const socket = this.all.at(-1);
    if (!socket) throw new Error('No socket was opened yet.');
    return socket;
  }

  /** Sockets that the client has not let go of. */
  get open(): number {
    return this.all.filter((socket) => socket.readyState !== CLOSED).length;
  }
}

/** Plays a server that lets everyone in and answers every ping. */
export function playServer(socket: ScriptedSocket): void {
  socket.onReceived = (message) => {
    if (message['type'] === 'connected') socket.say({ type: 'system', notice: 'joined' });
    if (message['type'] === 'auth') socket.say({ type: 'system', notice: 'authenticated' });
    if (message['type'] === 'ping') socket.say({ type: 'pong', n: message['n'] });
  };
  socket.accept();
}
