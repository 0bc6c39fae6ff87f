import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server in Firestore's place that answers every request in one wrong way. */
export interface FailingFirestore {
  readonly address: { readonly host: string; readonly port: number };
  close(): Promise<void>;
}

export async function openFailingFirestore(answer: RequestListener): Promise<FailingFirestore> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: { host: '127.0.0.1', port },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
