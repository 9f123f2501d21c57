/**
 * What an SCCP payload is made of. A layout is a list of parts read and written in order, so that decoder and
 * encoder of a message are one table entry. All numbers are little-endian but for addresses.
 */
import { ByteReader, ByteWriter, bytesToHex } from './cursor.js';
import { ipv4ToNumber, numberToIpv4 } from './ipv4.js';

export type SccpFields = Readonly<Record<string, string | number>>;

/** `size` is the least a part needs; a part with less behind it was not sent. */
export interface SccpPart {
  readonly size: number;
  /** The field it tells; none for unused bytes. */
  readonly field?: string;
  read(reader: ByteReader, fields: Record<string, string | number>): void;
  write(writer: ByteWriter, fields: SccpFields): void;
}

const numberIn = (fields: SccpFields, name: string, absent: number): number => Number(fields[name] ?? absent);
const textIn = (fields: SccpFields, name: string, absent: string): string => String(fields[name] ?? absent);

function unsigned(size: 1 | 2 | 4, name: string, absent: number): SccpPart {
  const width = { 1: 'u8', 2: 'u16', 4: 'u32' } as const;
  return {
    size,
    field: name,
    read(reader, fields) {
      fields[name] = reader[width[size]](name);
    },
    write(writer, fields) {
      writer[width[size]](numberIn(fields, name, absent));
    },
  };
}

/** `absent` is written where the caller gives no value. */
export const u8 = (name: string, absent = 0): SccpPart => unsigned(1, name, absent);
export const u16 = (name: string, absent = 0): SccpPart => unsigned(2, name, absent);
export const u32 = (name: string, absent = 0): SccpPart => unsigned(4, name, absent);

/** Text in a field of fixed size, up to its first NUL. */
export const text = (name: string, size: number, absent = ''): SccpPart => ({
  size,
  field: name,
  read(reader, fields) {
    fields[name] = reader.paddedText(size, name);
  },
  write(writer, fields) {
    writer.paddedText(textIn(fields, name, absent), size);
  },
});

/** Text ended by a NUL, as the dynamic messages have it. */
export const nulText = (name: string): SccpPart => ({
  size: 1,
  field: name,
  read(reader, fields) {
    fields[name] = reader.nulText(name);
  },
  write(writer, fields) {
    writer.nulText(textIn(fields, name, ''));
  },
});

/** Text to the end of the payload, whose length varies by server; written in `size` bytes. */
export const restText = (name: string, size: number): SccpPart => ({
  size: 0,
  field: name,
  read(reader, fields) {
    fields[name] = reader.paddedText(reader.remaining, name);
  },
  write(writer, fields) {
    writer.paddedText(textIn(fields, name, ''), size);
  },
});

/** IPv4 in network order, unlike every other number. */
export const ipv4 = (name: string): SccpPart => ({
  size: 4,
  field: name,
  read(reader, fields) {
    fields[name] = numberToIpv4(new ByteReader(reader.bytes(4, name)).u32(name));
  },
  write(writer, fields) {
    writer.bytes(new ByteWriter().u32(ipv4ToNumber(textIn(fields, name, '0.0.0.0'))).finish());
  },
});

/** Bytes as hexadecimal text. */
export const hex = (name: string, size: number, absent: (fields: SccpFields) => string = () => ''): SccpPart => ({
  size,
  field: name,
  read(reader, fields) {
    fields[name] = bytesToHex(reader.bytes(size, name));
  },
  write(writer, fields) {
    writer.padded(Uint8Array.from(Buffer.from(textIn(fields, name, absent(fields)), 'hex')), size);
  },
});

/** Bytes nobody reads (padding often holds left-over memory). */
export const unused = (size: number): SccpPart => ({
  size,
  read(reader) {
    reader.skip(size, 'unused bytes');
  },
  write(writer) {
    writer.zeros(size);
  },
});

/**
 * A table of a fixed number of slots, told as one text: used slots joined by commas. `used` names the field with
 * the number of slots in use; it is written from the list where the caller does not give it (see `countOf`).
 */
export const slots = (
  name: string,
  options: {
    readonly used: string;
    readonly slots: number;
    readonly slotSize: number;
    readonly filler?: string;
    readSlot(reader: ByteReader): string;
    writeSlot(writer: ByteWriter, slot: string): void;
  },
): SccpPart => ({
  size: 0,
  field: name,
  read(reader, fields) {
    const used = Math.min(numberIn(fields, options.used, 0), options.slots);
    fields[name] = Array.from({ length: used }, () => options.readSlot(reader)).join(',');
  },
  write(writer, fields) {
    const given = listOf(textIn(fields, name, ''));
    for (let index = 0; index < options.slots; index++) {
      const slot = given[index] ?? options.filler;
      if (slot === undefined) writer.zeros(options.slotSize);
      else options.writeSlot(writer, slot);
    }
  },
});

/** A u32 that counts the entries of the list told in field `list`, where the caller does not give it. */
export const countOf = (name: string, list: string): SccpPart => ({
  size: 4,
  field: name,
  read(reader, fields) {
    fields[name] = reader.u32(name);
  },
  write(writer, fields) {
    writer.u32(numberIn(fields, name, listOf(textIn(fields, list, '')).length));
  },
});

const listOf = (told: string): string[] => (told === '' ? [] : told.split(','));

/** The numbers of a slot told as 'a:b'. */
export const pairOf = (slot: string): [string, number] => {
  const at = slot.lastIndexOf(':');
  return [slot.slice(0, at), Number(slot.slice(at + 1))];
};
