import { describe, expect, it } from 'vitest';
import { Listeners } from './listeners.js';

describe('whoever hears everything', () => {
  it('leaves news that nobody listened to for the first who does', async () => {
    const listeners = new Listeners<number>(() => undefined, 10);
    const [overheard, heard]: number[][] = [[], []];
    listeners.overhear((news) => overheard?.push(news));
    listeners.tell(1);
    listeners.add((news) => heard?.push(news));
    await Promise.resolve();
    listeners.tell(2);
    expect({ overheard, heard }).toEqual({ overheard: [1, 2], heard: [1, 2] });
  });

  it('keeps nobody else from hearing by failing', () => {
    const failures: unknown[] = [];
    const listeners = new Listeners<number>((error) => failures.push(error));
    const heard: number[] = [];
    listeners.overhear(() => {
      throw new Error('of the app');
    });
    listeners.add((news) => heard.push(news));
    listeners.tell(1);
    expect(heard).toEqual([1]);
    expect(failures).toHaveLength(1);
  });
});
