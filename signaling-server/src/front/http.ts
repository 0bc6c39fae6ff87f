import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import { MAX_TOKEN_LENGTH } from '@sealsync/protocol';

/** Room for the longest token and for what browsers and proxies send besides. */
const MAX_HEADER_BYTES = MAX_TOKEN_LENGTH + 9 * 1024;

export interface HttpFrontOptions {
  /** For a request's headers to arrive. */
  readonly headersTimeoutMs: number;
  isReady(): boolean;
}

/** Answers `/healthz` (the process runs) and `/readyz` (it takes connections). */
export function createHttpFront(options: HttpFrontOptions): Server {
  const { headersTimeoutMs } = options;
  return createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: headersTimeoutMs,
      requestTimeout: headersTimeoutMs,
      connectionsCheckingInterval: Math.ceil(headersTimeoutMs / 4),
    },
    (request, response) => {
      const path = (request.url ?? '').split('?', 1)[0];
      if (path === '/healthz') answer(response, 200, 'ok');
      else if (path !== '/readyz') answer(response, 404, 'not found');
      else if (options.isReady()) answer(response, 200, 'ready');
      else answer(response, 503, 'draining');
    },
  );
}

/** Closes the connection, so that no unread request body has to be drained. */
function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    connection: 'close',
  });
  response.end(`${text}\n`);
}
