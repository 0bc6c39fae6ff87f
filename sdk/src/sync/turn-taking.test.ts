import { describe, expect, it } from 'vitest';
import { isDeviceId, type DeviceId } from '../model/ids.js';
import { createSeededRandom } from '../testing/seeded-random.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { TurnTaking } from './turn-taking.js';

const device = (digit: string): DeviceId => {
  const id = digit.repeat(32);
  if (!isDeviceId(id)) throw new Error('32 digits make a device id');
  return id;
};

describe('taking turns', () => {
  it('makes a lone writer wait only after seconds without a rest, so that a slow one gets in', async () => {
    const clock = new VirtualClock();
    const turns = new TurnTaking(clock, createSeededRandom(1));
    const waits: number[] = [];
    for (let push = 0; push < 100; push += 1) {
      turns.tookTurn();
      waits.push(turns.waitMs());
      await clock.advance(Math.max(100, turns.waitMs()));
    }
    expect(waits.slice(0, 50)).toEqual(Array.from({ length: 50 }, () => 0));
    expect(Math.max(...waits)).toBe(1_500);
    expect(waits.filter((waitMs) => waitMs > 0).length).toBeLessThanOrEqual(2);
  });

  it('makes nobody wait for a clock that was set back', async () => {
    const clock = new VirtualClock();
    const turns = new TurnTaking(clock, createSeededRandom(1));
    turns.sawEntryOf(device('1'), 0);
    turns.tookTurn();
    clock.setTo(clock.now() - 3_600_000);
    expect(turns.waitMs()).toBe(0);
  });

  it('makes a winner wait longer, the more devices are writing', () => {
    const average = (others: number): number => {
      const random = createSeededRandom(7);
      let sumMs = 0;
      for (let round = 0; round < 200; round += 1) {
        const turns = new TurnTaking(new VirtualClock(), random);
        for (let other = 1; other <= others; other += 1) turns.sawEntryOf(device(String(other)), 0);
        turns.tookTurn();
        sumMs += turns.waitMs();
      }
      return sumMs / 200;
    };
    expect(average(1)).toBeGreaterThan(400);
    expect(average(5)).toBeGreaterThan(2.5 * average(1));
  });

  it('makes nobody wait who has not just appended, so that losers go first', () => {
    const turns = new TurnTaking(new VirtualClock(), createSeededRandom(1));
    turns.sawEntryOf(device('1'), 0);
    expect(turns.waitMs()).toBe(0);
  });

  it('is not impressed by the entries of long ago that a cold start reads', () => {
    const turns = new TurnTaking(new VirtualClock(), createSeededRandom(1));
    turns.sawEntryOf(device('1'), 3_600_000);
    turns.tookTurn();
    expect(turns.waitMs()).toBe(0);
  });

  it('forgets others that stopped writing', async () => {
    const clock = new VirtualClock();
    const turns = new TurnTaking(clock, createSeededRandom(1));
    turns.sawEntryOf(device('1'), 0);
    await clock.advance(5_000);
    turns.tookTurn();
    expect(turns.waitMs()).toBe(0);
  });
});
