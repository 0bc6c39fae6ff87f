import type { Membership, MembershipQuery } from '../auth/membership-reader.js';
import type { Identity, TokenFailure } from '../auth/token-verifier.js';
import type { Clock } from '../clock.js';
import type { Counters } from '../counters.js';
import type { SignalingLimits } from '../limits/limits.js';
import type { Logger } from '../logger.js';
import type { Result } from '../result.js';
import type { Rooms } from '../rooms/rooms.js';

/** What every session of a server shares. */
export interface SessionContext {
  readonly clock: Clock;
  readonly limits: SignalingLimits;
  readonly logger: Logger;
  readonly counters: Counters;
  readonly rooms: Rooms;
  /** In [0, 1). */
  readonly random: () => number;
  /** Settles within the handshake deadline. */
  verifyToken(token: string): Promise<Result<Identity, { readonly kind: TokenFailure }>>;
  /** Settles within the membership timeout, and counts what it reads. */
  readMembership(query: MembershipQuery): Promise<Membership>;
}
