/** pcapng as we write it (draft-ietf-opsawg-pcapng), and whole capture files of anybody read at once. */
import {
  blockAlignment,
  blockOverhead,
  blockTypes,
  byteOrderMagic,
  CaptureReader,
  type CaptureRecord,
  captureOptions,
  microsecondResolution,
  padded,
} from './capture-reader.js';
import { ByteReader, ByteWriter, type Malformed, malformedOf } from './cursor.js';

/** One section, one Ethernet interface, microsecond stamps, direction in epb_flags, optional comment per packet. */
export interface CapturedFrame {
  readonly bytes: Uint8Array;
  /** Since 1970, as the file has it; rounded where the file is finer than a microsecond. */
  readonly timestampUs: number;
  readonly direction?: 'in' | 'out';
  readonly comment?: string;
  /** Length on the wire, where the file holds less of the frame. */
  readonly originalLength?: number;
  readonly linkType: number;
}

export const linkTypes = { ethernet: 1 } as const;

const packetOptions = { comment: 1, flags: 2 } as const;
const headerOptions = { comment: 1, interfaceName: 2, application: 4 } as const;
/** epb_flags, bits 0 and 1. */
const directionFlags = { in: 1, out: 2 } as const;
const directionMask = 3;
const snapLength = 0x40000;

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

// The files written here are big-endian, the order of everything else on this wire; readers take both.
function block(type: number, body: Uint8Array): Uint8Array {
  const length = body.length + blockOverhead;
  return new ByteWriter().u32(type).u32(length).bytes(body).u32(length).finish();
}

function writeOption(writer: ByteWriter, code: number, value: Uint8Array): void {
  writer.u16(code).u16(value.length).bytes(value).padToMultiple(blockAlignment);
}

const endOfOptions = (writer: ByteWriter): Uint8Array => writer.u16(captureOptions.end).u16(0).finish();

/** Section header and interface description: the start of every file. */
export function pcapngHeader(options: {
  readonly application: string;
  readonly interfaceName: string;
  readonly comment?: string;
}): Uint8Array {
  const unknownLength = 0xffffffff;
  const section = new ByteWriter().u32(byteOrderMagic).u16(1).u16(0).u32(unknownLength).u32(unknownLength);
  if (options.comment !== undefined) writeOption(section, headerOptions.comment, utf8(options.comment));
  writeOption(section, headerOptions.application, utf8(options.application));
  const description = new ByteWriter().u16(linkTypes.ethernet).u16(0).u32(snapLength);
  writeOption(description, headerOptions.interfaceName, utf8(options.interfaceName));
  writeOption(description, captureOptions.timestampResolution, Uint8Array.of(microsecondResolution));
  return new ByteWriter()
    .bytes(block(blockTypes.section, endOfOptions(section)))
    .bytes(block(blockTypes.interface, endOfOptions(description)))
    .finish();
}

/** One enhanced packet block. */
export function pcapngPacket(frame: Omit<CapturedFrame, 'linkType'>): Uint8Array {
  const stamp = Math.round(frame.timestampUs);
  const writer = new ByteWriter()
    .u32(0)
    .u32(Math.floor(stamp / 2 ** 32))
    .u32(stamp % 2 ** 32)
    .u32(frame.bytes.length)
    .u32(frame.originalLength ?? frame.bytes.length)
    .bytes(frame.bytes)
    .padToMultiple(blockAlignment);
  if (frame.comment !== undefined) writeOption(writer, packetOptions.comment, utf8(frame.comment));
  if (frame.direction !== undefined) {
    writeOption(writer, packetOptions.flags, new ByteWriter().u32(directionFlags[frame.direction]).finish());
  }
  return block(blockTypes.enhancedPacket, endOfOptions(writer));
}

/**
 * Reads a whole file, pcapng or classic pcap (capture-reader.ts). Never throws on bad bytes: ends with `malformed`,
 * frames before it stay. Frames are views of `bytes`.
 */
export function readCapture(bytes: Uint8Array): {
  readonly frames: readonly CapturedFrame[];
  readonly malformed?: Malformed;
} {
  const frames: CapturedFrame[] = [];
  const malformed = malformedOf(() => {
    const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const reader = new CaptureReader((record) => frames.push(frameOf(record)));
    reader.end(file.subarray(reader.read(file)));
  });
  return { frames, ...(malformed && { malformed }) };
}

function frameOf(record: CaptureRecord): CapturedFrame {
  const { timestampUs, linkType, originalLength } = record;
  const { buffer, byteOffset } = record.bytes;
  const bytes = new Uint8Array(buffer, byteOffset + record.start, record.end - record.start);
  const cut = originalLength === bytes.length ? {} : { originalLength };
  return { bytes, timestampUs, linkType, ...cut, ...packetOptionsOf(record) };
}

/** Of a pcapng packet block; nothing in classic files. */
export function packetOptionsOf(record: CaptureRecord): Pick<CapturedFrame, 'comment' | 'direction'> {
  const { bytes, start, end, optionsEnd, littleEndian } = record;
  const optionsStart = start + padded(end - start);
  const found: { comment?: string; direction?: 'in' | 'out' } = {};
  if (optionsStart >= optionsEnd) return found;
  const reader = new ByteReader(bytes.subarray(optionsStart, optionsEnd), { littleEndian, base: optionsStart });
  while (reader.remaining > 0) {
    const code = reader.u16('option code');
    const length = reader.u16('option length');
    if (code === captureOptions.end) break;
    const value = reader.part(length, 'option');
    reader.skip(Math.min(padded(length) - length, reader.remaining), 'padding');
    if (code === packetOptions.comment) found.comment ??= new TextDecoder().decode(value.rest());
    if (code === packetOptions.flags) {
      const direction = value.u32('epb_flags') & directionMask;
      if (direction === directionFlags.in) found.direction = 'in';
      if (direction === directionFlags.out) found.direction = 'out';
    }
  }
  return found;
}
