export type { Identity, TokenFailure, TokenVerifier } from './auth/token-verifier.js';
export type {
  Membership,
  MembershipFailure,
  MembershipQuery,
  MembershipReader,
  Role,
} from './auth/membership-reader.js';
export type { Clock } from './clock.js';
export type { Counters } from './counters.js';
export { DEFAULT_LIMITS } from './limits/limits.js';
export type { SignalingLimits } from './limits/limits.js';
export { createJsonLogger } from './logger.js';
export type { LogData, Logger } from './logger.js';
export { createSignalingServer, SignalingConfigError } from './signaling-server.js';
export type {
  ListeningAddress,
  SignalingServer,
  SignalingServerOptions,
  SignalingStats,
} from './signaling-server.js';
