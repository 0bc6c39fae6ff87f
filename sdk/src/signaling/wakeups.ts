import type { Wakeups } from '../ports/wakeups.js';

interface EventSource {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/**
 * The page came online, became visible again, or was restored or unfrozen. Where
 * there is no window or document (workers, Node), those of their events never come.
 */
export const browserWakeups: Wakeups = {
  onWake(listener) {
    const page = findEventSource('document');
    const whenVisible = (): void => {
      if (page && Reflect.get(page, 'visibilityState') === 'visible') listener();
    };
    const stops = [
      listen(findEventSource('window'), 'online', listener),
      listen(findEventSource('window'), 'pageshow', listener),
      listen(page, 'visibilitychange', whenVisible),
      listen(page, 'resume', listener),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  },
  isHidden() {
    const page = findEventSource('document');
    return page !== undefined && Reflect.get(page, 'visibilityState') === 'hidden';
  },
};

function findEventSource(name: 'window' | 'document'): EventSource | undefined {
  const found: unknown = Reflect.get(globalThis, name);
  return isEventSource(found) ? found : undefined;
}

function isEventSource(value: unknown): value is EventSource {
  return typeof value === 'object' && value !== null && 'addEventListener' in value;
}

function listen(source: EventSource | undefined, type: string, listener: () => void): () => void {
  source?.addEventListener(type, listener);
  return () => source?.removeEventListener(type, listener);
}
