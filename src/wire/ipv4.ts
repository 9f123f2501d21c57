import { BenchError } from '../errors.js';
import { ByteReader, ByteWriter, readOrUndefined } from './cursor.js';
import { decodeEthernet, etherTypes, macToBytes, macToText } from './ethernet.js';

export interface Ipv4Packet {
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly ttl: number;
  readonly identification: number;
  readonly moreFragments: boolean;
  /** In bytes. */
  readonly fragmentOffset: number;
  /** Cut to the total length. */
  readonly payload: Uint8Array;
}

export const ipProtocols = { tcp: 6, udp: 17 } as const;

const ipv4 = { version: 4, headerLength: 20, dontFragment: 0x4000, moreFragments: 0x2000, offsetMask: 0x1fff } as const;
const udpHeaderLength = 8;
const tcpHeaderLength = 20;
const checksumAt = { ipv4: 10, udp: 6, tcp: 16 } as const;

/** RFC 791. undefined: not IPv4, or shorter than its own header. Options are skipped. Never throws. */
export function decodeIpv4(bytes: Uint8Array): Ipv4Packet | undefined {
  return readOrUndefined(() => {
    const reader = new ByteReader(bytes);
    const versionAndLength = reader.u8('version');
    const headerLength = (versionAndLength & 0x0f) * 4;
    if (versionAndLength >>> 4 !== ipv4.version || headerLength < ipv4.headerLength) reader.fail('not IPv4');
    reader.skip(1, 'type of service');
    // A total length of 0 is what segmentation offload leaves in a capture: the frame's own end counts then.
    const totalLength = reader.u16('total length') || bytes.length;
    if (totalLength < headerLength) reader.fail('total length is shorter than the header');
    const identification = reader.u16('identification');
    const fragment = reader.u16('fragment');
    const ttl = reader.u8('time to live');
    const protocol = reader.u8('protocol');
    reader.skip(2, 'checksum');
    const source = numberToIpv4(reader.u32('source'));
    const destination = numberToIpv4(reader.u32('destination'));
    reader.skip(headerLength - ipv4.headerLength, 'options');
    return {
      source,
      destination,
      protocol,
      ttl,
      identification,
      moreFragments: (fragment & ipv4.moreFragments) !== 0,
      fragmentOffset: (fragment & ipv4.offsetMask) * 8,
      payload: reader.bytes(Math.min(totalLength - headerLength, reader.remaining), 'payload'),
    };
  });
}

/** Header checksum filled in, DF set, payload as given. */
export function encodeIpv4(packet: {
  source: string;
  destination: string;
  protocol: number;
  ttl?: number;
  identification?: number;
  payload: Uint8Array;
}): Uint8Array {
  const header = new ByteWriter()
    .u8((ipv4.version << 4) | (ipv4.headerLength / 4))
    .u8(0)
    .u16(ipv4.headerLength + packet.payload.length)
    .u16(packet.identification ?? 0)
    .u16(ipv4.dontFragment)
    .u8(packet.ttl ?? 64)
    .u8(packet.protocol)
    .u16(0)
    .u32(ipv4ToNumber(packet.source))
    .u32(ipv4ToNumber(packet.destination));
  header.setU16(checksumAt.ipv4, internetChecksum(header.finish()));
  return header.bytes(packet.payload).finish();
}

export interface UdpDatagram {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly checksum: number;
  readonly payload: Uint8Array;
}

/** RFC 768. undefined: too short, or a length below the header's. The payload is cut to the length field. Never throws. */
export function decodeUdp(bytes: Uint8Array): UdpDatagram | undefined {
  return readOrUndefined(() => {
    const reader = new ByteReader(bytes);
    const sourcePort = reader.u16('source port');
    const destinationPort = reader.u16('destination port');
    const length = reader.u16('length');
    const checksum = reader.u16('checksum');
    if (length < udpHeaderLength) reader.fail('length is shorter than the header');
    const payload = reader.bytes(Math.min(length - udpHeaderLength, reader.remaining), 'payload');
    return { sourcePort, destinationPort, checksum, payload };
  });
}

