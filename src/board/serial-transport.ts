import { EventEmitter } from 'node:events';
import { SerialPort } from 'serialport';
import { BenchError } from '../errors.js';

/** 57600 baud with U2X on the board: -0.8 % at 16 MHz (docs/board-protocol.md). */
const baudRate = 57_600;
/** The longest sysex of the protocol is 132 bytes; a longer one is noise. */
const longestSysexBytes = 256;
const sysexStart = 0xf0;

/**
 * The transport firmata-io is given: a serial port whose noise is bounded (firmata-io itself keeps the bytes of a sysex
 * that never ends). Emits `open`, `data`, `close`, `error`, as firmata-io expects of a transport.
 */
export class SerialTransport extends EventEmitter {
  readonly #port: SerialPort;
  #sysexBytes = 0;
  discardedBytes = 0;

  private constructor(port: SerialPort) {
    super();
    this.#port = port;
    port.on('data', (chunk: Buffer) => this.#receive(chunk));
    port.on('close', () => this.emit('close'));
    port.on('error', (error) => this.emit('error', error));
  }

  /** Opens the port exclusively. Rejects with BOARD_NOT_FOUND or PORT_BUSY. */
  static open(path: string): Promise<SerialTransport> {
    return new Promise((resolve, reject) => {
      const port = new SerialPort({ path, baudRate, autoOpen: false, lock: true });
      port.open((error) => {
        if (error === null || error === undefined) return resolve(new SerialTransport(port));
        const busy = /lock|busy|EBUSY/i.test(error.message);
        reject(new BenchError(busy ? 'PORT_BUSY' : 'BOARD_NOT_FOUND', `${path} (${error.message})`, { cause: error }));
      });
    });
  }

  write(bytes: Uint8Array | readonly number[]): void {
    if (this.#port.isOpen) this.#port.write(Buffer.from(bytes), () => {});
  }

  get isOpen(): boolean {
    return this.#port.isOpen;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#port.isOpen) return resolve();
      this.#port.close(() => resolve());
    });
  }

  #receive(chunk: Buffer): void {
    const passed: number[] = [];
    for (const byte of chunk) {
      if (byte === sysexStart) this.#sysexBytes = 1;
      else if (byte >= 0x80) this.#sysexBytes = 0;
      else if (this.#sysexBytes > 0) this.#sysexBytes += 1;
      if (this.#sysexBytes > longestSysexBytes) this.discardedBytes += 1;
      else passed.push(byte);
    }
    if (passed.length > 0) this.emit('data', Buffer.from(passed));
  }
}
