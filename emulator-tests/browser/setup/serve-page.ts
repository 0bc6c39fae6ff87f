import { build, stop } from 'esbuild';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** What the README tells apps to allow; `script-src` alone differs between the two pages. */
const policy = (scriptSources: string): string =>
  `default-src 'none'; base-uri 'none'; img-src data:; script-src ${scriptSources}; ` +
  "connect-src 'self' http://127.0.0.1:* ws://127.0.0.1:*";
const usual = policy("'self' 'wasm-unsafe-eval'");
const pages: Readonly<Record<string, { readonly policy: string; readonly script: string }>> = {
  '/': { policy: usual, script: '/main.js' },
  '/other': { policy: usual, script: '/main.js' },
  '/no-wasm': { policy: policy("'self'"), script: '/main.js' },
  '/stores': { policy: usual, script: '/stores.js' },
  // A sandbox has no origin, and so no place to keep anything.
  '/no-storage': { policy: `${usual}; sandbox allow-scripts`, script: '/stores.js' },
};
const htmlWith = (script: string): string => `<!doctype html>
<html lang="en">
  <title>Sealsync in a browser</title>
  <link rel="icon" href="data:," />
  <script type="module" src="${script}"></script>
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
    const page = pages[path];
    if (script !== undefined) {
      // What a sandbox loads comes from elsewhere.
      response.setHeader('access-control-allow-origin', '*');
      response.setHeader('content-type', 'text/javascript').end(script);
    } else if (page !== undefined) {
      response.setHeader('content-security-policy', page.policy);
      response.setHeader('content-type', 'text/html').end(htmlWith(page.script));
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
      entryPoints: ['main.ts', 'stores.ts'].map((name) =>
        join(import.meta.dirname, '../page', name),
      ),
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
