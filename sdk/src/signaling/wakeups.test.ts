import { afterEach, describe, expect, it, vi } from 'vitest';
import { browserWakeups } from './wakeups.js';

class Page extends EventTarget {
  visibilityState = 'visible';
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('browserWakeups', () => {
  it('tells when the page is online, visible, restored or unfrozen again, and never when hidden', () => {
    const window = new EventTarget();
    const page = new Page();
    vi.stubGlobal('window', window);
    vi.stubGlobal('document', page);
    let wakes = 0;
    const stop = browserWakeups.onWake(() => (wakes += 1));
    const fireAll = (): void => {
      for (const type of ['online', 'offline', 'pageshow']) window.dispatchEvent(new Event(type));
      for (const type of ['visibilitychange', 'resume']) page.dispatchEvent(new Event(type));
    };
    fireAll();
    expect(wakes).toBe(4);
    page.visibilityState = 'hidden';
    page.dispatchEvent(new Event('visibilitychange'));
    expect(wakes).toBe(4);
    stop();
    page.visibilityState = 'visible';
    fireAll();
    expect(wakes).toBe(4);
  });

  it('says whether the page is hidden, and never so where there is none', () => {
    expect(browserWakeups.isHidden?.()).toBe(false);
    const page = new Page();
    vi.stubGlobal('document', page);
    expect(browserWakeups.isHidden?.()).toBe(false);
    page.visibilityState = 'hidden';
    expect(browserWakeups.isHidden?.()).toBe(true);
  });

  it('never tells, and never fails, where there is no page', () => {
    const stop = browserWakeups.onWake(() => {
      throw new Error('There is nothing to wake from.');
    });
    expect(stop).not.toThrow();
  });
});
