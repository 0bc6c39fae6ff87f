import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { systemClock } from './system-clock.js';

const DAY_MS = 86_400_000;

describe('systemClock', () => {
  it('runs a timer, tells the time, and forgets a cleared one', async () => {
    const ran: string[] = [];
    systemClock.clearTimeout(systemClock.setTimeout(() => ran.push('cleared'), 0));
    await new Promise<void>((resolve) => {
      systemClock.setTimeout(() => {
        ran.push('fired');
        resolve();
      }, 1);
      setImmediate(keepAlive, () => ran.includes('fired'));
    });
    expect(ran).toEqual(['fired']);
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1000);
  });

  it('does not fire a timer of a month at once', () => {
    vi.useFakeTimers();
    try {
      const ran: string[] = [];
      systemClock.setTimeout(() => ran.push('month'), 30 * DAY_MS);
      vi.advanceTimersByTime(24 * DAY_MS);
      expect(ran).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('lets a process end although a timer is pending', () => {
    const file = fileURLToPath(new URL('./system-clock.ts', import.meta.url));
    const script = `import { systemClock } from ${JSON.stringify(file)};
      systemClock.setTimeout(() => console.log('too late'), 60_000); console.log('end');`;
    const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
    expect(execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 30_000 })).toBe(
      'end\n',
    );
  });
});

/** Unref'ed timers alone would let the process end before they fire. */
function keepAlive(isDone: () => boolean): void {
  if (!isDone()) setImmediate(keepAlive, isDone);
}
