import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { passOn, type Target } from './disturb-request.js';
import { DisturbedTunnel } from './disturbed-tunnel.js';
import type { ChooseFault, Fault, ProxiedRequest } from './fault.js';

/** A server on this machine between a client and `target`, for HTTP and WebSockets. */
export interface FaultProxy {
  readonly host: string;
  readonly port: number;
  /** How many requests and open WebSockets a fault has struck. */
  readonly strikes: number;
  /** Resolves as soon as that many were struck since the proxy started. */
  struck(strikes: number): Promise<void>;
  /** Asked for every request from now on, and at once for the WebSockets that are open. */
  disturb(choose: ChooseFault): void;
  /** Nothing is disturbed any more; what is half-open stays so. */
  calm(): void;
  close(): Promise<void>;
}

export async function startFaultProxy(target: Target): Promise<FaultProxy> {
  const strikes = new Strikes();
  const counts = { commit: 0, read: 0, tunnel: 0 };
  const sockets = new Set<Socket>();
  const deaf = new WeakSet<Socket>();
  const tunnels = new Set<DisturbedTunnel>();
  let choose: ChooseFault = () => undefined;

  const strike = (type: ProxiedRequest['type']): Fault | undefined => {
    counts[type] += 1;
    return choose({ type, nth: counts[type] });
  };

  const server = createServer((incoming, outgoing) => {
    const { socket } = incoming;
    const fault: Fault | undefined = deaf.has(socket)
      ? { kind: 'half_open' }
      : strike(isCommit(incoming) ? 'commit' : 'read');
    if (fault?.kind === 'half_open') deaf.add(socket);
    passOn(incoming, outgoing, target, fault)
      // Whichever end is gone, the other learns it the way it would without a proxy.
      .catch(() => socket.destroy())
      .finally(() => {
        if (fault) strikes.add();
      });
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (incoming: IncomingMessage, socket: Socket, head: Buffer) => {
    const tunnel = new DisturbedTunnel(incoming, socket, head, target);
    tunnels.add(tunnel);
    tunnel.onClose(() => tunnels.delete(tunnel));
    disturbTunnel(tunnel);
  });

  function disturbTunnel(tunnel: DisturbedTunnel): void {
    const fault = strike('tunnel');
    tunnel.fault = fault;
    if (fault) strikes.add();
  }

  function disturb(next: ChooseFault): void {
    choose = next;
    for (const tunnel of [...tunnels]) disturbTunnel(tunnel);
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    host: '127.0.0.1',
    port,
    get strikes() {
      return strikes.count;
    },
    struck: (count) => strikes.reached(count),
    disturb,
    calm: () => disturb(() => undefined),
    close: async () => {
      for (const tunnel of tunnels) tunnel.close();
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Counts faults, and lets others wait for them. */
class Strikes {
  count = 0;
  readonly #told = new EventEmitter();

  add(): void {
    this.count += 1;
    this.#told.emit('strike');
  }

  async reached(count: number): Promise<void> {
    while (this.count < count) await once(this.#told, 'strike');
  }
}

const isCommit = ({ url = '' }: IncomingMessage): boolean => /:commit(\?|$)/.test(url);
