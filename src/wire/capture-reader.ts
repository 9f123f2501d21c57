/**
 * Reads capture files piece by piece: pcapng (draft-ietf-opsawg-pcapng) and classic pcap (draft-ietf-opsawg-pcap), both
 * byte orders, any resolution of stamps. Works on whatever window of the file the caller holds, so that a file of any size
 * is read in bounded memory; makes no object per frame.
 */
import { MalformedBytes } from './cursor.js';

/** One frame of a file. The same object is handed out again and again. */
export interface CaptureRecord {
  /** The window given to `read`; the frame is from `start` to `end`. */
  bytes: Buffer;
  start: number;
  end: number;
  /** Length on the wire. */
  originalLength: number;
  /** Since 1970, rounded where the file is finer than a microsecond. */
  timestampUs: number;
  linkType: number;
  /** Options of a pcapng packet block: from `end` and its padding to here. 0: none. */
  optionsEnd: number;
  littleEndian: boolean;
  /** 1-based, in the file. Custom blocks and log entries of pcapng have numbers, too, as in Wireshark. */
  number: number;
}

interface Interface {
  readonly linkType: number;
  readonly snapLength: number;
  /** Units of a stamp in a second, as a power of ten or two. */
  readonly resolution: number;
  readonly offsetSeconds: number;
}

export const blockTypes = {
  section: 0x0a0d0d0a,
  interface: 1,
  obsoletePacket: 2,
  simplePacket: 3,
  enhancedPacket: 6,
} as const;
/** Blocks that are no packets and yet count: custom ones, entries of the systemd journal, events of sysdig. */
const numberedBlocks: ReadonlySet<number> = new Set([0xbad, 0x40000bad, 9, 0x204, 0x216, 0x221]);
export const captureOptions = { end: 0, timestampResolution: 9, timestampOffset: 14 } as const;
export const blockOverhead = 12;
export const blockAlignment = 4;
/** Of a section's header: type, length, byte-order magic, version. */
const sectionHead = 16;
export const byteOrderMagic = 0x1a2b3c4d;
const swappedByteOrderMagic = 0x4d3c2b1a;
export const microsecondResolution = 6;
const nanosecondResolution = 9;

/** Magic numbers of classic pcap as read in network order. The two last have 8 more bytes in each record's header. */
const classicFormats: ReadonlyMap<number, { readonly littleEndian: boolean; readonly unitsPerMicrosecond: number }> =
  new Map([
    [0xa1b2c3d4, { littleEndian: false, unitsPerMicrosecond: 1 }],
    [0xd4c3b2a1, { littleEndian: true, unitsPerMicrosecond: 1 }],
    [0xa1b23c4d, { littleEndian: false, unitsPerMicrosecond: 1000 }],
    [0x4d3cb2a1, { littleEndian: true, unitsPerMicrosecond: 1000 }],
    [0xa1b2cd34, { littleEndian: false, unitsPerMicrosecond: 1 }],
    [0x34cdb2a1, { littleEndian: true, unitsPerMicrosecond: 1 }],
  ]);
const modifiedMagics: ReadonlySet<number> = new Set([0xa1b2cd34, 0x34cdb2a1]);
const classicHeader = { file: 24, record: 16, modifiedRecord: 24, linkTypeAt: 20 } as const;

/** A record larger than this is damage: tools write frames of at most 256 KiB. */
export const largestRecord = 16 << 20;
const twoTo32 = 2 ** 32;

export class CaptureReader {
  readonly #onRecord: (record: CaptureRecord) => void;
  readonly #record: CaptureRecord;
  /** Where the window starts in the file. */
  #base = 0;
  #format: 'unknown' | 'pcapng' | 'classic' = 'unknown';
  #littleEndian = false;
  #unitsPerMicrosecond = 1;
  #recordHeader: number = classicHeader.record;
  #linkType = 0;
  #interfaces: Interface[] = [];

