import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';

/** The phone's end of the limited wire, written from the description of the protocol: type, length (big endian), bytes. */
export class LimitedPhone {
  readonly socket: Socket;
  #pending = Buffer.alloc(0);
  readonly #listeners = new Set<(frame: Uint8Array) => void>();

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      this.#pending = Buffer.concat([this.#pending, chunk]);
      while (this.#pending.length >= 3) {
        const end = 3 + this.#pending.readUInt16BE(1);
        if (this.#pending.length < end) break;
        const bytes = new Uint8Array(this.#pending.subarray(3, end));
        if (this.#pending[0] === 1) for (const listener of this.#listeners) listener(bytes);
        this.#pending = this.#pending.subarray(end);
      }
    });
  }

  static async connect(path: string): Promise<LimitedPhone> {
    const socket = createConnection(path);
    await once(socket, 'connect');
    return new LimitedPhone(socket);
  }

  send(frame: Uint8Array): void {
    this.#message(1, frame);
  }

  setCarrier(up: boolean): void {
    this.#message(up ? 2 : 3, new Uint8Array(0));
  }

  onFrame(listener: (frame: Uint8Array) => void): void {
    this.#listeners.add(listener);
  }

  close(): void {
    this.socket.destroy();
  }

  #message(type: number, bytes: Uint8Array): void {
    const header = Buffer.alloc(3);
    header.writeUInt8(type);
    header.writeUInt16BE(bytes.length, 1);
    this.socket.write(Buffer.concat([header, bytes]));
  }
}
