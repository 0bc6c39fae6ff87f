import { WebSocket } from 'ws';
import type { Meters } from './messages.js';

/** A WebSocket that adds up the text frames it sends and receives; `auth`, a token, is left out. */
export function createMeteredWebSocket(): {
  readonly webSocket: new (url: string, protocols: string[]) => WebSocket;
  readonly read: () => Meters['signals'];
} {
  let count = 0;
  let maxBytes = 0;
  const note = (frame: string): void => {
    if (isAuth(frame)) return;
    count += 1;
    maxBytes = Math.max(maxBytes, Buffer.byteLength(frame));
  };
  class MeteredWebSocket extends WebSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols);
      this.on('message', (data, isBinary) => {
        if (!isBinary && data instanceof Buffer) note(data.toString('utf8'));
      });
    }

    override send(frame: string): void {
      note(frame);
      super.send(frame);
    }
  }
  return { webSocket: MeteredWebSocket, read: () => ({ count, maxBytes }) };
}

function isAuth(frame: string): boolean {
  return frame.startsWith('{"type":"auth"');
}
