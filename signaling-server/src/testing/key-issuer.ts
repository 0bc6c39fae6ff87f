import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import { Agent } from 'node:https';
import { connect } from 'node:net';
import { SignJWT } from 'jose';
import type { JWTPayload } from 'jose';

export interface KeyIssuer {
  /** For firebase-admin: whatever host it asks for, this issuer answers. */
  readonly agent: Agent;
  /** What the next requests for keys are answered with. */
  mode: 'keys' | 'server_error' | 'unreachable';
  /** An RS256 token over `claims`, by the published key unless told otherwise. */
  sign(claims: JWTPayload, key?: KeyObject): Promise<string>;
  close(): Promise<void>;
}

const KEY_ID = 'local-key';
const CLOSED_PORT = 1;

/**
 * Stands in for Google's certificate endpoint at the network's edge: firebase-admin
 * asks for https://www.googleapis.com/..., and its agent connects to this process.
 */
export async function startKeyIssuer(): Promise<KeyIssuer> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const server = createServer((_, response) => {
    if (issuer.mode === 'server_error') response.writeHead(500).end('away');
    else {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ [KEY_ID]: publicKey.export({ type: 'spki', format: 'pem' }) }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const issuer: KeyIssuer = {
    agent: Object.assign(new Agent(), {
      createConnection: () =>
        connect(issuer.mode === 'unreachable' ? CLOSED_PORT : port, '127.0.0.1'),
    }),
    mode: 'keys',
    sign: (claims, key = privateKey) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: KEY_ID }).sign(key),
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
  return issuer;
}
