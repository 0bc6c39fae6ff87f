import type { IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Target } from './disturb-request.js';
import type { Fault } from './fault.js';

/** A WebSocket that the proxy passes on byte by byte, whatever the fault of the moment does to them. */
export class DisturbedTunnel {
  readonly #client: Socket;
  readonly #upstream: Socket;
  #fault: Fault | undefined;
  /** Nothing passes any more, although both ends believe otherwise. */
  #isDeaf = false;
  #held: { readonly to: Socket; readonly chunk: Buffer }[] = [];

  constructor(incoming: IncomingMessage, client: Socket, head: Buffer, target: Target) {
    this.#client = client;
    this.#upstream = connect(target.port, target.host);
    for (const socket of [client, this.#upstream]) {
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        // Whoever is deaf does not hear that the other end is gone.
        if (!this.#isDeaf) this.close();
      });
    }
    this.#upstream.write(Buffer.concat([readHead(incoming), head]));
    client.on('data', (chunk: Buffer) => this.#pass(this.#upstream, chunk));
    this.#upstream.on('data', (chunk: Buffer) => this.#pass(client, chunk));
  }

  set fault(fault: Fault | undefined) {
    this.#fault = fault;
    if (fault?.kind === 'half_open') this.#isDeaf = true;
    if (fault?.kind === 'cut' || fault?.kind === 'truncate') this.close();
    if (fault?.kind === 'reset') this.#client.resetAndDestroy();
    if (fault?.kind === 'stall') return;
    for (const { to, chunk } of this.#held.splice(0)) this.#pass(to, chunk);
  }

  onClose(listener: () => void): void {
    this.#client.once('close', listener);
  }

  close(): void {
    this.#client.destroy();
    this.#upstream.destroy();
  }

  #pass(to: Socket, chunk: Buffer): void {
    if (this.#isDeaf) return;
    const fault = this.#fault;
    if (fault?.kind === 'stall') {
      this.#held.push({ to, chunk });
      return;
    }
    if (fault?.kind === 'delay') this.#passLater(to, chunk, fault.delayMs);
    else if (fault?.kind === 'slow')
      this.#passLater(to, chunk, (1_000 * chunk.length) / fault.bytesPerSecond);
    else write(to, chunk);
  }

  #passLater(to: Socket, chunk: Buffer, delayMs: number): void {
    setTimeout(() => {
      if (!this.#isDeaf) write(to, chunk);
    }, delayMs);
  }
}

function write(to: Socket, chunk: Buffer): void {
  if (!to.destroyed) to.write(chunk);
}

/** The request that asked for the WebSocket, as it came. */
function readHead({ method, url, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method ?? 'GET'} ${url ?? '/'} HTTP/1.1`];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    lines.push(`${rawHeaders[at] ?? ''}: ${rawHeaders[at + 1] ?? ''}`);
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
}
