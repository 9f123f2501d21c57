/**
 * The board's own sysex (docs/board-protocol.md): message <-> sysex content, the bytes between `F0 0C` and `F7`.
 * What the messages are stands in injector-messages.ts; this file only turns that table into bytes and back.
 */
import type { Malformed } from './cdp.js';
import {
  type BoardMessageName,
  type FieldKind,
  type FieldValues,
  type InjectorFields,
  type InjectorMessage,
  type InjectorMessageName,
  injectorMessages,
  type MessageSpec,
  type UnknownInjectorMessage,
} from './injector-messages.js';

/** In Firmata's user range. */
export const injectorSysexId = 0x0c;
export const injectorProtocol = 3;

const maximumBodyBytes = 64;
const overheadBytes = 4;
const positionsPerBurst = 33;

/** `type` and `seq` as read, where the body was long enough to hold them: what a refusal names. */
export interface MalformedInjectorMessage {
  readonly name: 'malformed';
  readonly type?: number;
  readonly seq?: number;
  readonly malformed: Malformed;
}

/** CRC-16/CCITT-FALSE: polynomial 0x1021, start 0xFFFF, no reflection. */
export const crc16 = (bytes: Uint8Array): number => {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc;
};

/** Each byte as two 7-bit bytes: low seven bits, then the top bit. */
export const packSysex = (body: Uint8Array): Uint8Array => {
  const content = new Uint8Array(body.length * 2);
  body.forEach((byte, index) => {
    content[index * 2] = byte & 0x7f;
    content[index * 2 + 1] = byte >> 7;
  });
  return content;
};

const fixedSize = { u8: 1, u16: 2, u32: 4, positions: 5, text8: 8 } as const;

class Writer {
  readonly #bytes: number[] = [];
  number(value: number, size: number, field: string): void {
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** (8 * size)) {
      throw new RangeError(`${field} = ${value} does not fit ${size} byte(s)`);
    }
    for (let index = 0; index < size; index++) this.#bytes.push(Math.floor(value / 2 ** (8 * index)) & 0xff);
  }
  field(kind: FieldKind, value: FieldValues[FieldKind], field: string): void {
    if (kind === 'u8' || kind === 'u16' || kind === 'u32') {
      this.number(value as number, fixedSize[kind], field);
    } else if (kind === 'positions') {
      const text = value as string;
      for (let byte = 0; byte < fixedSize.positions; byte++) {
        let bits = 0;
        for (let bit = 0; bit < 8; bit++) if (text[byte * 8 + bit] === '1') bits |= 1 << bit;
        this.#bytes.push(bits);
      }
    } else if (kind === 'text8') {
      const text = (value as string).padEnd(fixedSize.text8).slice(0, fixedSize.text8);
      for (const character of text) this.#bytes.push(character.charCodeAt(0) & 0x7f);
    } else {
      const list = value as readonly number[];
      if (kind === 'counted16') this.number(list.length, 1, `length of ${field}`);
      for (const item of list) this.number(item, 2, field);
    }
  }
  bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

class ShortBody extends Error {}

class Reader {
  readonly #bytes: Uint8Array;
  #offset = 0;
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }
  get left(): number {
    return this.#bytes.length - this.#offset;
  }
  get offset(): number {
    return this.#offset;
  }
  number(size: number): number {
    if (this.left < size) throw new ShortBody();
    let value = 0;
    for (let index = 0; index < size; index++) value += (this.#bytes[this.#offset + index] ?? 0) * 2 ** (8 * index);
    this.#offset += size;
    return value;
  }
  field(kind: FieldKind): FieldValues[FieldKind] {
    if (kind === 'u8' || kind === 'u16' || kind === 'u32') return this.number(fixedSize[kind]);
    if (kind === 'positions') {
      const bytes = Array.from({ length: fixedSize.positions }, () => this.number(1));
      return Array.from({ length: positionsPerBurst }, (_, position) =>
        ((bytes[position >> 3] ?? 0) >> (position & 7)) & 1 ? '1' : '0',
      ).join('');
    }
    if (kind === 'text8') {
      return String.fromCharCode(...Array.from({ length: fixedSize.text8 }, () => this.number(1))).trimEnd();
    }
    const count = kind === 'counted16' ? this.number(1) : this.left >> 1;
    return Array.from({ length: count }, () => this.number(2));
  }
}

