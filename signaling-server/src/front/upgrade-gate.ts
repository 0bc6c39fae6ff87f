import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { MAX_AUTH_MESSAGE_BYTES, SIGNALING_SUBPROTOCOL } from '@sealsync/protocol';
import { WebSocketServer } from 'ws';
import type { RawData, ServerOptions, WebSocket } from 'ws';
import type { Identity } from '../auth/token-verifier.js';
import { describeError } from '../logger.js';
import { closeSocket } from './client-socket.js';
import { readHandshake, REFUSALS } from './handshake.js';
import type { Refusal } from './handshake.js';
import { closeReasonForToken, Session } from './session.js';
import type { SessionContext } from './session-context.js';

export interface UpgradeGateOptions {
  readonly context: SessionContext;
  readonly allowedOrigins: ReadonlySet<string> | undefined;
}

/** How long a peer may take to answer a close, in ms, before its socket is cut. */
const CLOSE_TIMEOUT_MS = 5_000;

// `closeTimeout` is documented by ws, and missing from its published types.
const WS_OPTIONS: ServerOptions & { readonly closeTimeout: number } = {
  noServer: true,
  clientTracking: false,
  // Compression would cost each connection some 200 kB, to shorten messages of 100 bytes.
  perMessageDeflate: false,
  maxPayload: MAX_AUTH_MESSAGE_BYTES,
  maxFragments: 64,
  maxBufferedChunks: 1024,
  closeTimeout: CLOSE_TIMEOUT_MS,
  handleProtocols: () => SIGNALING_SUBPROTOCOL,
};

/** Turns upgrade requests into sessions, verifying the token before the upgrade completes. */
export class UpgradeGate {
  readonly #context: SessionContext;
  readonly #allowedOrigins: ReadonlySet<string> | undefined;
  readonly #wss = new WebSocketServer(WS_OPTIONS);
  readonly #handshakes = new Set<Duplex>();
  readonly #sockets = new Map<WebSocket, Session | undefined>();
  #draining = false;
  #onEmpty: (() => void) | undefined;

  constructor(options: UpgradeGateOptions) {
    this.#context = options.context;
    this.#allowedOrigins = options.allowedOrigins;
  }

  /** Open WebSockets, those that are closing included. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** For the `upgrade` event of an HTTP server. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Node hands the socket over bare: an error without a listener would end the process.
    socket.on('error', () => socket.destroy());
    const handshake = readHandshake(request.headers, this.#allowedOrigins);
    if (this.#draining || this.#isFull()) this.#refuse(socket, 'unavailable');
    else if (!handshake.ok) this.#refuse(socket, handshake.error.kind);
    else {
      this.#handshakes.add(socket);
      socket.once('close', () => this.#handshakes.delete(socket));
      this.#admit(request, socket, head, handshake.value).catch((error: unknown) => {
        this.#context.logger.error(describeError(error), 'handshake failed');
        socket.destroy();
      });
    }
  }

  /** Refuses newcomers, tells every client, and resolves when all are gone or the deadline has passed. */
  async drain(): Promise<void> {
    this.#draining = true;
    for (const socket of this.#handshakes) socket.destroy();
    for (const session of this.#sockets.values()) session?.drain();
    if (this.#sockets.size === 0) return;
    const { clock, limits } = this.#context;
    await new Promise<void>((resolve) => {
      const cancelDeadline = clock.schedule(resolve, limits.drainDeadlineMs);
      this.#onEmpty = () => {
        cancelDeadline();
        resolve();
      };
    });
    for (const ws of this.#sockets.keys()) ws.terminate();
    this.#sockets.clear();
  }

  async #admit(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    token: string,
  ): Promise<void> {
    const verified = await this.#context.verifyToken(token);
    this.#handshakes.delete(socket);
    if (socket.destroyed) return;
    this.#wss.handleUpgrade(request, socket, head, (ws) => {
      this.#hold(ws);
      if (this.#draining) {
        closeSocket(ws, 'goingAway');
      } else if (verified.ok) {
        this.#context.counters.accepted += 1;
        this.#open(ws, verified.value, token);
      } else {
        // A page cannot see the status of a refused upgrade, only a close code.
        this.#context.counters.refused += 1;
        closeSocket(ws, closeReasonForToken(verified.error.kind));
      }
    });
  }

  /** From here on the socket is known, and nothing that it does goes unheard. */
  #hold(ws: WebSocket): void {
    this.#sockets.set(ws, undefined);
    // ws itself closes with the fitting code; what matters here is that somebody listens.
    ws.on('error', () => undefined);
    ws.once('close', () => {
      this.#sockets.delete(ws);
      if (this.#sockets.size === 0) this.#onEmpty?.();
    });
  }

  #open(ws: WebSocket, identity: Identity, token: string): void {
    const session = new Session(this.#context, ws, identity, token);
    this.#sockets.set(ws, session);
    ws.on('message', (data, isBinary) => {
      session.receive(isBinary ? undefined : readText(data));
    });
    ws.on('ping', () => session.countFrame());
    ws.on('pong', () => session.countFrame());
    ws.once('error', () => {
      session.close('badMessage');
    });
    ws.once('close', () => {
      session.close('normal');
    });
  }

  #isFull(): boolean {
    const { maxConnections } = this.#context.limits;
    return this.#sockets.size + this.#handshakes.size >= maxConnections;
  }

  #refuse(socket: Duplex, refusal: Refusal): void {
    this.#context.counters.refused += 1;
    socket.once('finish', () => socket.destroy());
    socket.end(`HTTP/1.1 ${REFUSALS[refusal]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  }
}

/** ws hands over one buffer unless its `binaryType` says otherwise. */
function readText(data: RawData): string | undefined {
  return Buffer.isBuffer(data) ? data.toString('utf8') : undefined;
}
