import { onTestFinished } from 'vitest';
import type { Membership, MembershipQuery, Role } from '../auth/membership-reader.js';
import type { Identity, TokenVerifier } from '../auth/token-verifier.js';
import { err, ok } from '../result.js';
import { createSignalingServer } from '../signaling-server.js';
import type { SignalingServer, SignalingServerOptions } from '../signaling-server.js';
import { ManualClock } from './manual-clock.js';
import { TestClient } from './test-client.js';

export const BUDGET = '0123456789abcdef0123456789abcdef';
export const OTHER_BUDGET = 'fedcba9876543210fedcba9876543210';

/** Users, tokens and memberships in memory, for claims that are not about Firebase. */
export class TestDirectory implements TokenVerifier {
  readonly #identities = new Map<string, Identity>();
  readonly #roles = new Map<string, Role>();
  /** What the next reads answer instead, first come first served. */
  readonly membershipFaults: Membership[] = [];
  /** What reads wait for. */
  gate: Promise<void> = Promise.resolve();
  tokensUsed: string[] = [];
  #tokens = 0;

  issueToken(uid: string, expiresAtMs: number): string {
    const token = `token-${String(++this.#tokens)}`;
    this.#identities.set(token, { uid, expiresAtMs });
    return token;
  }

  revokeToken(token: string): void {
    this.#identities.delete(token);
  }

  setRole(budgetId: string, uid: string, role: Role | undefined): void {
    if (role) this.#roles.set(`${budgetId}/${uid}`, role);
    else this.#roles.delete(`${budgetId}/${uid}`);
  }

  verify(token: string): ReturnType<TokenVerifier['verify']> {
    const identity = this.#identities.get(token);
    return Promise.resolve(identity ? ok(identity) : err('invalid'));
  }

  async read({ budgetId, uid, token }: MembershipQuery): Promise<Membership> {
    this.tokensUsed.push(token);
    await this.gate;
    const role = this.#roles.get(`${budgetId}/${uid}`);
    return this.membershipFaults.shift() ?? (role ? ok({ role }) : err('forbidden'));
  }
}

export interface TestServer {
  readonly server: SignalingServer;
  readonly directory: TestDirectory;
  readonly clock: ManualClock;
  readonly port: number;
  /** A connection with a token of its own, valid for an hour, that has not joined yet. */
  connect(uid: string): TestClient;
  /** The same, as a member who has joined. */
  enter(budgetId: string, uid: string, role?: Role): Promise<TestClient>;
}

/** A real server on a free loopback port, closed when the test ends. */
export async function startTestServer(
  options: Partial<SignalingServerOptions> = {},
): Promise<TestServer> {
  const directory = new TestDirectory();
  const clock = new ManualClock();
  const server = createSignalingServer({
    projectId: 'demo-sealsync',
    host: '127.0.0.1',
    port: 0,
    clock,
    tokenVerifier: directory,
    membershipReader: directory,
    ...options,
  });
  const { port } = await server.listen();
  const clients: TestClient[] = [];
  onTestFinished(async () => {
    for (const { ws } of clients) ws.terminate();
    await server.close();
  });

  const connect = (uid: string): TestClient => {
    const token = directory.issueToken(uid, clock.now() + 3_600_000);
    const client = TestClient.withToken(port, token);
    clients.push(client);
    return client;
  };
  return {
    server,
    directory,
    clock,
    port,
    connect,
    async enter(budgetId, uid, role = 'editor') {
      directory.setRole(budgetId, uid, role);
      const client = connect(uid);
      await client.join(budgetId);
      return client;
    },
  };
}
