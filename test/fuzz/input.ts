/** What a target is given: one run of bytes, or several in order (frames of a capture, chunks of a stream). */
export type Input = readonly Uint8Array[];

export const sizeOf = (input: Input): number => input.reduce((sum, { length }) => sum + length, 0);

/** One text for an input, to be printed and given to `npm run fuzz -- --input`. */
export const inputToText = (input: Input): string => input.map((part) => Buffer.from(part).toString('hex')).join('.');
export const textToInput = (text: string): Input => text.split('.').map((part) => Buffer.from(part, 'hex'));

/**
 * The input a worker is at, in memory that another thread can read while the worker hangs or after it died. Begins with a
 * count of inputs, then the length of all parts, then each with its length before it.
 */
export class InputWindow {
  static readonly bytes = 1 << 20;
  readonly #counters: Int32Array;
  readonly #bytes: Buffer;

  constructor(memory: SharedArrayBuffer) {
    this.#counters = new Int32Array(memory, 0, 2);
    this.#bytes = Buffer.from(memory, 8);
  }

  static shared = (): SharedArrayBuffer => new SharedArrayBuffer(8 + InputWindow.bytes);

  /** Grows with each input. */
  get count(): number {
    return Atomics.load(this.#counters, 0);
  }

  show(input: Input): void {
    let at = 0;
    for (const part of input) {
      if (at + 4 + part.length > this.#bytes.length) break;
      this.#bytes.writeUInt32LE(part.length, at);
      this.#bytes.set(part, at + 4);
      at += 4 + part.length;
    }
    Atomics.store(this.#counters, 1, at);
    Atomics.add(this.#counters, 0, 1);
  }

  read(): Input {
    const parts: Uint8Array[] = [];
    const end = Atomics.load(this.#counters, 1);
    for (let at = 0; at < end; ) {
      const length = this.#bytes.readUInt32LE(at);
      parts.push(Uint8Array.from(this.#bytes.subarray(at + 4, at + 4 + length)));
      at += 4 + length;
    }
    return parts;
  }
}
