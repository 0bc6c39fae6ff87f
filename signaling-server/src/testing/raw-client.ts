import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { offeredSubprotocols } from '@sealsync/protocol';

const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const FINAL = 0x80;
/** Nothing between a test and its server needs the key to be random. */
const MASK = Buffer.from('5ea15e4c', 'hex');

/** A WebSocket client without manners: it writes whatever bytes it is told to. */
export class RawClient {
  readonly #socket: Socket;
  /** The code that the server closed with; `undefined` if the socket just ended. */
  readonly closed: Promise<number | undefined>;
  readonly #told: (text: string) => void;
  #received: Buffer = Buffer.alloc(0);
  #isUpgraded = false;
  #closeCode: number | undefined;

  constructor(port: number, token: string, told: (text: string) => void) {
    this.#told = told;
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.on('error', () => this.#socket.destroy());
    this.#socket.on('data', (bytes) => {
      this.#received = Buffer.concat([this.#received, bytes]);
      this.#readFrames();
    });
    this.closed = new Promise((resolve) => {
      this.#socket.once('close', () => {
        resolve(this.#closeCode);
      });
    });
    this.#socket.write(
      'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n' +
        `Sec-WebSocket-Protocol: ${offeredSubprotocols(token).join(', ')}\r\n\r\n`,
    );
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  #readFrames(): void {
    if (!this.#isUpgraded) {
      const end = this.#received.indexOf('\r\n\r\n');
      if (end < 0) return;
      this.#isUpgraded = true;
      this.#received = this.#received.subarray(end + 4);
    }
    for (;;) {
      const [first, second = 0] = this.#received;
      const isLong = second === 126;
      const start = isLong ? 4 : 2;
      if (first === undefined || this.#received.length < start) return;
      const length = isLong ? this.#received.readUInt16BE(2) : second;
      if (this.#received.length < start + length) return;
      this.#take(first & 0x0f, this.#received.subarray(start, start + length));
      this.#received = this.#received.subarray(start + length);
    }
  }

  #take(opcode: number, payload: Buffer): void {
    if (opcode === TEXT) this.#told(payload.toString());
    if (opcode !== CLOSE) return;
    this.#closeCode = payload.readUInt16BE(0);
    this.#socket.end(encodeClose(this.#closeCode));
  }
}

/** One masked data frame. */
export function encodeFrame(payload: Buffer, isBinary = false): Buffer {
  return encodeMasked(isBinary ? BINARY : TEXT, payload);
}

export function encodeClose(code: number): Buffer {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  return encodeMasked(CLOSE, payload);
}

/** A client's frame as in RFC 6455 section 5.2, for payloads below 64 KiB. */
function encodeMasked(opcode: number, payload: Buffer): Buffer {
  const header =
    payload.length < 126
      ? Buffer.from([FINAL | opcode, FINAL | payload.length])
      : Buffer.from([FINAL | opcode, FINAL | 126, payload.length >> 8, payload.length & 0xff]);
  const masked = payload.map((byte, index) => byte ^ (MASK[index % 4] ?? 0));
  return Buffer.concat([header, MASK, masked]);
}
