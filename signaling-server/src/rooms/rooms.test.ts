import { describe, expect, it } from 'vitest';
import { sampleHead } from '../testing/samples.js';
import { ManualClock } from '../testing/manual-clock.js';
import { Rooms } from './rooms.js';
import type { Occupant } from './room.js';

const silent = (id: string): Occupant => ({
  id,
  deliver: () => undefined,
  checkMembership: () => undefined,
});

function createRooms(): {
  clock: ManualClock;
  rooms: Rooms;
  headAfterVisit: (budgetId: string, seq?: number) => number | undefined;
} {
  const clock = new ManualClock();
  const rooms = new Rooms({ clock, maxOccupants: 2, maxRememberedHeads: 2, headMemoryMs: 1_000 });
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
