import { randomBytes } from 'node:crypto';
import { parseClientMessage } from '@sealsync/protocol';
import type { ClientMessage, CloseReason, ErrorReason, Signal } from '@sealsync/protocol';
import type { WebSocket } from 'ws';
import type { Membership, MembershipFailure, Role } from '../auth/membership-reader.js';
import { MembershipWatch } from '../auth/membership-watch.js';
import type { Identity, TokenFailure } from '../auth/token-verifier.js';
import { TokenBucket } from '@sealsync/protocol';
import { describeError } from '../logger.js';
import type { Occupant, Room } from '../rooms/room.js';
import { ClientSocket } from './client-socket.js';
import type { SessionContext } from './session-context.js';

type SessionState =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'joining' }
  | { readonly kind: 'joined'; readonly budgetId: string; readonly room: Room; role: Role }
  | { readonly kind: 'closed' };

const CLOSE_FOR_TOKEN: Readonly<Record<TokenFailure, CloseReason>> = {
  invalid: 'unauthenticated',
  expired: 'unauthenticated',
  unavailable: 'overloaded',
};

const CLOSE_FOR_MEMBERSHIP: Readonly<Record<MembershipFailure, CloseReason>> = {
  forbidden: 'forbidden',
  unauthenticated: 'unauthenticated',
  unavailable: 'overloaded',
};

/** What only those who can write to the budget can have caused; anybody can join or leave. */
const WRITERS_SIGNALS: ReadonlySet<Signal['type']> = new Set(['data_changed']);

export function closeReasonForToken(failure: TokenFailure): CloseReason {
  return CLOSE_FOR_TOKEN[failure];
}

/**
 * One authenticated connection: waiting -> joining -> joined -> closed. It hears of
 * others, and others of it, only while `joined`, which takes a membership that was
 * read with the user's own token; from any state it can only go on to `closed`.
 */
export class Session implements Occupant {
  readonly id: string = randomBytes(8).toString('hex');
  readonly #context: SessionContext;
  readonly #socket: ClientSocket;
  readonly #bucket: TokenBucket;
  readonly #uid: string;
  #token: string;
  #state: SessionState = { kind: 'waiting' };
  #watch: MembershipWatch | undefined;
  #cancelJoinDeadline: () => void;
  #cancelExpiry: () => void = () => undefined;

