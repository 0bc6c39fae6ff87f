import { CLOSE_CODES, encodeMessage } from '@sealsync/protocol';
import type { CloseReason, ServerMessage } from '@sealsync/protocol';
import { WebSocket } from 'ws';
import type { Counters } from '../counters.js';

/** The sending half of one WebSocket: bounded in memory, and silent once it is closing. */
export class ClientSocket {
  readonly #ws: WebSocket;
  readonly #maxBufferedBytes: number;
  readonly #counters: Counters;
  readonly #onOverflow: () => void;
  #overflowed = false;

  constructor(
    ws: WebSocket,
    options: {
      readonly maxBufferedBytes: number;
      readonly counters: Counters;
      /** Called once, later than the delivery that did not fit. */
      readonly onOverflow: () => void;
    },
  ) {
    this.#ws = ws;
    this.#maxBufferedBytes = options.maxBufferedBytes;
    this.#counters = options.counters;
    this.#onOverflow = options.onOverflow;
  }

  tell(message: ServerMessage): void {
    this.deliver(Buffer.from(encodeMessage(message)));
  }

  deliver(frame: Buffer): void {
    if (this.#overflowed || this.#ws.readyState !== WebSocket.OPEN) return;
    if (this.#ws.bufferedAmount + frame.length > this.#maxBufferedBytes) {
      this.#overflowed = true;
      // Whoever closes tells the room, and the room may be in the middle of telling.
      queueMicrotask(this.#onOverflow);
      return;
    }
    this.#counters.messagesOut += 1;
    this.#ws.send(frame, { binary: false });
  }

  close(reason: CloseReason): void {
    closeSocket(this.#ws, reason);
  }
}

/** Ends a connection with a documented code; the reason names it, and quotes nothing. */
export function closeSocket(ws: WebSocket, reason: CloseReason): void {
  ws.close(CLOSE_CODES[reason].code, reason);
}
