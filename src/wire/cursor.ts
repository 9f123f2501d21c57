/** Where a message stopped making sense: `offset` counts bytes from the message's first byte. */
export interface Malformed {
  readonly offset: number;
  readonly reason: string;
}

/** Thrown by the cursor, turned into `malformed` by the decoders, never seen outside src/wire. */
export class MalformedBytes extends Error {
  override readonly name = 'MalformedBytes';
  readonly code = 'MALFORMED';
  readonly offset: number;

  constructor(offset: number, reason: string) {
    super(reason);
    this.offset = offset;
  }
}

/** Runs `read` and tells what was malformed, if anything was; other errors pass, they are ours. */
export function malformedOf(read: () => void): Malformed | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (error instanceof MalformedBytes) return { offset: error.offset, reason: error.message };
    throw error;
  }
}

/** For formats where a broken message is no message: the value, or undefined when the bytes did not hold it. */
export function readOrUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined;
    throw error;
  }
}

/** Text with one character per byte (ISO 8859-1), so that any bytes survive a round trip. */
export const bytesToText = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
export const textToBytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));
export const bytesToHex = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');

interface ReaderOptions {
  readonly littleEndian?: boolean;
  /** Offset of the first byte in the whole message, for `malformed`. */
  readonly base?: number;
}

/** Reads bytes front to back. A read past the end throws `MalformedBytes`. Byte arrays handed out are views, not copies. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #base: number;
  readonly #littleEndian: boolean;
  #at = 0;

  constructor(bytes: Uint8Array, options: ReaderOptions = {}) {
    // A Buffer is seen as plain bytes, so that nothing read out of one is a Buffer.
    this.#bytes =
      bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#littleEndian = options.littleEndian ?? false;
    this.#base = options.base ?? 0;
  }

  get offset(): number {
    return this.#base + this.#at;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  #take(count: number, what: string): number {
    if (count > this.remaining) this.fail(`${what} needs ${count} bytes, ${this.remaining} are left`);
    const at = this.#at;
    this.#at += count;
    return at;
  }

  // By hand: a DataView for each reader costs more than all that is read through it.
  #pair(at: number): number {
    const first = this.#bytes[at] as number;
    const second = this.#bytes[at + 1] as number;
    return this.#littleEndian ? first + second * 0x100 : first * 0x100 + second;
  }

  u8(what: string): number {
    return this.#bytes[this.#take(1, what)] as number;
  }

  u16(what: string): number {
    return this.#pair(this.#take(2, what));
  }

  u24(what: string): number {
    const [first, second] = [this.u8(what), this.u16(what)];
    return this.#littleEndian ? first + second * 0x100 : first * 0x10000 + second;
  }

  u32(what: string): number {
    const at = this.#take(4, what);
    const [first, second] = [this.#pair(at), this.#pair(at + 2)];
    return this.#littleEndian ? first + second * 0x1_0000 : first * 0x1_0000 + second;
  }

  i64(what: string): bigint {
    const { buffer, byteOffset } = this.bytes(8, what);
    return new DataView(buffer, byteOffset).getBigInt64(0, this.#littleEndian);
  }

  bytes(count: number, what: string): Uint8Array {
    const at = this.#take(count, what);
    return this.#bytes.subarray(at, at + count);
  }

  skip(count: number, what: string): void {
    this.#take(count, what);
  }

  /** All that is left, not taken. */
  peek(): Uint8Array {
    return this.#bytes.subarray(this.#at);
  }

  rest(): Uint8Array {
    return this.bytes(this.remaining, 'rest');
  }

  /** A reader over the next `count` bytes that keeps this one's byte order and offsets. */
  part(count: number, what: string): ByteReader {
    const base = this.offset;
    return new ByteReader(this.bytes(count, what), { littleEndian: this.#littleEndian, base });
  }

  text(count: number, what: string): string {
    return bytesToText(this.bytes(count, what));
  }

  /** Text in a field of fixed size: up to the first NUL. */
  paddedText(count: number, what: string): string {
    const text = this.text(count, what);
    const end = text.indexOf('\0');
    return end < 0 ? text : text.slice(0, end);
  }

  /** Text that a NUL must end; the NUL is consumed. */
  nulText(what: string): string {
    const length = this.#bytes.indexOf(0, this.#at) - this.#at;
    if (length < 0) this.fail(`${what} has no NUL at its end`);
    const text = this.text(length, what);
    this.skip(1, what);
    return text;
  }

  fail(reason: string): never {
    throw new MalformedBytes(this.offset, reason);
  }
}

/** Writes bytes front to back; numbers are cut to their field's width. */
export class ByteWriter {
  readonly #littleEndian: boolean;
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  constructor(options: { readonly littleEndian?: boolean } = {}) {
    this.#littleEndian = options.littleEndian ?? false;
  }

  get length(): number {
    return this.#length;
  }

  #grow(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }

  u8(value: number): this {
    const at = this.#grow(1);
    this.#view.setUint8(at, value);
    return this;
  }

  u16(value: number): this {
    const at = this.#grow(2);
    this.#view.setUint16(at, value, this.#littleEndian);
    return this;
  }

  u24(value: number): this {
    if (this.#littleEndian) return this.u8(value).u16(value >>> 8);
    return this.u8(value >>> 16).u16(value);
  }

  u32(value: number): this {
    const at = this.#grow(4);
    this.#view.setUint32(at, value, this.#littleEndian);
    return this;
  }

  bytes(value: Uint8Array): this {
    const at = this.#grow(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  text(value: string): this {
    return this.bytes(textToBytes(value));
  }

  nulText(value: string): this {
    return this.text(value).u8(0);
  }

  /** Bytes in a field of fixed size: cut to it, or filled up with zeros. */
  padded(value: Uint8Array, size: number): this {
    return this.bytes(value.subarray(0, size)).zeros(size - value.length);
  }

  paddedText(value: string, size: number): this {
    return this.padded(textToBytes(value), size);
  }

  zeros(count: number): this {
    if (count > 0) this.#grow(count);
    return this;
  }

  /** Fills up with zeros to `size` bytes in all. */
  padTo(size: number): this {
    return this.zeros(size - this.#length);
  }

  padToMultiple(size: number): this {
    return this.zeros((size - (this.#length % size)) % size);
  }

  /** Sets a number written earlier (a checksum, a length). */
  setU16(at: number, value: number): this {
    this.#view.setUint16(at, value, this.#littleEndian);
    return this;
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}
