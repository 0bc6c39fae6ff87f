import { createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** At which commit a proxy stalls for good, and whether Firestore has taken it by then. */
export interface StallAt {
  /** From 1. */
  readonly commit: number;
  readonly when: 'before' | 'after';
}

export interface StallingProxy {
  /** `127.0.0.1:port` */
  readonly host: string;
  /** Resolves when the commit is there that is never answered. */
  readonly stalled: Promise<void>;
  /** How many commits have come in. */
  readonly commits: number;
  close(): Promise<void>;
}

/** Passes requests on to the Firestore emulator at `target`, except for the one named. */
export async function startStallingProxy(target: string, at: StallAt): Promise<StallingProxy> {
  const [host = '', port = ''] = target.split(':');
  let commits = 0;
  let stall: () => void = () => undefined;
  const stalled = new Promise<void>((resolve) => {
    stall = resolve;
  });
  const server = createServer((incoming, outgoing) => {
    const isCommit = /:commit(\?|$)/.test(incoming.url ?? '');
    if (isCommit) commits += 1;
    const isLast = isCommit && commits === at.commit;
    if (isLast && at.when === 'before') {
      stall();
      return;
    }
    const { method, url: path, headers } = incoming;
    const passed = request({ host, port, method, path, headers }, (answer: IncomingMessage) => {
      if (isLast) {
        answer.resume();
        answer.on('end', stall);
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on('error', () => outgoing.destroy());
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${String(address.port)}`,
    stalled,
    get commits() {
      return commits;
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
