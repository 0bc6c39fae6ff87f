import { BEARER_SUBPROTOCOL_PREFIX, SIGNALING_SUBPROTOCOL } from '@sealsync/protocol';
import { SealsyncError } from '../errors.js';
import type { Clock } from '../ports/clock.js';

/** What is used of a WebSocket: those of browsers, Deno, Node 22 and the `ws` package fit. */
export interface WebSocketLike {
  readonly protocol: string;
  readonly readyState: number;
  send(text: string): void;
  close(code?: number): void;
  /** Of `ws`: ends the connection without waiting for a peer that may be gone. */
  terminate?(): void;
  addEventListener(type: 'open' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { code: number }) => void): void;
}

export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

export interface LinkEvents {
  readonly onOpen: () => void;
  onMessage(data: unknown): void;
  onClose(code: number): void;
}

/** One socket. Nothing is reported once {@link Link.end} was called, or after `onClose`. */
export interface Link {
  /** Whether the server speaks the subprotocol that was offered; valid once open. */
  speaksProtocol(): boolean;
  /** Whether the text was handed to an open socket. Never throws. */
  send(text: string): boolean;
  /** `polite` gives a live server a second for the closing handshake. */
  end(how: 'polite' | 'at_once'): void;
}

const OPEN = 1;
const NORMAL_CLOSURE = 1000;
const CLOSING_HANDSHAKE_MS = 1000;

/** The platform's WebSocket; throws `bad_config` where there is none, as in Node 20. */
export function platformWebSocket(): WebSocketConstructor {
  const found: unknown = Reflect.get(globalThis, 'WebSocket');
  if (typeof found === 'function') return found as WebSocketConstructor;
  throw new SealsyncError(
    'bad_config',
    'This platform has no WebSocket: install the package `ws` and pass its WebSocket as `webSocket`.',
  );
}

/** Starts connecting; throws what the constructor throws, whose text may contain the token. */
export function openLink(
  webSocket: WebSocketConstructor,
  clock: Clock,
  address: { readonly url: string; readonly token: string },
  events: LinkEvents,
): Link {
  const offered = [SIGNALING_SUBPROTOCOL, BEARER_SUBPROTOCOL_PREFIX + address.token];
  const socket = new webSocket(address.url, offered);
  let live = true;
  let closed = false;
  let onceClosed = (): void => undefined;
  const whileLive =
    <A extends unknown[]>(run: (...args: A) => void) =>
    (...args: A): void => {
      if (live) run(...args);
    };

  socket.addEventListener('open', whileLive(events.onOpen));
  socket.addEventListener(
    'message',
    whileLive((event: { data: unknown }) => {
      events.onMessage(event.data);
    }),
  );
  socket.addEventListener('close', ({ code }) => {
    closed = true;
    onceClosed();
    if (!live) return;
    live = false;
    events.onClose(code);
  });
  // Says nothing that `close` does not; without a listener, `ws` would throw it.
  socket.addEventListener('error', () => undefined);

  return {
    speaksProtocol: () => socket.protocol === SIGNALING_SUBPROTOCOL,
    send(text) {
      if (!live || socket.readyState !== OPEN) return false;
      try {
        socket.send(text);
        return true;
      } catch {
        return false;
      }
    },
    end(how) {
      if (!live) return;
      live = false;
      const canTerminate = socket.terminate !== undefined;
      if (!canTerminate || how === 'polite') attempt(() => { socket.close(NORMAL_CLOSURE); }); // prettier-ignore
      if (!canTerminate || closed) return;
      const terminate = (): void => { attempt(() => socket.terminate?.()); }; // prettier-ignore
      if (how === 'at_once') {
        terminate();
        return;
      }
      const timer = clock.setTimeout(terminate, CLOSING_HANDSHAKE_MS);
      onceClosed = () => {
        clock.clearTimeout(timer);
      };
    },
  };
}

/** Sockets throw while they are still connecting, in some implementations only. */
function attempt(run: () => void): void {
  try {
    run();
  } catch {
    // The connection is being given up; there is nothing left to save.
  }
}
