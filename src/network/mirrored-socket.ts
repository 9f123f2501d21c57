import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { TcpMirror } from './limited-mirror.js';

/** A loopback connection whose every byte is also shown on the wire, in the order it passes here. */
export class MirroredSocket extends Duplex {
  readonly #socket: Socket;
  readonly #mirror: TcpMirror;

  constructor(socket: Socket, mirror: TcpMirror) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    this.#mirror = mirror;
    mirror.connected();
    // As with a kernel's socket of the real network: whoever reads sees the close, nobody must handle the error.
    this.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      mirror.data('phone', chunk);
      if (!this.push(chunk)) socket.pause();
    });
    // A phone that loses power drops its link first and then its sockets, and sends neither FIN nor RST. Both stories
    // come in one turn of the loop, in any order: the end of the connection is told after the link.
    socket.on('end', () => {
      setImmediate(() => {
        mirror.finished('phone');
        this.push(null);
      });
    });
    socket.on('error', (reason) => {
      setImmediate(() => {
        mirror.reset('phone');
        this.destroy(reason);
      });
    });
    // After an orderly end the reader may still hold bytes; this stream then ends by itself.
    socket.on('close', () => {
      if (!socket.readableEnded) this.destroy();
    });
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#mirror.data('bench', chunk);
    this.#socket.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#mirror.finished('bench');
    this.#socket.end(() => done());
  }

  override _destroy(reason: Error | null, done: (error?: Error | null) => void): void {
    this.#mirror.finished('bench');
    this.#socket.destroy();
    done(reason);
  }
}
