import { request, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Fault } from './fault.js';

export interface Target {
  readonly host: string;
  readonly port: number;
}

interface Answer {
  readonly head: IncomingMessage;
  readonly body: Buffer;
}

const SLICE_MS = 20;
const OVERHEAD: ReadonlySet<string> = new Set(['transfer-encoding', 'content-length']);

/** Passes a request on to `target`, with `fault` on the way. Rejects if the target fails. */
export async function passOn(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  target: Target,
  fault: Fault | undefined,
): Promise<void> {
  const sent = await readAll(incoming);
  if (fault?.kind === 'half_open') return;
  if (fault && 'when' in fault && fault.when === 'before') {
    strike(fault, outgoing);
    return;
  }
  if (fault?.kind === 'delay') await pause(fault.delayMs);
  if (fault?.kind === 'slow') await pause((1_000 * sent.length) / fault.bytesPerSecond);
  const answer = await forward(incoming, sent, target);
  if (fault && 'when' in fault) {
    strike(fault, outgoing);
    return;
  }
  if (fault?.kind === 'delay') await pause(fault.delayMs);
  writeHead(outgoing, answer);
  if (fault?.kind === 'truncate') {
    outgoing.write(answer.body.subarray(0, answer.body.length >> 1), () =>
      outgoing.socket?.destroy(),
    );
  } else if (fault?.kind === 'slow') {
    await writeSlowly(outgoing, answer.body, fault.bytesPerSecond);
  } else {
    outgoing.end(answer.body);
  }
}

function strike(fault: Extract<Fault, { when: unknown }>, outgoing: ServerResponse): void {
  switch (fault.kind) {
    case 'cut':
      outgoing.socket?.destroy();
      break;
    case 'reset':
      outgoing.socket?.resetAndDestroy();
      break;
    case 'status':
      outgoing
        .writeHead(fault.status, { 'content-type': 'application/json' })
        .end(JSON.stringify({ error: { code: fault.status, message: 'of the proxy' } }));
      break;
    case 'stall':
      break;
  }
}

async function forward(
  { method, url, headers }: IncomingMessage,
  body: Buffer,
  { host, port }: Target,
): Promise<Answer> {
  const kept = Object.entries(headers).filter(([name]) => !OVERHEAD.has(name));
  const head = await new Promise<IncomingMessage>((resolve, reject) => {
    const passed = request(
      {
        host,
        port,
        method,
        path: url,
        headers: { ...Object.fromEntries(kept), 'content-length': body.length },
      },
      resolve,
    );
    passed.on('error', reject);
    passed.end(body);
  });
  return { head, body: await readAll(head) };
}

/** With the length of the whole body, so that a client can tell when it has not got all of it. */
function writeHead(outgoing: ServerResponse, { head, body }: Answer): void {
  const kept = Object.entries(head.headers).filter(([name]) => !OVERHEAD.has(name));
  outgoing.writeHead(head.statusCode ?? 502, {
    ...Object.fromEntries(kept),
    'content-length': body.length,
  });
}

async function writeSlowly(
  outgoing: ServerResponse,
  body: Buffer,
  bytesPerSecond: number,
): Promise<void> {
  const sliceBytes = Math.max(1, Math.floor((bytesPerSecond * SLICE_MS) / 1_000));
  for (let at = 0; at < body.length && !outgoing.destroyed; at += sliceBytes) {
    outgoing.write(body.subarray(at, at + sliceBytes));
    await pause(SLICE_MS);
  }
  outgoing.end();
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
