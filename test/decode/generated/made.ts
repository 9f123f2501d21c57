/**
 * Captures made for comparison with tshark, written by the standards' own rules and not by our encoders. What is random comes
 * from a seed, so that a difference can be made again.
 */
export interface MadeFrame {
  readonly bytes: Buffer;
  /** LINKTYPE_ value; Ethernet unless told. */
  readonly linkType?: number;
  /** So many bytes more were on the wire. */
  readonly missing?: number;
}

export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed * 2654435761) | 1;
  }

  /** 0 to `below` - 1. */
  number(below: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 1) % below;
  }

  /** Once in so many. */
  once(of: number): boolean {
    return this.number(of) === 0;
  }

  one<T>(list: readonly T[]): T {
    return list[this.number(list.length)] as T;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.number(256)));
  }

  text(most: number): Buffer {
    const letters = 'ABCdef019 .:-_/+()';
    const length = this.number(most + 1);
    const text = Buffer.from(Array.from({ length }, () => letters.charCodeAt(this.number(letters.length))));
    if (length > 0 && this.once(12))
      text[this.number(length)] = this.one([0, 0x0a, 0x0d, 0x09, 0x80, 0xff, 0xe9, 0x22]);
    return text;
  }
}

export const u8 = (...values: readonly number[]): Buffer => Buffer.from(values);
export const u16 = (value: number): Buffer => u8((value >>> 8) & 0xff, value & 0xff);
export const u32 = (value: number): Buffer => Buffer.concat([u16(value >>> 16), u16(value & 0xffff)]);
export const le32 = (value: number): Buffer => Buffer.from(u32(value)).reverse();
export const joined = (...parts: readonly (Uint8Array | readonly Uint8Array[])[]): Buffer =>
  Buffer.concat(parts.flat());

/** Sum of RFC 1071 over the bytes, inverted. */
export function internetSum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

const mac = (last: number): Buffer => u8(0x00, 0x1b, 0x54, 0, 0, last & 0xff);

export const ethernet = (
  type: number,
  payload: Uint8Array,
  tags: readonly (readonly [number, number])[] = [],
): Buffer =>
  padded(
    joined(
      mac(1),
      mac(2),
      tags.map(([tpid, id]) => joined(u16(tpid), u16(id))),
      u16(type),
      payload,
    ),
  );

export const padded = (frame: Buffer, to = 60): Buffer =>
  frame.length >= to ? frame : joined(frame, Buffer.alloc(to - frame.length));

/** 802.3 with LLC and SNAP. */
export const snap = (oui: number, protocol: number, payload: Uint8Array, destination = '01000ccccccc'): Buffer => {
  const llc = joined(u8(0xaa, 0xaa, 3, oui >>> 16, (oui >>> 8) & 0xff, oui & 0xff), u16(protocol), payload);
  return padded(joined(Buffer.from(destination, 'hex'), mac(2), u16(llc.length), llc));
};

export interface Ip4 {
  readonly from: string;
  readonly to: string;
  readonly protocol: number;
  readonly id?: number;
  /** In bytes. */
  readonly offset?: number;
  readonly more?: boolean;
  readonly options?: Buffer;
  readonly totalLength?: number;
}

const ipv4Bytes = (address: string): Buffer => Buffer.from(address.split('.').map(Number));

export function ipv4(packet: Ip4, payload: Uint8Array): Buffer {
  const options = packet.options ?? Buffer.alloc(0);
  const header = joined(
    u8(0x45 + options.length / 4, 0),
    u16(packet.totalLength ?? 20 + options.length + payload.length),
    u16(packet.id ?? 1),
    u16((packet.more ? 0x2000 : 0) | ((packet.offset ?? 0) / 8)),
    u8(64, packet.protocol),
    u16(0),
    ipv4Bytes(packet.from),
    ipv4Bytes(packet.to),
    options,
  );
  header.writeUInt16BE(internetSum(header), 10);
  return joined(header, payload);
}

/** An IPv6 address fd00::X with the number of the host as X. */
export const ipv6Bytes = (host: number): Buffer => joined(u8(0xfd), Buffer.alloc(13), u16(host));

export const ipv6 = (from: number, to: number, next: number, payload: Uint8Array, length = payload.length): Buffer =>
  joined(u32(0x60000000), u16(length), u8(next, 64), ipv6Bytes(from), ipv6Bytes(to), payload);

export const udp = (from: number, to: number, payload: Uint8Array, length = 8 + payload.length): Buffer =>
  joined(u16(from), u16(to), u16(length), u16(0), payload);

export interface Segment {
  readonly from: number;
  readonly to: number;
  readonly sequence: number;
  readonly acknowledged?: number;
  readonly flags?: 'S' | 'SA' | 'A' | 'PA' | 'FA' | 'R';
  readonly options?: Buffer;
}

const tcpFlags = { S: 0x02, SA: 0x12, A: 0x10, PA: 0x18, FA: 0x11, R: 0x14 } as const;

export function tcp(segment: Segment, payload: Uint8Array): Buffer {
  const options = segment.options ?? Buffer.alloc(0);
  return joined(
    u16(segment.from),
    u16(segment.to),
    u32(segment.sequence >>> 0),
    u32((segment.acknowledged ?? 1) >>> 0),
    u8((20 + options.length) << 2, tcpFlags[segment.flags ?? 'PA']),
    u16(8192),
    u16(0),
    u16(0),
    options,
    payload,
  );
}

/** Two hosts that no other case has. */
export class Hosts {
  #count = 0;

  pair(): { readonly phone: string; readonly server: string; readonly number: number } {
    this.#count++;
    const [high, low] = [this.#count >>> 8, this.#count & 0xff];
    return { phone: `10.1.${high}.${low}`, server: `10.2.${high}.${low}`, number: this.#count };
  }
}
