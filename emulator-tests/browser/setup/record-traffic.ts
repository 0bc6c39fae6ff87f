import type { BrowserContext } from 'playwright-core';

/** Everything that the pages of a profile said, to the console or over the network. */
export interface Traffic {
  readonly urls: readonly string[];
  /** URLs, headers, bodies and console messages, in this order for each. */
  readonly said: readonly Buffer[];
  /** Exceptions, errors and warnings on the console, the policy's violations among them. */
  readonly complaints: readonly string[];
  /** Waits for what is still being read. */
  settle(): Promise<void>;
}

export function recordTraffic(context: BrowserContext): Traffic {
  const urls: string[] = [];
  const said: Buffer[] = [];
  const complaints: string[] = [];
  const reading: Promise<unknown>[] = [];
  context.on('request', (request) => {
    urls.push(request.url());
    said.push(Buffer.from(request.url()), request.postDataBuffer() ?? Buffer.alloc(0));
    const headers = request.allHeaders().then((all) => said.push(Buffer.from(JSON.stringify(all))));
    // A page that went away takes its requests with it.
    reading.push(headers.catch(() => undefined));
  });
  context.on('page', (page) => {
    page.on('websocket', (socket) => urls.push(socket.url()));
  });
  context.on('console', (message) => {
    said.push(Buffer.from(message.text()));
    if (['error', 'warning', 'assert'].includes(message.type())) complaints.push(message.text());
  });
  context.on('weberror', (error) => complaints.push(error.error().message));
  const settle = async (): Promise<void> => {
    await Promise.all(reading);
  };
  return { urls, said, complaints, settle };
}
