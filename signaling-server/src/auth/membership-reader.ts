import type { Result } from '../result.js';

export type Role = 'owner' | 'editor' | 'viewer';

export interface MembershipQuery {
  /** 32 hex digits. */
  readonly budgetId: string;
  readonly uid: string;
  /** The user's own token: the server has no right of its own to read anything. */
  readonly token: string;
}

/**
 * - `forbidden`: not a member, or no such budget.
 * - `unauthenticated`: the token is no longer accepted.
 * - `unavailable`: nobody can tell now.
 */
export type MembershipFailure = 'forbidden' | 'unauthenticated' | 'unavailable';

export type Membership = Result<{ readonly role: Role }, { readonly kind: MembershipFailure }>;

export interface MembershipReader {
  read(query: MembershipQuery, signal: AbortSignal): Promise<Membership>;
}