const specs: Readonly<Record<string, MessageSpec>> = injectorMessages;
const byType = new Map<number, readonly [InjectorMessageName, MessageSpec]>(
  (Object.keys(injectorMessages) as InjectorMessageName[]).map((name) => {
    const spec: MessageSpec = injectorMessages[name];
    return [spec.type, [name, spec]];
  }),
);

/** The body as it stands before packing: type, seq, payload, CRC. Throws RangeError when a field does not fit. */
export const injectorBody = (type: number, seq: number, payload: Uint8Array): Uint8Array => {
  const body = new Uint8Array(payload.length + overheadBytes);
  if (body.length > maximumBodyBytes)
    throw new RangeError(`a body of ${body.length} bytes is over ${maximumBodyBytes}`);
  body.set([type, seq & 0xff]);
  body.set(payload, 2);
  const crc = crc16(body.subarray(0, -2));
  body.set([crc & 0xff, crc >> 8], body.length - 2);
  return body;
};

/** A message's fields as bytes. Throws RangeError when one does not fit its size: the caller's error. */
export const injectorPayload = <N extends InjectorMessageName>(name: N, fields: InjectorFields<N>): Uint8Array => {
  const spec: MessageSpec = injectorMessages[name];
  const writer = new Writer();
  const values = fields as Readonly<Record<string, FieldValues[FieldKind]>>;
  for (const [field, kind] of spec.fields) {
    const value = values[field];
    if (value === undefined) throw new RangeError(`${name} needs ${field}`);
    writer.field(kind, value, field);
  }
  return writer.bytes();
};

/** The sysex content of a message (between `F0 0C` and `F7`). Throws as `injectorPayload` does. */
export const encodeInjectorMessage = <N extends InjectorMessageName>(
  name: N,
  seq: number,
  fields: InjectorFields<N>,
): Uint8Array => packSysex(injectorBody(injectorMessages[name].type, seq, injectorPayload(name, fields)));

const malformed = (reason: string, offset: number, body: Uint8Array): MalformedInjectorMessage => {
  const [type, seq] = body;
  return {
    name: 'malformed',
    ...(type === undefined ? {} : { type }),
    ...(seq === undefined ? {} : { seq }),
    malformed: { offset, reason },
  };
};

/** Reads the bytes between `F0 0C` and `F7`. Never throws: what cannot be read comes back as `malformed`, with why and where. */
export const decodeInjectorMessage = (
  content: Uint8Array,
): InjectorMessage | UnknownInjectorMessage | MalformedInjectorMessage => {
  const body = new Uint8Array(Math.min(content.length >> 1, maximumBodyBytes));
  for (let index = 0; index < body.length; index++) {
    const low = content[index * 2] ?? 0;
    const top = content[index * 2 + 1] ?? 0;
    if (low > 0x7f || top > 1) return malformed('not 7-bit packed', index * 2, body.subarray(0, index));
    body[index] = low | (top << 7);
  }
  if (content.length % 2 !== 0) return malformed('odd number of bytes', content.length - 1, body);
  if (content.length > maximumBodyBytes * 2) return malformed('longer than 64 bytes', maximumBodyBytes * 2, body);
  if (body.length < overheadBytes) return malformed('shorter than type, seq and CRC', content.length, body);
  const stored = (body[body.length - 2] ?? 0) | ((body[body.length - 1] ?? 0) << 8);
  if (crc16(body.subarray(0, -2)) !== stored) return malformed('wrong CRC', (body.length - 2) * 2, body);

  const [type = 0, seq = 0] = body;
  const payload = body.slice(2, -2);
  const entry = byType.get(type);
  if (entry === undefined) return { name: 'unknown', seq, type, payload };
  const [name, spec] = entry;
  const reader = new Reader(payload);
  const fields: Record<string, FieldValues[FieldKind]> = {};
  try {
    for (const [field, kind] of spec.fields) fields[field] = reader.field(kind);
  } catch (error) {
    if (!(error instanceof ShortBody)) throw error;
    return malformed(`${name} is too short`, (2 + reader.offset) * 2, body);
  }
  if (reader.left > 0) return malformed(`${name} is too long`, (2 + reader.offset) * 2, body);
  // The table made the fields, so they are those of `name`.
  return { name, seq, fields } as unknown as InjectorMessage;
};

/** Whether a message name is one the board sends. */
export const isBoardMessage = (name: InjectorMessageName): name is BoardMessageName => specs[name]?.from === 'board';
