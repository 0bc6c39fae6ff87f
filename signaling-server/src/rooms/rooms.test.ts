import { describe, expect, it } from 'vitest';
import { sampleHead } from '../testing/samples.js';
import { ManualClock } from '../testing/manual-clock.js';
import { Rooms } from './rooms.js';
import type { Occupant } from './room.js';

const silent = (id: string, checkMembership = (): void => undefined): Occupant => ({
  id,
  deliver: () => undefined,
  checkMembership,
});

function createRooms(): {
  clock: ManualClock;
  rooms: Rooms;
  headAfterVisit: (budgetId: string, seq?: number) => number | undefined;
} {
  const clock = new ManualClock();
  const rooms = new Rooms({
    clock,
    maxOccupants: 2,
    maxRememberedHeads: 2,
    headMemoryMs: 1_000,
    roomMembershipGapMs: 4_000,
  });
  return {
    clock,
    rooms,
    headAfterVisit(budgetId, seq) {
      const visitor = silent('aa');
      const room = rooms.enter(budgetId, visitor);
      const head = room?.head;
      if (seq !== undefined) room?.relay(visitor, { type: 'data_changed', ...sampleHead(seq) });
      rooms.leave(budgetId, visitor);
      return head?.seq;
    },
  };
}

describe('an empty room', () => {
  it('is gone, and its head remembered for a while: reconnecting costs one cheap read', () => {
    const { clock, rooms, headAfterVisit } = createRooms();
    headAfterVisit('a', 5);
    expect(rooms.size).toBe(0);
    clock.advance(999);
    expect(headAfterVisit('a')).toBe(5);
    clock.advance(1_000);
    expect(headAfterVisit('a')).toBeUndefined();
  });

  it('is forgotten early when too many others emptied since: memory stays bounded', () => {
    const { headAfterVisit } = createRooms();
    headAfterVisit('a', 1);
    headAfterVisit('b', 2);
    headAfterVisit('c', 3);
    expect(headAfterVisit('a')).toBeUndefined();
    expect(headAfterVisit('c')).toBe(3);
  });

  it('is left once: leaving twice neither throws nor disturbs who is there', () => {
    const { rooms } = createRooms();
    const first = silent('aa');
    const second = silent('bb');
    rooms.enter('a', first);
    rooms.enter('a', second);
    rooms.leave('a', first);
    rooms.leave('a', first);
    expect(rooms.size).toBe(1);
    rooms.leave('a', second);
    rooms.leave('a', second);
    expect(rooms.size).toBe(0);
  });
});

describe('reports that the members of a room changed', () => {
  function report(): {
    clock: ManualClock;
    checks: () => number;
    say: () => void;
    leave: () => void;
  } {
    const { clock, rooms } = createRooms();
    let checks = 0;
    const occupant = silent('aa', () => {
      checks += 1;
    });
    const room = rooms.enter('a', occupant);
    return {
      clock,
      checks: () => checks,
      say: () => room?.relay(occupant, { type: 'membership_changed' }),
      leave: () => {
        rooms.leave('a', occupant);
      },
    };
  }

  it('are followed at once, then once per gap, and never for nothing: each round is billed', () => {
    const { clock, checks, say } = report();
    say();
    expect(checks()).toBe(1);
    for (let n = 0; n < 9; n += 1) say();
    clock.advance(3_999);
    expect(checks()).toBe(1);
    clock.advance(1);
    expect(checks()).toBe(2);
    say();
    expect(checks()).toBe(2);
    clock.advance(4_000);
    expect(checks()).toBe(3);
    clock.advance(60_000);
    expect(checks()).toBe(3);
    say();
    expect(checks()).toBe(4);
  });

  it('are dropped with the room: nothing is left to run for nobody', () => {
    const { clock, checks, say, leave } = report();
    say();
    say();
    expect(clock.pendingTimers).toBe(1);
    leave();
    expect(clock.pendingTimers).toBe(0);
    clock.advance(4_000);
    expect(checks()).toBe(1);
  });
});
