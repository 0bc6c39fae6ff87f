import { build, stop } from 'esbuild';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** What the README tells apps to allow; `script-src` alone differs between the two pages. */
const policy = (scriptSources: string): string =>
  `default-src 'none'; base-uri 'none'; img-src data:; script-src ${scriptSources}; ` +
  "connect-src 'self' http://127.0.0.1:*";
const pages: Readonly<Record<string, string>> = {
  '/': policy("'self' 'wasm-unsafe-eval'"),
  '/other': policy("'self' 'wasm-unsafe-eval'"),
  '/no-wasm': policy("'self'"),
};
const html = `<!doctype html>
<html lang="en">
  <title>Sealsync in a browser</title>
  <link rel="icon" href="data:," />
  <script type="module" src="/main.js"></script>
</html>
`;

export interface PageServer {
  /** `http://localhost:port`: WebAuthn takes a name, not an address. */
  readonly origin: string;
  close(): Promise<void>;
}

/** Bundles the page as an app would, and serves it on loopback. */
export async function servePage(): Promise<PageServer> {
  const scripts = await bundlePage();
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    const script = scripts.get(path);
    const contentPolicy = pages[path];
    if (script !== undefined) {
      response.setHeader('content-type', 'text/javascript').end(script);
    } else if (contentPolicy !== undefined) {
      response.setHeader('content-security-policy', contentPolicy);
      response.setHeader('content-type', 'text/html').end(html);
    } else {
      response.writeHead(404).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://localhost:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Scripts by their path; what the SDK imports on first use is a script of its own. */
async function bundlePage(): Promise<Map<string, Uint8Array>> {
  try {
    const { outputFiles } = await build({
      entryPoints: [join(import.meta.dirname, '../page/main.ts')],
      bundle: true,
      splitting: true,
      write: false,
      outdir: '/',
      format: 'esm',
      platform: 'browser',
      target: 'es2022',
      conditions: ['sealsync-source', 'module'],
    });
    return new Map(outputFiles.map(({ path, contents }) => [path, contents]));
  } finally {
    await stop();
  }
}