  constructor(onRecord: (record: CaptureRecord) => void) {
    this.#onRecord = onRecord;
    this.#record = {
      bytes: Buffer.alloc(0),
      start: 0,
      end: 0,
      originalLength: 0,
      timestampUs: 0,
      linkType: 0,
      optionsEnd: 0,
      littleEndian: false,
      number: 0,
    };
  }

  /**
   * Takes the whole records at the start of `bytes` and tells how many bytes it is done with: the next window starts
   * there. Throws MalformedBytes with the offset in the file.
   */
  read(bytes: Buffer): number {
    let at = 0;
    if (this.#format === 'unknown') {
      at = this.#readMagic(bytes);
      if (at < 0) return 0;
    }
    const taken = this.#format === 'pcapng' ? this.#readBlocks(bytes) : this.#readClassic(bytes, at);
    this.#base += taken;
    return taken;
  }

  /** To be called with what is left behind the last `read` when the file is at its end. */
  end(rest: Buffer): void {
    if (this.#format === 'unknown') throw new MalformedBytes(rest.length, 'neither pcapng nor pcap');
    if (rest.length > 0) throw new MalformedBytes(this.#base, 'the file ends inside a record');
  }

  #readMagic(bytes: Buffer): number {
    if (bytes.length < 4) return -1;
    const magic = bytes.readUInt32BE(0);
    if (magic === blockTypes.section) {
      this.#format = 'pcapng';
      return 0;
    }
    const classic = classicFormats.get(magic);
    if (classic === undefined) throw new MalformedBytes(0, 'neither pcapng nor pcap');
    if (bytes.length < classicHeader.file) return -1;
    this.#format = 'classic';
    this.#littleEndian = classic.littleEndian;
    this.#unitsPerMicrosecond = classic.unitsPerMicrosecond;
    if (modifiedMagics.has(magic)) this.#recordHeader = classicHeader.modifiedRecord;
    // The upper half holds the length of a frame check sequence.
    this.#linkType = this.#u32(bytes, classicHeader.linkTypeAt) & 0xffff;
    return classicHeader.file;
  }

  #u16(bytes: Buffer, at: number): number {
    return this.#littleEndian ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
  }

  #u32(bytes: Buffer, at: number): number {
    return this.#littleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
  }

  #fail(at: number, reason: string): never {
    throw new MalformedBytes(this.#base + at, reason);
  }

  #readClassic(bytes: Buffer, from: number): number {
    const record = this.#record;
    record.bytes = bytes;
    record.littleEndian = this.#littleEndian;
    record.linkType = this.#linkType;
    let at = from;
    while (bytes.length - at >= this.#recordHeader) {
      const capturedLength = this.#u32(bytes, at + 8);
      if (capturedLength > largestRecord) this.#fail(at + 8, `a frame of ${capturedLength} bytes`);
      const start = at + this.#recordHeader;
      if (bytes.length - start < capturedLength) break;
      const fraction = this.#u32(bytes, at + 4);
      const microseconds =
        this.#unitsPerMicrosecond === 1 ? fraction : Math.round(fraction / this.#unitsPerMicrosecond);
      record.timestampUs = this.#u32(bytes, at) * 1_000_000 + microseconds;
      record.originalLength = this.#u32(bytes, at + 12);
      record.start = start;
      record.end = start + capturedLength;
      at = record.end;
      this.#tell();
    }
    return at;
  }

  #tell(): void {
    this.#record.number++;
    this.#onRecord(this.#record);
  }

  #readBlocks(bytes: Buffer): number {
    let at = 0;
    while (bytes.length - at >= blockOverhead) {
      const isSection = bytes.readUInt32BE(at) === blockTypes.section;
      if (isSection && bytes.length - at < sectionHead) break;
      // The section header's type reads the same both ways; its magic tells the order of all that follows.
      if (isSection) this.#startSection(bytes, at);
      const type = this.#u32(bytes, at);
      const length = this.#u32(bytes, at + 4);
      if (length < blockOverhead || length % blockAlignment !== 0) this.#fail(at + 8, `block length ${length}`);
      if (length > largestRecord) this.#fail(at + 8, `a block of ${length} bytes`);
      if (bytes.length - at < length) break;
      const end = at + length - 4;
      if (this.#u32(bytes, end) !== length) this.#fail(at + length, 'the two lengths of a block differ');
      this.#readBlock(bytes, type, at + 8, end);
      at += length;
    }
    return at;
  }

  #startSection(bytes: Buffer, at: number): void {
    const magic = bytes.readUInt32BE(at + 8);
    if (magic !== byteOrderMagic && magic !== swappedByteOrderMagic)
      this.#fail(at + blockOverhead, 'no byte-order magic');
    this.#littleEndian = magic === swappedByteOrderMagic;
    const [major, minor] = [this.#u16(bytes, at + 12), this.#u16(bytes, at + 14)];
    if (major !== 1 || (minor !== 0 && minor !== 2)) this.#fail(at + 12, `a section of version ${major}.${minor}`);
    this.#interfaces = [];
  }

  /** Blocks that are no packets are passed over. */
  #readBlock(bytes: Buffer, type: number, at: number, end: number): void {
    if (type === blockTypes.enhancedPacket || type === blockTypes.obsoletePacket)
      this.#readPacket(bytes, type, at, end);
    else if (type === blockTypes.simplePacket) this.#readSimplePacket(bytes, at, end);
    else if (type === blockTypes.interface) this.#interfaces.push(this.#readInterface(bytes, at, end));
    else if (numberedBlocks.has(type)) this.#record.number++;
  }

  #need(at: number, count: number, end: number): void {
    if (end - at < count) this.#fail(at, `a block that ends ${count - (end - at)} bytes early`);
  }

  #readInterface(bytes: Buffer, from: number, end: number): Interface {
    this.#need(from, 8, end);
    let resolution: number = microsecondResolution;
    let offsetSeconds = 0;
    this.#options(bytes, from + 8, end, (code, at, length) => {
      if (code === captureOptions.timestampResolution && length >= 1) resolution = bytes.readUInt8(at);
      if (code === captureOptions.timestampOffset && length >= 8) offsetSeconds = Number(this.#i64(bytes, at));
    });
    return { linkType: this.#u16(bytes, from), snapLength: this.#u32(bytes, from + 4), resolution, offsetSeconds };
  }

  #i64(bytes: Buffer, at: number): bigint {
    return this.#littleEndian ? bytes.readBigInt64LE(at) : bytes.readBigInt64BE(at);
  }

  #options(bytes: Buffer, from: number, end: number, tell: (code: number, at: number, length: number) => void): void {
    let at = from;
    while (end - at >= 4) {
      const code = this.#u16(bytes, at);
      const length = this.#u16(bytes, at + 2);
      if (code === captureOptions.end) return;
      this.#need(at + 4, length, end);
      tell(code, at + 4, length);
      at += 4 + padded(length);
    }
  }

  #readSimplePacket(bytes: Buffer, at: number, end: number): void {
    this.#need(at, 4, end);
    const from = this.#interfaceAt(0, at);
    const originalLength = this.#u32(bytes, at);
    const limit = from.snapLength === 0 ? originalLength : Math.min(originalLength, from.snapLength);
    const record = this.#record;
    record.bytes = bytes;
    record.littleEndian = this.#littleEndian;
    record.start = at + 4;
    record.end = at + 4 + Math.min(limit, end - at - 4);
    record.originalLength = originalLength;
    record.timestampUs = 0;
    record.linkType = from.linkType;
    record.optionsEnd = 0;
    this.#tell();
  }

  #readPacket(bytes: Buffer, type: number, at: number, end: number): void {
    this.#need(at, 20, end);
    const index = type === blockTypes.enhancedPacket ? this.#u32(bytes, at) : this.#u16(bytes, at);
    const from = this.#interfaceAt(index, at);
    const capturedLength = this.#u32(bytes, at + 12);
    this.#need(at + 20, capturedLength, end);
    const record = this.#record;
    record.bytes = bytes;
    record.littleEndian = this.#littleEndian;
    record.start = at + 20;
    record.end = at + 20 + capturedLength;
    record.originalLength = this.#u32(bytes, at + 16);
    record.timestampUs = toMicroseconds(this.#u32(bytes, at + 4), this.#u32(bytes, at + 8), from);
    record.linkType = from.linkType;
    record.optionsEnd = end;
    this.#tell();
  }

  #interfaceAt(index: number, at: number): Interface {
    return this.#interfaces[index] ?? this.#fail(at, `no interface ${index} was described`);
  }
}

export const padded = (length: number): number =>
  length + ((blockAlignment - (length % blockAlignment)) % blockAlignment);

/** The two usual resolutions in plain numbers, exactly; the rest in long arithmetic. */
function toMicroseconds(high: number, low: number, { resolution, offsetSeconds }: Interface): number {
  const offsetUs = offsetSeconds * 1_000_000;
  if (resolution === microsecondResolution) return high * twoTo32 + low + offsetUs;
  if (resolution === nanosecondResolution) {
    const thousands = Math.floor(twoTo32 / 1000);
    return high * thousands + Math.round((high * (twoTo32 % 1000) + low) / 1000) + offsetUs;
  }
  const perSecond = resolution & 0x80 ? 2n ** BigInt(resolution & 0x7f) : 10n ** BigInt(resolution);
  const ticks = (BigInt(high) << 32n) | BigInt(low);
  return Number((ticks * 2_000_000n + perSecond) / (perSecond * 2n)) + offsetUs;
}
