import type { HeadHint } from '@sealsync/protocol';
import type { Clock } from '../clock.js';
import { Room } from './room.js';
import type { Occupant } from './room.js';

export interface RoomsOptions {
  readonly clock: Clock;
  readonly maxOccupants: number;
  readonly maxRememberedHeads: number;
  readonly headMemoryMs: number;
  readonly roomMembershipGapMs: number;
}

interface RememberedHead {
  readonly head: HeadHint;
  readonly emptySinceMs: number;
}

/** The rooms that somebody is in, and for a while the last heads of those that emptied. */
export class Rooms {
  readonly #options: RoomsOptions;
  readonly #rooms = new Map<string, Room>();
  /** In the order in which the rooms emptied. */
  readonly #heads = new Map<string, RememberedHead>();

  constructor(options: RoomsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#rooms.size;
  }

  /** The budget's room with `occupant` in it, or `undefined` if it is full. */
  enter(budgetId: string, occupant: Occupant): Room | undefined {
    const room = this.#rooms.get(budgetId) ?? this.#openRoom(budgetId);
    if (room.size >= this.#options.maxOccupants) return undefined;
    room.enter(occupant);
    return room;
  }

  leave(budgetId: string, occupant: Occupant): void {
    const room = this.#rooms.get(budgetId);
    if (!room) return;
    room.leave(occupant);
    if (room.size > 0) return;
    this.#rooms.delete(budgetId);
    if (room.head) this.#rememberHead(budgetId, room.head);
  }

  #openRoom(budgetId: string): Room {
    const remembered = this.#heads.get(budgetId);
    this.#heads.delete(budgetId);
    const head = remembered && this.#isFresh(remembered) ? remembered.head : undefined;
    const room = new Room({ ...this.#options, head });
    this.#rooms.set(budgetId, room);
    return room;
  }

  #rememberHead(budgetId: string, head: HeadHint): void {
    this.#heads.set(budgetId, { head, emptySinceMs: this.#options.clock.now() });
    for (const [oldestId, oldest] of this.#heads) {
      if (this.#heads.size <= this.#options.maxRememberedHeads && this.#isFresh(oldest)) break;
      this.#heads.delete(oldestId);
    }
  }

  #isFresh({ emptySinceMs }: RememberedHead): boolean {
    return this.#options.clock.now() - emptySinceMs < this.#options.headMemoryMs;
  }
}
