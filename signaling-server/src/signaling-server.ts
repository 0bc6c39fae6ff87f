import type { Server } from 'node:http';
import { createFirebaseTokenVerifier } from './auth/firebase-token-verifier.js';
import { createFirestoreMembershipReader } from './auth/firestore-membership-reader.js';
import { GuardedAuth } from './auth/guarded-auth.js';
import type { MembershipReader } from './auth/membership-reader.js';
import type { TokenVerifier } from './auth/token-verifier.js';
import { systemClock } from './clock.js';
import type { Clock } from './clock.js';
import { createCounters } from './counters.js';
import type { Counters } from './counters.js';
import { createHttpFront } from './front/http.js';
import type { SessionContext } from './front/session-context.js';
import { UpgradeGate } from './front/upgrade-gate.js';
import { DEFAULT_LIMITS, findBadLimits } from './limits/limits.js';
import type { SignalingLimits } from './limits/limits.js';
import { describeError, silentLogger } from './logger.js';
import type { Logger } from './logger.js';
import { findUnsafeSetting } from './production-guard.js';
import { Rooms } from './rooms/rooms.js';

export interface SignalingServerOptions {
  /** Firebase project whose ID tokens and budgets count. */
  readonly projectId: string;
  /** TCP port; 0 takes a free one. Default 8080. */
  readonly port?: number;
  /** Address to listen on. Default `0.0.0.0`. */
  readonly host?: string;
  /** Origins whose pages may connect, as browsers write them. Default: any, because the token decides. */
  readonly allowedOrigins?: readonly string[];
  readonly limits?: Partial<SignalingLimits>;
  readonly logger?: Logger;
  /** `host:port` instead of Firestore in production. Default: the environment's FIRESTORE_EMULATOR_HOST. */
  readonly firestoreEmulatorHost?: string;
  /** Default: Firebase ID tokens of `projectId`. */
  readonly tokenVerifier?: TokenVerifier;
  /** Default: the budget's document in Firestore, read as the user. */
  readonly membershipReader?: MembershipReader;
  readonly clock?: Clock;
  /** In [0, 1), for jitter. */
  readonly random?: () => number;
}

export interface SignalingStats extends Readonly<Counters> {
  /** Open WebSockets, those that are closing included. */
  readonly connections: number;
  /** Budgets that at least one connection has joined. */
  readonly rooms: number;
}

export interface ListeningAddress {
  readonly host: string;
  readonly port: number;
}

export interface SignalingServer {
  /** Rejects if the address is taken or the server has been closed. */
  listen(): Promise<ListeningAddress>;
  /** Tells every client to come back elsewhere, closes with 1001, and frees the port; may be called twice. */
  close(): Promise<void>;
  stats(): SignalingStats;
}

/** Thrown for options or an environment with which the server refuses to start. */
export class SignalingConfigError extends Error {
  override readonly name = 'SignalingConfigError';
}

/** A signaling server to embed; `sealsync-signaling` is the same behind a command line. */
export function createSignalingServer(options: SignalingServerOptions): SignalingServer {
  const firestoreEmulatorHost = findFirestoreEmulator(options);
  const unsafe = findUnsafeSetting({
    ...process.env,
    FIRESTORE_EMULATOR_HOST: firestoreEmulatorHost,
  });
  if (unsafe) throw new SignalingConfigError(unsafe);
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const badLimits = findBadLimits(limits);
  if (badLimits.length > 0) {
    throw new SignalingConfigError(`${badLimits.join(', ')}: must be positive whole numbers.`);
  }

  const { clock = systemClock, logger = silentLogger, random = Math.random } = options;
  const counters = createCounters();
  const { verifier, closeVerifier } = chooseVerifier(options);
  const auth = new GuardedAuth({
    tokenVerifier: verifier,
    membershipReader:
      options.membershipReader ??
      createFirestoreMembershipReader({
        projectId: options.projectId,
        emulatorHost: firestoreEmulatorHost,
      }),
    clock,
    limits,
    counters,
    logger,
  });
  const rooms = new Rooms({ clock, maxOccupants: limits.maxConnectionsPerBudget, ...limits });
  const context: SessionContext = {
    clock,
    limits,
    logger,
    counters,
    rooms,
    random,
    verifyToken: (token) => auth.verifyToken(token),
    readMembership: (query) => auth.readMembership(query),
  };
  const allowedOrigins = options.allowedOrigins && new Set(options.allowedOrigins);
  const gate = new UpgradeGate({ context, allowedOrigins });
  let closing: Promise<void> | undefined;
  const http = createHttpFront({
    headersTimeoutMs: limits.handshakeDeadlineMs,
    isReady: () => closing === undefined && http.listening,
  });
  http.on('error', (error) => {
    logger.error(describeError(error), 'http server error');
  });
  http.on('upgrade', (request, socket, head) => {
    gate.accept(request, socket, head);
  });

  const close = async (): Promise<void> => {
    await gate.drain();
    auth.close();
    await stopListening(http);
    await closeVerifier();
    logger.info({}, 'closed');
  };
  return {
    async listen() {
      if (closing) throw new Error('This signaling server has been closed: create another one.');
      const address = await startListening(http, options.port ?? 8080, options.host ?? '0.0.0.0');
      logger.info({ host: address.host, port: address.port }, 'listening');
      return address;
    },
    close: () => (closing ??= close()),
    stats: () => ({ ...counters, connections: gate.connections, rooms: rooms.size }),
  };
}

function chooseVerifier({ tokenVerifier, projectId }: SignalingServerOptions): {
  readonly verifier: TokenVerifier;
  readonly closeVerifier: () => Promise<void>;
} {
  if (tokenVerifier) return { verifier: tokenVerifier, closeVerifier: () => Promise.resolve() };
  const verifier = createFirebaseTokenVerifier({ projectId });
  return { verifier, closeVerifier: () => verifier.close() };
}

function findFirestoreEmulator(options: SignalingServerOptions): string | undefined {
  return options.firestoreEmulatorHost ?? process.env['FIRESTORE_EMULATOR_HOST'];
}

function startListening(http: Server, port: number, host: string): Promise<ListeningAddress> {
  return new Promise((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, host, () => {
      const address = http.address();
      if (address === null || typeof address === 'string') reject(new Error('Not a TCP server.'));
      else resolve({ host: address.address, port: address.port });
    });
  });
}

function stopListening(http: Server): Promise<void> {
  return new Promise((resolve) => {
    // The callback's error only says that it was not listening, which is the wish.
    http.close(() => {
      resolve();
    });
    http.closeAllConnections();
  });
}