/** `checksum: 'none'` writes 0 (RFC 768). */
export function encodeUdp(datagram: {
  sourcePort: number;
  destinationPort: number;
  payload: Uint8Array;
  source: string;
  destination: string;
  checksum?: 'computed' | 'none';
}): Uint8Array {
  const length = udpHeaderLength + datagram.payload.length;
  const writer = new ByteWriter().u16(datagram.sourcePort).u16(datagram.destinationPort).u16(length).u16(0);
  writer.bytes(datagram.payload);
  if (datagram.checksum !== 'none') {
    writer.setU16(checksumAt.udp, transportChecksum(datagram, ipProtocols.udp, writer.finish()));
  }
  return writer.finish();
}

export interface TcpSegment {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly flags: {
    readonly syn: boolean;
    readonly ack: boolean;
    readonly fin: boolean;
    readonly rst: boolean;
    readonly psh: boolean;
  };
  readonly window: number;
  readonly payload: Uint8Array;
}

const tcpFlagBits = { fin: 0x01, syn: 0x02, rst: 0x04, psh: 0x08, ack: 0x10 } as const;

/** RFC 9293. undefined: too short, or a data offset outside the segment. Options are skipped. Never throws. */
export function decodeTcp(bytes: Uint8Array): TcpSegment | undefined {
  return readOrUndefined(() => {
    const reader = new ByteReader(bytes);
    const sourcePort = reader.u16('source port');
    const destinationPort = reader.u16('destination port');
    const sequence = reader.u32('sequence');
    const acknowledgement = reader.u32('acknowledgement');
    const headerLength = (reader.u8('data offset') >>> 4) * 4;
    const bits = reader.u8('flags');
    const window = reader.u16('window');
    reader.skip(4, 'checksum and urgent pointer');
    if (headerLength < tcpHeaderLength) reader.fail('data offset inside the header');
    reader.skip(headerLength - tcpHeaderLength, 'options');
    const has = (bit: number) => (bits & bit) !== 0;
    return {
      sourcePort,
      destinationPort,
      sequence,
      acknowledgement,
      flags: {
        syn: has(tcpFlagBits.syn),
        ack: has(tcpFlagBits.ack),
        fin: has(tcpFlagBits.fin),
        rst: has(tcpFlagBits.rst),
        psh: has(tcpFlagBits.psh),
      },
      window,
      payload: reader.rest(),
    };
  });
}

/** A segment without options, its checksum computed. */
export function encodeTcp(segment: {
  sourcePort: number;
  destinationPort: number;
  sequence: number;
  acknowledgement: number;
  flags: Partial<TcpSegment['flags']>;
  window?: number;
  payload: Uint8Array;
  source: string;
  destination: string;
}): Uint8Array {
  const { syn, ack, fin, rst, psh } = segment.flags;
  const bit = (set: boolean | undefined, value: number) => (set ? value : 0);
  const writer = new ByteWriter()
    .u16(segment.sourcePort)
    .u16(segment.destinationPort)
    .u32(segment.sequence)
    .u32(segment.acknowledgement)
    .u8((tcpHeaderLength / 4) << 4)
    .u8(
      bit(fin, tcpFlagBits.fin) |
        bit(syn, tcpFlagBits.syn) |
        bit(rst, tcpFlagBits.rst) |
        bit(psh, tcpFlagBits.psh) |
        bit(ack, tcpFlagBits.ack),
    )
    .u16(segment.window ?? 0xffff)
    .u16(0)
    .u16(0)
    .bytes(segment.payload);
  return writer.setU16(checksumAt.tcp, transportChecksum(segment, ipProtocols.tcp, writer.finish())).finish();
}

/** RFC 1071 one's-complement sum of everything given (as if joined), folded and inverted. */
export function internetChecksum(...parts: readonly Uint8Array[]): number {
  let sum = 0;
  let high = true;
  for (const part of parts) {
    for (let index = 0; index < part.length; index += 1) {
      const byte = part[index] ?? 0;
      sum += high ? byte << 8 : byte;
      high = !high;
    }
    // 64 KiB at most: far below what a number holds.
    while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  }
  return ~sum & 0xffff;
}

/** Over pseudo header and datagram, whose own checksum field must be 0. A UDP sum of 0 is sent as 0xffff (RFC 768). */
function transportChecksum(
  addresses: { source: string; destination: string },
  protocol: number,
  datagram: Uint8Array,
): number {
  const pseudoHeader = new ByteWriter()
    .u32(ipv4ToNumber(addresses.source))
    .u32(ipv4ToNumber(addresses.destination))
    .u16(protocol)
    .u16(datagram.length)
    .finish();
  const sum = internetChecksum(pseudoHeader, datagram);
  return sum === 0 && protocol === ipProtocols.udp ? 0xffff : sum;
}

