import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cdpFrame, cdpTlv, encodeCdp } from '../../src/wire/cdp.js';
import { linkTypes, pcapngHeader, pcapngPacket, readCapture } from '../../src/wire/pcapng.js';
import { fromHex } from './hex.js';
import { survives } from './hostile.js';
import { describeWithTshark, tshark } from './outside.js';

const header = pcapngHeader({ application: 'linkpulse 0.1.0', interfaceName: 'port1', comment: 'run 7' });
const frame = fromHex('01000ccccccc 0012dadbd34e 0800 01');
/** 2026-11-23 00:00:00.123456 UTC: needs more than 32 bits of microseconds. */
const timestampUs = 1_795_392_000_123_456;
const file = (...packets: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat([header, ...packets]));

/** The reader's other inputs, built by the format's own rules (draft-ietf-opsawg-pcapng, section 4). */
class Blocks {
  readonly #littleEndian: boolean;
  readonly #parts: Buffer[] = [];

  constructor(order: 'big' | 'little') {
    this.#littleEndian = order === 'little';
  }

  u16 = (value: number): Buffer => {
    const bytes = Buffer.alloc(2);
    if (this.#littleEndian) bytes.writeUInt16LE(value);
    else bytes.writeUInt16BE(value);
    return bytes;
  };

  u32 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    if (this.#littleEndian) bytes.writeUInt32LE(value >>> 0);
    else bytes.writeUInt32BE(value >>> 0);
    return bytes;
  };

  u64 = (value: bigint): Buffer => {
    const halves = [this.u32(Number(value >> 32n)), this.u32(Number(value & 0xffffffffn))];
    return Buffer.concat(this.#littleEndian ? halves.reverse() : halves);
  };

  option = (code: number, value: Buffer): Buffer =>
    Buffer.concat([this.u16(code), this.u16(value.length), padded(value)]);

  block(type: number, ...body: Buffer[]): this {
    const bytes = Buffer.concat(body);
    const length = this.u32(bytes.length + 12);
    this.#parts.push(this.u32(type), length, bytes, length);
    return this;
  }

  section(): this {
    return this.block(0x0a0d0d0a, this.u32(0x1a2b3c4d), this.u16(1), this.u16(0), this.u64(0xffffffffffffffffn));
  }

  interface(linkType: number, ...options: Buffer[]): this {
    return this.block(1, this.u16(linkType), this.u16(0), this.u32(0), ...options);
  }

  packet(index: number, ticks: bigint, bytes: Uint8Array): this {
    const [high, low] = [this.u32(Number(ticks >> 32n)), this.u32(Number(ticks & 0xffffffffn))];
    const lengths = [this.u32(bytes.length), this.u32(bytes.length)];
    return this.block(6, this.u32(index), high, low, ...lengths, padded(Buffer.from(bytes)));
  }

  finish = (): Uint8Array => new Uint8Array(Buffer.concat(this.#parts));
}
const padded = (value: Buffer): Buffer => Buffer.concat([value, Buffer.alloc((4 - (value.length % 4)) % 4)]);

describe('a capture file of ours', () => {
  it('gives back frames, stamps, directions and comments', () => {
    const frames = [
      { bytes: frame, timestampUs, direction: 'in' as const, comment: 'headers synthesised – naïve' },
      { bytes: frame.slice(0, 14), timestampUs: timestampUs + 1, direction: 'out' as const },
      { bytes: new Uint8Array(), timestampUs: 0, originalLength: 60 },
    ];
    const read = readCapture(file(...frames.map(pcapngPacket)));
    expect(read).toEqual({ frames: frames.map((each) => ({ ...each, linkType: linkTypes.ethernet })) });
  });

  it('rounds a stamp that is no whole microsecond', () => {
    expect(readCapture(file(pcapngPacket({ bytes: frame, timestampUs: 1.6 }))).frames[0]?.timestampUs).toBe(2);
  });

  it('can be cut anywhere and keeps the whole frames before the cut', () => {
    const packet = pcapngPacket({ bytes: frame, timestampUs });
    const bytes = file(packet, packet);
    for (let length = header.length; length < bytes.length; length++) {
      const { frames, malformed } = readCapture(bytes.slice(0, length));
      expect(frames.length).toBe(length < header.length + packet.length ? 0 : 1);
      expect(malformed === undefined).toBe(length === header.length || length === header.length + packet.length);
    }
  });
});

describe('captures of others', () => {
  it.each(['big', 'little'] as const)('are read in %s-endian order', (order) => {
    const bytes = new Blocks(order).section().interface(1).packet(0, BigInt(timestampUs), frame).finish();
    expect(readCapture(bytes)).toEqual({ frames: [{ bytes: frame, timestampUs, linkType: 1 }] });
  });

  it('may change the byte order and the interfaces with a new section', () => {
    const first = new Blocks('big').section().interface(1).interface(113).packet(1, 5n, frame).finish();
    const second = new Blocks('little').section().interface(101).packet(0, 6n, frame).finish();
    const { frames, malformed } = readCapture(new Uint8Array(Buffer.concat([first, second])));
    expect(malformed).toBeUndefined();
    expect(frames.map(({ linkType, timestampUs: at }) => [linkType, at])).toEqual([
      [113, 5],
      [101, 6],
    ]);
    const lost = readCapture(
      new Uint8Array(Buffer.concat([first, new Blocks('big').section().packet(0, 1n, frame).finish()])),
    );
    expect(lost.frames).toHaveLength(1);
    expect(lost.malformed?.reason).toBe('no interface 0 was described');
  });

  it.each([
    { name: 'seconds', resolution: 0, ticks: 1_795_392_000n, us: 1_795_392_000_000_000 },
    { name: 'milliseconds', resolution: 3, ticks: 1_795_392_000_123n, us: 1_795_392_000_123_000 },
    { name: 'nanoseconds', resolution: 9, ticks: 1_795_392_000_123_456_500n, us: 1_795_392_000_123_457 },
    { name: 'powers of two', resolution: 0x80 | 20, ticks: 3n << 19n, us: 1_500_000 },
    { name: 'picoseconds', resolution: 12, ticks: 2_499_999n, us: 2 },
    { name: 'the finest there is', resolution: 0xff, ticks: 0xffffffffffffffffn, us: 0 },
  ])('may count $name', ({ resolution, ticks, us }) => {
    const blocks = new Blocks('little').section();
    const option = blocks.option(9, Buffer.of(resolution));
    const { frames } = readCapture(blocks.interface(1, option).packet(0, ticks, frame).finish());
    expect(frames[0]?.timestampUs).toBe(us);
  });

  it('may count from another start (if_tsoffset)', () => {
    const blocks = new Blocks('little').section();
    const bytes = blocks
      .interface(1, blocks.option(14, blocks.u64(1000n)))
      .packet(0, 5n, frame)
      .finish();
    expect(readCapture(bytes).frames[0]?.timestampUs).toBe(1_000_000_005);
  });

  it('may hold simple and obsolete packet blocks and blocks nobody knows', () => {
    const blocks = new Blocks('big').section().interface(1).block(0x0bad, Buffer.alloc(8));
    blocks.block(3, blocks.u32(frame.length), padded(Buffer.from(frame)));
    const lengths = [blocks.u32(frame.length), blocks.u32(60)];
    blocks.block(2, blocks.u16(0), blocks.u16(9), blocks.u32(0), blocks.u32(7), ...lengths, padded(Buffer.from(frame)));
    expect(readCapture(blocks.finish())).toEqual({
      frames: [
        { bytes: frame, timestampUs: 0, linkType: 1 },
        { bytes: frame, timestampUs: 7, linkType: 1, originalLength: 60 },
      ],
    });
  });

  it.each([
    { name: 'microseconds, big-endian', order: 'big', magic: 0xa1b2c3d4, fraction: 123_456 },
    { name: 'microseconds, little-endian', order: 'little', magic: 0xa1b2c3d4, fraction: 123_456 },
    { name: 'nanoseconds, big-endian', order: 'big', magic: 0xa1b23c4d, fraction: 123_456_499 },
    { name: 'nanoseconds, little-endian', order: 'little', magic: 0xa1b23c4d, fraction: 123_456_499 },
  ] as const)('may be classic pcap in $name', ({ order, magic, fraction }) => {
    const { u16, u32 } = new Blocks(order);
    const head = [u32(magic), u16(2), u16(4), u32(0), u32(0), u32(65535), u32(0x10000001)];
    const record = [u32(1_795_392_000), u32(fraction), u32(frame.length), u32(60), Buffer.from(frame)];
    const bytes = new Uint8Array(Buffer.concat([...head, ...record]));
    const expected = { bytes: frame, timestampUs, linkType: 1, originalLength: 60 };
    expect(readCapture(bytes)).toEqual({ frames: [expected] });
    expect(readCapture(new Uint8Array([...bytes, 0])).malformed?.offset).toBe(bytes.length);
  });

  it.each([
    { name: 'nothing', hex: '' },
    { name: 'a text', hex: '68656c6c6f20776f726c64' },
    { name: 'a section without a magic', hex: '0a0d0d0a 0000001c 00000000 00010000 ffffffff ffffffff 0000001c' },
    { name: 'a block of length 0', hex: '0a0d0d0a 00000000 1a2b3c4d 00010000 ffffffff ffffffff 0000001c' },
    { name: 'a block of odd length', hex: '0a0d0d0a 0000001d 1a2b3c4d 00010000 ffffffff ffffffff 0000001d' },
    { name: 'two lengths that differ', hex: '0a0d0d0a 0000001c 1a2b3c4d 00010000 ffffffff ffffffff 00000020' },
  ])('are not read from $name', ({ hex }) => {
    const { frames, malformed } = readCapture(fromHex(hex));
    expect(frames).toEqual([]);
    expect(malformed).toBeDefined();
  });

  it('survive every prefix and any corruption', () => {
    survives(readCapture, file(pcapngPacket({ bytes: frame, timestampUs, direction: 'in', comment: 'x' })));
    const { u16, u32 } = new Blocks('little');
    const head = [u32(0xa1b2c3d4), u16(2), u16(4), u32(0), u32(0), u32(65535), u32(1)];
    const record = [u32(1), u32(2), u32(frame.length), u32(frame.length), Buffer.from(frame)];
    survives(readCapture, new Uint8Array(Buffer.concat([...head, ...record, ...record])));
  });
});

describeWithTshark('tshark and our capture files', () => {
  it('agree on frames, stamps, directions, comments and a CDP checksum', () => {
    const folder = mkdtempSync(join(tmpdir(), 'linkpulse-pcapng-'));
    try {
      const path = join(folder, 'capture.pcapng');
      const payload = encodeCdp({
        ttlSeconds: 180,
        tlvs: [cdpTlv.deviceId('SEP0012DADBD34E'), cdpTlv.powerConsumption(6300)],
      });
      const bytes = cdpFrame('00:12:da:db:d3:4e', payload);
      const packets = [
        pcapngPacket({ bytes, timestampUs, direction: 'in', comment: 'first' }),
        pcapngPacket({ bytes, timestampUs: timestampUs + 1, direction: 'out' }),
      ];
      writeFileSync(path, file(...packets));
      const fields = [
        'frame.time_epoch',
        'frame.packet_flags_direction',
        'frame.comment',
        'frame.interface_name',
        'cdp.checksum.status',
      ];
      const lines = tshark(
        '-r',
        path,
        '-T',
        'fields',
        '-E',
        'separator=/s',
        ...fields.flatMap((field) => ['-e', field]),
      );
      expect(lines.trim().split('\n')).toEqual([
        '1795392000.123456000 0x00000001 first port1 1',
        '1795392000.123457000 0x00000002  port1 1',
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
