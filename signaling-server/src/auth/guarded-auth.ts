import { MAX_TOKEN_LENGTH } from '@sealsync/protocol';
import type { Clock } from '../clock.js';
import type { Counters } from '../counters.js';
import type { SignalingLimits } from '../limits/limits.js';
import { describeError } from '../logger.js';
import type { Logger } from '../logger.js';
import { err } from '../result.js';
import type { Result } from '../result.js';
import type { Membership, MembershipQuery, MembershipReader } from './membership-reader.js';
import type { Identity, TokenFailure, TokenVerifier } from './token-verifier.js';

export interface GuardedAuthOptions {
  readonly tokenVerifier: TokenVerifier;
  readonly membershipReader: MembershipReader;
  readonly clock: Clock;
  readonly limits: SignalingLimits;
  readonly counters: Counters;
  readonly logger: Logger;
}

/** Both adapters behind deadlines: whatever they do, an answer comes, and it is a value. */
export class GuardedAuth {
  readonly #options: GuardedAuthOptions;
  readonly #underWay = new Set<AbortController>();

  constructor(options: GuardedAuthOptions) {
    this.#options = options;
  }

  verifyToken(token: string): Promise<Result<Identity, { readonly kind: TokenFailure }>> {
    if (token.length > MAX_TOKEN_LENGTH) return Promise.resolve(err('invalid'));
    const { tokenVerifier, limits } = this.#options;
    return this.#within(limits.handshakeDeadlineMs, 'token verifier', () =>
      tokenVerifier.verify(token),
    );
  }

  readMembership(query: MembershipQuery): Promise<Membership> {
    const { membershipReader, limits, counters } = this.#options;
    counters.membershipReads += 1;
    return this.#within(limits.membershipTimeoutMs, 'membership reader', (signal) =>
      membershipReader.read(query, signal),
    );
  }

  /** Abandons what is under way. */
  close(): void {
    for (const asking of this.#underWay) asking.abort();
  }

  #within<T, K extends string>(
    deadlineMs: number,
    port: string,
    ask: (signal: AbortSignal) => Promise<Result<T, { readonly kind: K | 'unavailable' }>>,
  ): Promise<Result<T, { readonly kind: K | 'unavailable' }>> {
    const { clock, logger } = this.#options;
    const asking = new AbortController();
    this.#underWay.add(asking);
    return new Promise((resolve) => {
      const cancelDeadline = clock.schedule(() => {
        asking.abort();
      }, deadlineMs);
      const settle = (answer: Result<T, { readonly kind: K | 'unavailable' }>): void => {
        cancelDeadline();
        this.#underWay.delete(asking);
        resolve(answer);
      };
      asking.signal.addEventListener('abort', () => {
        settle(err('unavailable'));
      });
      Promise.resolve(asking.signal)
        .then(ask)
        .then(settle, (error: unknown) => {
          logger.error({ port, ...describeError(error) }, 'port failed');
          settle(err('unavailable'));
        });
    });
  }
}