  constructor(context: SessionContext, ws: WebSocket, identity: Identity, token: string) {
    const { clock, limits, counters } = context;
    this.#context = context;
    this.#uid = identity.uid;
    this.#token = token;
    this.#bucket = new TokenBucket(limits.messagesPerSecond, limits.messageBurst, clock.now());
    this.#socket = new ClientSocket(ws, {
      maxBufferedBytes: limits.maxBufferedBytes,
      counters,
      onOverflow: () => {
        this.close('overloaded');
      },
    });
    this.#cancelJoinDeadline = clock.schedule(() => {
      this.close('joinTimeout');
    }, limits.joinDeadlineMs);
    this.#expireAt(identity.expiresAtMs);
  }

  deliver(frame: Buffer): void {
    this.#socket.deliver(frame);
  }

  checkMembership(): void {
    this.#watch?.check();
  }

  /** Judges one message; `text` is `undefined` for a binary one. */
  receive(text: string | undefined): void {
    if (this.#state.kind === 'closed' || !this.countFrame()) return;
    this.#context.counters.messagesIn += 1;
    if (text === undefined) {
      this.close('unsupportedData');
      return;
    }
    const parsed = parseClientMessage(text);
    if (parsed.ok) this.#act(parsed.message);
    else if (parsed.failure === 'too_large') this.#refuse('too_large', 'messageTooLarge');
    else this.#refuse('bad_message', 'badMessage');
  }

  /** Counts a frame of any kind against the connection's rate; `false` once it is over. */
  countFrame(): boolean {
    if (this.#state.kind === 'closed') return false;
    if (this.#bucket.take(this.#context.clock.now())) return true;
    this.#refuse('rate_limited', 'rateLimited');
    return false;
  }

  drain(): void {
    const { random, limits } = this.#context;
    const reconnectAfterMs = Math.floor(random() * limits.drainSpreadMs);
    this.#socket.tell({ type: 'system', notice: 'draining', reconnectAfterMs });
    this.close('goingAway');
  }

  /** Leaves the room at once, whether or not the other end still listens; may be called twice. */
  close(reason: CloseReason): void {
    const state = this.#state;
    if (state.kind === 'closed') return;
    this.#state = { kind: 'closed' };
    this.#cancelJoinDeadline();
    this.#cancelExpiry();
    this.#watch?.stop();
    if (state.kind === 'joined') this.#context.rooms.leave(state.budgetId, this);
    this.#socket.close(reason);
    this.#context.logger.info({ connection: this.id, reason }, 'connection closed');
  }

  #act(message: ClientMessage): void {
    switch (message.type) {
      case 'ping':
        this.#socket.tell({ type: 'pong', n: message.n });
        return;
      case 'auth':
        this.#run(this.#refresh(message.token));
        return;
      case 'connected':
        if (this.#state.kind === 'waiting') this.#run(this.#join(message.budgetId));
        else this.#refuse('bad_message', 'badMessage');
        return;
      default:
        this.#relay(message);
    }
  }

  #relay(signal: Signal): void {
    if (this.#state.kind !== 'joined') {
      this.#refuse('bad_message', 'badMessage');
    } else if (this.#state.role === 'viewer' && WRITERS_SIGNALS.has(signal.type)) {
      this.#socket.tell({ type: 'error', reason: 'forbidden' });
    } else {
      this.#context.counters.signalsIn += 1;
      this.#state.room.relay(this, signal);
    }
  }

  async #join(budgetId: string): Promise<void> {
    this.#state = { kind: 'joining' };
    const membership = await this.#readMembership(budgetId);
    if (!this.#isJoining()) return;
    if (!membership.ok) {
      this.#loseMembership(membership.error.kind);
      return;
    }
    const room = this.#context.rooms.enter(budgetId, this);
    if (!room) {
      this.#refuse('unavailable', 'overloaded');
      return;
    }
    this.#cancelJoinDeadline();
    this.#state = { kind: 'joined', budgetId, room, role: membership.value.role };
    this.#watch = this.#watchMembership(budgetId);
    this.#socket.tell({ type: 'system', notice: 'joined' });
    if (room.head) this.#socket.tell({ type: 'data_changed', ...room.head });
  }

  async #refresh(token: string): Promise<void> {
    const verified = await this.#context.verifyToken(token);
    if (this.#isClosed()) return;
    if (!verified.ok && verified.error.kind === 'unavailable') {
      // The token of before is still good until it expires; the client may try again.
      this.#socket.tell({ type: 'error', reason: 'unavailable' });
    } else if (!verified.ok || verified.value.uid !== this.#uid) {
      this.#refuse('unauthenticated', 'unauthenticated');
    } else {
      this.#token = token;
      this.#expireAt(verified.value.expiresAtMs);
      this.#socket.tell({ type: 'system', notice: 'authenticated' });
      this.#watch?.check();
    }
  }

  #watchMembership(budgetId: string): MembershipWatch {
    const { clock, limits } = this.#context;
    return new MembershipWatch({
      clock,
      intervalMs: limits.membershipIntervalMs,
      gapMs: limits.membershipGapMs,
      read: () => this.#readMembership(budgetId),
      onRole: (role) => {
        if (this.#state.kind === 'joined') this.#state.role = role;
      },
      onLost: (kind) => {
        this.#loseMembership(kind);
      },
    });
  }

  #readMembership(budgetId: string): Promise<Membership> {
    return this.#context.readMembership({ budgetId, uid: this.#uid, token: this.#token });
  }

  #loseMembership(kind: MembershipFailure): void {
    this.#refuse(kind, CLOSE_FOR_MEMBERSHIP[kind]);
  }

  #expireAt(expiresAtMs: number): void {
    this.#cancelExpiry();
    const { clock } = this.#context;
    this.#cancelExpiry = clock.schedule(() => {
      // A timer may fire early: the longest delay is shorter than the longest token.
      if (clock.now() < expiresAtMs) this.#expireAt(expiresAtMs);
      else this.#refuse('unauthenticated', 'unauthenticated');
    }, expiresAtMs - clock.now());
  }

  #refuse(error: ErrorReason, reason: CloseReason): void {
    this.#socket.tell({ type: 'error', reason: error });
    this.close(reason);
  }

  #isJoining(): boolean {
    return this.#state.kind === 'joining';
  }

  #isClosed(): boolean {
    return this.#state.kind === 'closed';
  }

  /** Expected failures are values, so a rejection is a bug: it ends this connection and no other. */
  #run(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.#context.logger.error(
        { connection: this.id, ...describeError(error) },
        'connection failed',
      );
      this.close('serverError');
    });
  }
}
