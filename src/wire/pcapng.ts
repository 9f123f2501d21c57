/** pcapng (draft-ietf-opsawg-pcapng) and classic pcap (draft-ietf-opsawg-pcap). */
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

const blockTypes = {
  section: 0x0a0d0d0a,
  interface: 1,
  obsoletePacket: 2,
  simplePacket: 3,
  enhancedPacket: 6,
} as const;
const optionCodes = {
  end: 0,
  comment: 1,
  interfaceName: 2,
  packetFlags: 2,
  application: 4,
  timestampResolution: 9,
  timestampOffset: 14,
} as const;
const byteOrderMagic = 0x1a2b3c4d;
const swappedByteOrderMagic = 0x4d3c2b1a;
const blockOverhead = 12;
const alignment = 4;
const microsecondResolution = 6;
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
  writer.u16(code).u16(value.length).bytes(value).padToMultiple(alignment);
}

const endOfOptions = (writer: ByteWriter): Uint8Array => writer.u16(optionCodes.end).u16(0).finish();

/** Section header and interface description: the start of every file. */
export function pcapngHeader(options: {
  readonly application: string;
  readonly interfaceName: string;
  readonly comment?: string;
}): Uint8Array {
  const unknownLength = 0xffffffff;
  const section = new ByteWriter().u32(byteOrderMagic).u16(1).u16(0).u32(unknownLength).u32(unknownLength);
  if (options.comment !== undefined) writeOption(section, optionCodes.comment, utf8(options.comment));
  writeOption(section, optionCodes.application, utf8(options.application));
  const description = new ByteWriter().u16(linkTypes.ethernet).u16(0).u32(snapLength);
  writeOption(description, optionCodes.interfaceName, utf8(options.interfaceName));
  writeOption(description, optionCodes.timestampResolution, Uint8Array.of(microsecondResolution));
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
    .padToMultiple(alignment);
  if (frame.comment !== undefined) writeOption(writer, optionCodes.comment, utf8(frame.comment));
  if (frame.direction !== undefined) {
    writeOption(writer, optionCodes.packetFlags, new ByteWriter().u32(directionFlags[frame.direction]).finish());
  }
  return block(blockTypes.enhancedPacket, endOfOptions(writer));
}

/**
 * Reads pcapng (both byte orders, several sections and interfaces, any tsresol) and classic pcap (us and ns, both
 * byte orders). Never throws on bad bytes: ends with `malformed`, frames before it stay. Frames are views of `bytes`.
 */
export function readCapture(bytes: Uint8Array): {
  readonly frames: readonly CapturedFrame[];
  readonly malformed?: Malformed;
} {
  const frames: CapturedFrame[] = [];
  const malformed = malformedOf(() => {
    const magic = new ByteReader(bytes).u32('magic');
    const classic = classicFormats.get(magic);
    if (classic) readClassic(new ByteReader(bytes, { littleEndian: classic.littleEndian }), classic.perSecond, frames);
    else if (magic === blockTypes.section) readSections(bytes, frames);
    else new ByteReader(bytes).fail('neither pcapng nor pcap');
  });
  return { frames, ...(malformed && { malformed }) };
}

interface Interface {
  readonly linkType: number;
  readonly snapLength: number;
  readonly ticksPerSecond: bigint;
  readonly offsetSeconds: bigint;
}

const microsecondsPerSecond = 1_000_000n;

function toMicroseconds(ticks: bigint, { ticksPerSecond, offsetSeconds }: Interface): number {
  const rounded = (ticks * microsecondsPerSecond * 2n + ticksPerSecond) / (ticksPerSecond * 2n);
  return Number(rounded + offsetSeconds * microsecondsPerSecond);
}

function readSections(bytes: Uint8Array, frames: CapturedFrame[]): void {
  let littleEndian = false;
  let interfaces: Interface[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const rest = bytes.subarray(offset);
    // The section header's type reads the same both ways; its magic tells the order of all that follows.
    if (new ByteReader(rest, { base: offset }).u32('block type') === blockTypes.section) {
      littleEndian = sectionIsLittleEndian(rest, offset);
      interfaces = [];
    }
    const reader = new ByteReader(rest, { littleEndian, base: offset });
    const type = reader.u32('block type');
    const length = reader.u32('block length');
    if (length < blockOverhead || length % alignment !== 0) reader.fail(`block length ${length}`);
    const body = reader.part(length - blockOverhead, 'block');
    if (reader.u32('second block length') !== length) reader.fail('the two lengths of a block differ');
    if (type === blockTypes.interface) interfaces.push(readInterface(body));
    else readPacketBlock(type, body, interfaces, frames);
    offset += length;
  }
}

function sectionIsLittleEndian(rest: Uint8Array, base: number): boolean {
  const reader = new ByteReader(rest, { base });
  reader.skip(8, 'section header');
  const magic = reader.u32('byte-order magic');
  if (magic !== byteOrderMagic && magic !== swappedByteOrderMagic) reader.fail('no byte-order magic');
  return magic === swappedByteOrderMagic;
}

