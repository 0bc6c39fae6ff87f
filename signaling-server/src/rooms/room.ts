import { encodeMessage } from '@sealsync/protocol';
import type { HeadHint, ServerMessage, Signal } from '@sealsync/protocol';
import type { Clock } from '../clock.js';
import { MembershipRounds } from './membership-rounds.js';

/** One connection as its room sees it. */
export interface Occupant {
  /** Eight random bytes in hex. */
  readonly id: string;
  /** Takes an encoded message that several occupants may share; never throws, never waits. */
  deliver(frame: Buffer): void;
  /** Somebody says that the budget's members have changed. */
  checkMembership(): void;
}

export interface RoomOptions {
  readonly clock: Clock;
  readonly roomMembershipGapMs: number;
  /** The newest head that is remembered. */
  readonly head: HeadHint | undefined;
}

/** The connections of one budget, and the newest head that any of them told of. */
export class Room {
  readonly #occupants = new Set<Occupant>();
  readonly #membershipRounds: MembershipRounds;
  #head: HeadHint | undefined;

  constructor({ clock, roomMembershipGapMs, head }: RoomOptions) {
    this.#head = head;
    this.#membershipRounds = new MembershipRounds({
      clock,
      gapMs: roomMembershipGapMs,
      run: () => {
        for (const occupant of this.#occupants) occupant.checkMembership();
      },
    });
  }

  get size(): number {
    return this.#occupants.size;
  }

  get head(): HeadHint | undefined {
    return this.#head;
  }

  enter(occupant: Occupant): void {
    this.#occupants.add(occupant);
    this.#tellOthers(occupant, { type: 'connected', from: occupant.id });
  }

  leave(occupant: Occupant): void {
    if (!this.#occupants.delete(occupant)) return;
    if (this.#occupants.size === 0) this.#membershipRounds.stop();
    this.#tellOthers(occupant, { type: 'disconnected', from: occupant.id });
  }

  /** Passes a valid signal on to everybody else. */
  relay(sender: Occupant, signal: Signal): void {
    if (signal.type === 'data_changed') this.#noteHead(signal);
    this.#tellOthers(sender, { ...signal, from: sender.id });
    if (signal.type === 'membership_changed') this.#membershipRounds.request();
  }

  /** The log only grows, so an older position is late news; nobody here can tell a jump from a lie. */
  #noteHead({ seq, epoch, head8, mac8, early }: HeadHint): void {
    // Its commit may lose: whoever comes next is told of nothing that may never be.
    if (early || (this.#head && seq < this.#head.seq)) return;
    this.#head = { seq, epoch, head8, mac8 };
  }

  #tellOthers(sender: Occupant, message: ServerMessage): void {
    if (this.#occupants.size === 0) return;
    const frame = Buffer.from(encodeMessage(message));
    for (const occupant of this.#occupants) {
      if (occupant !== sender) occupant.deliver(frame);
    }
  }
}