/**
 * The same Ethernet frame with its UDP or TCP (IPv4) checksum computed; other frames (fragments and frames
 * cut short included) unchanged. UDP checksum 0 counts as "to be computed" here.
 */
export function completeChecksum(frame: Uint8Array): Uint8Array {
  const ethernet = decodeEthernet(frame);
  if (ethernet?.body.kind !== 'ethertype' || ethernet.body.etherType !== etherTypes.ipv4) return frame;
  const packet = decodeIpv4(ethernet.payload);
  if (!packet || packet.moreFragments || packet.fragmentOffset > 0) return frame;
  const { protocol, payload } = packet;
  const fieldAt = protocol === ipProtocols.udp ? checksumAt.udp : checksumAt.tcp;
  const decodes = protocol === ipProtocols.udp ? decodeUdp : protocol === ipProtocols.tcp ? decodeTcp : undefined;
  if (!decodes?.(payload)) return frame;
  if (protocol === ipProtocols.udp && new ByteReader(payload.subarray(4)).u16('length') !== payload.length)
    return frame;
  const blank = new ByteWriter().bytes(payload).setU16(fieldAt, 0).finish();
  const sum = transportChecksum(packet, protocol, blank);
  const start = payload.byteOffset - frame.byteOffset;
  return new ByteWriter()
    .bytes(frame)
    .setU16(start + fieldAt, sum)
    .finish();
}

const [dot, zero, nine] = [0x2e, 0x30, 0x39];
const notIpv4 = (text: string): never => {
  throw new BenchError('INTERNAL', `not an IPv4 address: ${text}`);
};

/** Dotted quad to number, or BenchError INTERNAL: texts from outside are checked where they come in. */
export function ipv4ToNumber(text: string): number {
  // By hand: a server of thousands of messages a second comes here several times for each.
  let number = 0;
  let part = 0;
  let digits = 0;
  let parts = 1;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === dot && digits > 0) {
      number = number * 256 + part;
      parts += 1;
      part = 0;
      digits = 0;
      continue;
    }
    part = part * 10 + code - zero;
    digits += 1;
    if (code < zero || code > nine || digits > 3 || part > 255) return notIpv4(text);
  }
  return parts === 4 && digits > 0 ? number * 256 + part : notIpv4(text);
}

export function numberToIpv4(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 0xff}.${(value >>> 8) & 0xff}.${value & 0xff}`;
}

export interface ArpPacket {
  readonly operation: 'request' | 'reply';
  readonly senderMac: string;
  readonly senderAddress: string;
  readonly targetMac: string;
  readonly targetAddress: string;
}

const arp = { ethernet: 1, macLength: 6, ipv4Length: 4, request: 1, reply: 2 } as const;

/** RFC 826 over Ethernet and IPv4, requests and replies; undefined for anything else. Never throws. */
export function decodeArp(bytes: Uint8Array): ArpPacket | undefined {
  return readOrUndefined(() => {
    const reader = new ByteReader(bytes);
    const fits =
      reader.u16('hardware type') === arp.ethernet &&
      reader.u16('protocol type') === etherTypes.ipv4 &&
      reader.u8('hardware length') === arp.macLength &&
      reader.u8('protocol length') === arp.ipv4Length;
    if (!fits) reader.fail('not ARP for IPv4 over Ethernet');
    const operation = reader.u16('operation');
    if (operation !== arp.request && operation !== arp.reply) reader.fail('neither request nor reply');
    return {
      operation: operation === arp.request ? 'request' : 'reply',
      senderMac: macToText(reader.bytes(arp.macLength, 'sender MAC')),
      senderAddress: numberToIpv4(reader.u32('sender address')),
      targetMac: macToText(reader.bytes(arp.macLength, 'target MAC')),
      targetAddress: numberToIpv4(reader.u32('target address')),
    };
  });
}

export function encodeArp(packet: ArpPacket): Uint8Array {
  return new ByteWriter()
    .u16(arp.ethernet)
    .u16(etherTypes.ipv4)
    .u8(arp.macLength)
    .u8(arp.ipv4Length)
    .u16(packet.operation === 'request' ? arp.request : arp.reply)
    .bytes(macToBytes(packet.senderMac))
    .u32(ipv4ToNumber(packet.senderAddress))
    .bytes(macToBytes(packet.targetMac))
    .u32(ipv4ToNumber(packet.targetAddress))
    .finish();
}