function readInterface(body: ByteReader): Interface {
  const linkType = body.u16('link type');
  body.skip(2, 'reserved');
  const snapLength = body.u32('snap length');
  let ticksPerSecond = microsecondsPerSecond;
  let offsetSeconds = 0n;
  for (const { code, value } of readOptions(body)) {
    if (code === optionCodes.timestampResolution) {
      const resolution = value.u8('if_tsresol');
      ticksPerSecond = resolution & 0x80 ? 2n ** BigInt(resolution & 0x7f) : 10n ** BigInt(resolution);
    }
    if (code === optionCodes.timestampOffset) offsetSeconds = value.i64('if_tsoffset');
  }
  return { linkType, snapLength, ticksPerSecond, offsetSeconds };
}

function readOptions(body: ByteReader): { code: number; value: ByteReader }[] {
  const options: { code: number; value: ByteReader }[] = [];
  while (body.remaining > 0) {
    const code = body.u16('option code');
    const length = body.u16('option length');
    if (code === optionCodes.end) break;
    options.push({ code, value: body.part(length, 'option') });
    body.skip(Math.min((alignment - (length % alignment)) % alignment, body.remaining), 'padding');
  }
  return options;
}

/** Blocks that are no packets are passed over. */
function readPacketBlock(
  type: number,
  body: ByteReader,
  interfaces: readonly Interface[],
  frames: CapturedFrame[],
): void {
  if (type === blockTypes.simplePacket) {
    const from = interfaceAt(interfaces, 0, body);
    const originalLength = body.u32('original length');
    const limit = from.snapLength === 0 ? originalLength : Math.min(originalLength, from.snapLength);
    const bytes = body.bytes(Math.min(limit, body.remaining), 'frame');
    frames.push({ bytes, timestampUs: 0, linkType: from.linkType, ...ifCut(bytes, originalLength) });
    return;
  }
  if (type !== blockTypes.enhancedPacket && type !== blockTypes.obsoletePacket) return;
  const index = type === blockTypes.enhancedPacket ? body.u32('interface') : body.u16('interface');
  if (type === blockTypes.obsoletePacket) body.skip(2, 'drops count');
  const from = interfaceAt(interfaces, index, body);
  const ticks = (BigInt(body.u32('timestamp')) << 32n) | BigInt(body.u32('timestamp'));
  const capturedLength = body.u32('captured length');
  const originalLength = body.u32('original length');
  const bytes = body.bytes(capturedLength, 'frame');
  body.skip(Math.min((alignment - (capturedLength % alignment)) % alignment, body.remaining), 'padding');
  frames.push({
    bytes,
    timestampUs: toMicroseconds(ticks, from),
    linkType: from.linkType,
    ...ifCut(bytes, originalLength),
    ...readPacketOptions(body),
  });
}

function interfaceAt(interfaces: readonly Interface[], index: number, body: ByteReader): Interface {
  return interfaces[index] ?? body.fail(`no interface ${index} was described`);
}

const ifCut = (bytes: Uint8Array, originalLength: number) =>
  originalLength === bytes.length ? {} : { originalLength };

function readPacketOptions(body: ByteReader): Pick<CapturedFrame, 'comment' | 'direction'> {
  const found: { comment?: string; direction?: 'in' | 'out' } = {};
  for (const { code, value } of readOptions(body)) {
    if (code === optionCodes.comment) found.comment ??= new TextDecoder().decode(value.rest());
    if (code === optionCodes.packetFlags) {
      const direction = value.u32('epb_flags') & directionMask;
      if (direction === directionFlags.in) found.direction = 'in';
      if (direction === directionFlags.out) found.direction = 'out';
    }
  }
  return found;
}

/** Magic numbers as read in network order. */
const classicFormats: ReadonlyMap<number, { readonly littleEndian: boolean; readonly perSecond: bigint }> = new Map([
  [0xa1b2c3d4, { littleEndian: false, perSecond: 1_000_000n }],
  [0xd4c3b2a1, { littleEndian: true, perSecond: 1_000_000n }],
  [0xa1b23c4d, { littleEndian: false, perSecond: 1_000_000_000n }],
  [0x4d3cb2a1, { littleEndian: true, perSecond: 1_000_000_000n }],
]);
const classicHeaderBeforeLinkType = 16;

function readClassic(reader: ByteReader, ticksPerSecond: bigint, frames: CapturedFrame[]): void {
  reader.skip(4, 'magic');
  reader.skip(classicHeaderBeforeLinkType, 'file header');
  // The upper half holds the length of a frame check sequence.
  const linkType = reader.u32('link type') & 0xffff;
  const from = { linkType, snapLength: 0, ticksPerSecond, offsetSeconds: 0n };
  while (reader.remaining > 0) {
    const seconds = BigInt(reader.u32('seconds'));
    const ticks = seconds * ticksPerSecond + BigInt(reader.u32('fraction'));
    const capturedLength = reader.u32('captured length');
    const originalLength = reader.u32('original length');
    const bytes = reader.bytes(capturedLength, 'frame');
    frames.push({ bytes, timestampUs: toMicroseconds(ticks, from), linkType, ...ifCut(bytes, originalLength) });
  }
}
