import type { Findings, Layers, ReadLayer } from './layers.js';
import { Reassembly } from './reassembly.js';

const protocols = {
  icmp: 1,
  ipv4: 4,
  tcp: 6,
  udp: 17,
  ipv6: 41,
  gre: 47,
  authentication: 51,
  icmpv6: 58,
  etherIp: 97,
  l2tp: 115,
  udpLite: 136,
  mpls: 137,
  ethernet: 143,
} as const;
/** IPv6 extension headers that have the next header in their first byte (RFC 8200). */
const ipv6Options: ReadonlySet<number> = new Set([0, 43, 60, 135]);
const ipv6Fragment = 44;
const greTypes = { ppp: 0x880b, erspan2: 0x88be, erspan3: 0x22eb, cdp: 0x2000, mpls: 0x8847 } as const;
const udpPorts = { l2tp: 1701, gtp: 2152, vxlan: 4789, capwap: 5247, geneve: 6081, tzsp: 37008 } as const;
const deepest = 12;

/** The layers that bring a frame back in. */
export interface Inner {
  etherType(type: number, bytes: Buffer, at: number, end: number, missing: number): void;
  readonly ethernet: ReadLayer;
  readonly ppp: ReadLayer;
  /** 802.11; Cisco's controllers send the two bytes of the frame control the wrong way round. */
  readonly swappedWlan: ReadLayer;
}

/** IPv4 and IPv6 with fragments put together, tunnels, and what ICMP errors quote; down to UDP and TCP. */
export class IpWalker {
  readonly #layers: Layers;
  readonly #findings: Findings;
  readonly #inner: Inner;
  readonly #reassembly = new Reassembly();
  #depth = 0;

  constructor(layers: Layers, findings: Findings, inner: Inner) {
    this.#layers = layers;
    this.#findings = findings;
    this.#inner = inner;
  }

  packet(bytes: Buffer, at: number, end: number, missing: number): void {
    if (at >= end || this.#depth >= deepest) return;
    const version = (bytes[at] ?? 0) >>> 4;
    this.#depth++;
    if (version === 4) this.#ipv4(bytes, at, end, missing);
    else if (version === 6) this.#ipv6(bytes, at, end, missing);
    this.#depth--;
  }

  #addresses(bytes: Buffer, at: number, length: 4 | 16): void {
    this.#layers.addresses = bytes;
    this.#layers.addressesAt = at;
    this.#layers.addressLength = length;
  }

  #ipv4(bytes: Buffer, at: number, end: number, missing: number): void {
    if (end - at < 20) return;
    const headerLength = ((bytes[at] ?? 0) & 0x0f) * 4;
    // A total length of 0 is what segmentation offload leaves in a capture: the frame's own end counts then.
    const onWire = end + missing - at;
    const told = bytes.readUInt16BE(at + 2) || onWire;
    if (headerLength < 20 || told < headerLength || at + headerLength > end) return;
    const total = Math.min(told, onWire);
    const layerEnd = Math.min(at + total, end);
    const cut = at + total - layerEnd;
    this.#addresses(bytes, at + 12, 4);
    const fragment = bytes.readUInt16BE(at + 6);
    const protocol = bytes[at + 9] ?? 0;
    const payloadAt = at + headerLength;
    if ((fragment & 0x3fff) === 0) {
      this.#protocol(protocol, bytes, payloadAt, layerEnd, cut);
      return;
    }
    // A packet longer than its frame is no whole part.
    const lack = Math.max(cut, told - onWire);
    const key = `${bytes.toString('latin1', at + 12, at + 20)}${bytes.toString('latin1', at + 4, at + 6)}${protocol}`;
    this.#fragment(
      key,
      protocol,
      { offset: (fragment & 0x1fff) * 8, more: (fragment & 0x2000) !== 0 },
      bytes,
      payloadAt,
      layerEnd,
      lack,
    );
  }

  #fragment(
    key: string,
    protocol: number,
    place: { readonly offset: number; readonly more: boolean },
    bytes: Buffer,
    at: number,
    end: number,
    cut: number,
  ): void {
    // Of a packet whose parts the capture cut only the start can be read.
    if (cut > 0) {
      if (place.offset === 0) this.#protocol(protocol, bytes, at, end, cut);
      return;
    }
    const whole = this.#reassembly.add(key, place.offset, place.more, bytes.subarray(at, end));
    if (whole !== undefined) this.#protocol(protocol, whole, 0, whole.length, 0);
  }

  #ipv6(bytes: Buffer, at: number, end: number, missing: number): void {
    if (end - at < 40) return;
    const onWire = end + missing - at - 40;
    const length = Math.min(bytes.readUInt16BE(at + 4), onWire);
    const layerEnd = Math.min(at + 40 + length, end);
    const cut = at + 40 + length - layerEnd;
    this.#addresses(bytes, at + 8, 16);
    let next = bytes[at + 6] ?? 0;
    let header = at + 40;
    while (ipv6Options.has(next)) {
      if (layerEnd - header < 8) return;
      next = bytes[header] ?? 0;
      header += 8 * ((bytes[header + 1] ?? 0) + 1);
    }
    if (next !== ipv6Fragment) {
      this.#protocol(next, bytes, header, layerEnd, cut);
      return;
    }
    if (layerEnd - header < 8) return;
    const place = bytes.readUInt16BE(header + 2);
    const protocol = bytes[header] ?? 0;
    const key = `${bytes.toString('latin1', at + 8, at + 40)}${bytes.toString('latin1', header + 4, header + 8)}`;
    const offset = place & 0xfff8;
    const more = (place & 1) !== 0;
    if (offset === 0 && !more) {
      this.#protocol(protocol, bytes, header + 8, layerEnd, cut);
      return;
    }
    this.#fragment(key, protocol, { offset, more }, bytes, header + 8, layerEnd, cut);
  }

  #protocol(protocol: number, bytes: Buffer, at: number, end: number, missing: number): void {
    switch (protocol) {
      case protocols.udp:
      case protocols.udpLite:
        this.#udp(bytes, at, end, missing);
        return;
      case protocols.tcp:
        this.#tcp(bytes, at, end, missing);
        return;
      case protocols.gre:
        this.#gre(bytes, at, end, missing);
        return;
      case protocols.ipv4:
      case protocols.ipv6:
        this.packet(bytes, at, end, missing);
        return;
      case protocols.icmp:
        this.#icmp(bytes, at, end, missing);
        return;
      case protocols.icmpv6:
        this.#icmpv6(bytes, at, end, missing);
        return;
      case protocols.authentication:
        if (end - at >= 8)
          this.#protocol(bytes[at] ?? 0, bytes, at + 4 * ((bytes[at + 1] ?? 0) + 2), Math.max(end, at), missing);
        return;
      case protocols.etherIp:
        this.#inner.ethernet(bytes, at + 2, end, missing);
        return;
      case protocols.ethernet:
        this.#inner.ethernet(bytes, at, end, missing);
        return;
      case protocols.mpls:
        this.#inner.etherType(greTypes.mpls, bytes, at, end, missing);
        return;
    }
  }

  #tcp(bytes: Buffer, at: number, end: number, missing: number): void {
    if (end - at < 20) return;
    const headerLength = ((bytes[at + 12] ?? 0) >>> 4) * 4;
    if (headerLength < 20 || at + headerLength > end) return;
    this.#findings.tcp(bytes, at, at + headerLength, end, missing);
  }

  #udp(bytes: Buffer, at: number, end: number, missing: number): void {
    if (end - at < 8) return;
    const sourcePort = bytes.readUInt16BE(at);
    const destinationPort = bytes.readUInt16BE(at + 2);
    const told = bytes.readUInt16BE(at + 4);
    const onWire = end + missing - at;
    // A length of 0 is a jumbogram's (RFC 2675), which IPv4 has not.
    const length = told === 0 && this.#layers.addressLength === 16 ? onWire : Math.min(told, onWire);
    if (length < 8) return;
    const layerEnd = Math.min(at + length, end);
    const cut = at + length - layerEnd;
    this.#findings.udp(sourcePort, destinationPort, bytes, at + 8, layerEnd, cut);
    this.#tunnel(destinationPort, sourcePort, bytes, at + 8, layerEnd, cut);
  }

  #tunnel(port: number, other: number, bytes: Buffer, at: number, end: number, missing: number): void {
    if (port === udpPorts.vxlan) {
      if (end - at > 8) this.#inner.ethernet(bytes, at + 8, end, missing);
    } else if (port === udpPorts.geneve) {
      if (end - at <= 8) return;
      const header = 8 + 4 * ((bytes[at] ?? 0) & 0x3f);
      this.#inner.etherType(bytes.readUInt16BE(at + 2), bytes, at + header, end, missing);
    } else if (port === udpPorts.gtp || other === udpPorts.gtp) this.#gtp(bytes, at, end, missing);
    else if (port === udpPorts.tzsp) this.#tzsp(bytes, at, end, missing);
    else if (port === udpPorts.capwap || other === udpPorts.capwap) this.#capwap(bytes, at, end, missing);
    else if (port === udpPorts.l2tp || other === udpPorts.l2tp) this.#l2tp(bytes, at, end, missing);
  }

  /** RFC 5415 4.3, data channel without DTLS: an 802.3 frame, or one as its radio sent it; in fragments, too. */
  #capwap(bytes: Buffer, from: number, end: number, missing: number): void {
    if (end - from < 8 || bytes[from] !== 0) return;
    const flags = bytes.readUInt16BE(from + 2);
    const bits = { radio: 0x0100, fragment: 0x0080, last: 0x0040 } as const;
    const at = from + 4 * ((bytes[from + 1] ?? 0) >>> 3);
    const read = flags & bits.radio ? this.#inner.swappedWlan : this.#inner.ethernet;
    if (at >= end) return;
    if ((flags & bits.fragment) === 0) {
      read(bytes, at, end, missing);
      return;
    }
    if (missing > 0) return;
    const { addresses, addressesAt, addressLength } = this.#layers;
    const ends = addresses.toString('latin1', addressesAt, addressesAt + 2 * addressLength);
    const key = `capwap ${ends}${bytes.readUInt16BE(from + 4)}`;
    const offset = bytes.readUInt16BE(from + 6) & 0xfff8;
    const whole = this.#reassembly.add(key, offset, (flags & bits.last) === 0, bytes.subarray(at, end));
    if (whole !== undefined) read(whole, 0, whole.length, 0);
  }

  #gtp(bytes: Buffer, at: number, end: number, missing: number): void {
    const userData = 0xff;
    if (end - at < 8 || (bytes[at] ?? 0) >>> 5 !== 1 || bytes[at + 1] !== userData) return;
    const flags = (bytes[at] ?? 0) & 7;
    let header = flags === 0 ? 8 : 12;
    let extension = flags & 4 ? (bytes[at + 11] ?? 0) : 0;
    while (extension !== 0 && at + header < end) {
      const length = 4 * (bytes[at + header] ?? 0);
      if (length === 0) return;
      extension = bytes[at + header + length - 1] ?? 0;
      header += length;
    }
    this.packet(bytes, at + header, end, missing);
  }

  #tzsp(bytes: Buffer, from: number, end: number, missing: number): void {
    if (end - from < 5 || bytes.readUInt16BE(from + 2) !== 1) return;
    const tags = { padding: 0, end: 1 } as const;
    let at = from + 4;
    while (at < end && bytes[at] !== tags.end) at += bytes[at] === tags.padding ? 1 : 2 + (bytes[at + 1] ?? 0);
    this.#inner.ethernet(bytes, at + 1, end, missing);
  }

  /** Version 2, data messages: PPP. */
  #l2tp(bytes: Buffer, at: number, end: number, missing: number): void {
    if (end - at < 8) return;
    const flags = bytes.readUInt16BE(at);
    if ((flags & 0x800f) !== 0x0002) return;
    let header = 6;
    if (flags & 0x4000) header += 2;
    if (flags & 0x0800) header += 4;
    if (flags & 0x0200 && at + header + 2 <= end) header += 2 + bytes.readUInt16BE(at + header);
    this.#inner.ppp(bytes, at + header, end, missing);
  }

  #gre(bytes: Buffer, at: number, end: number, missing: number): void {
    if (end - at < 4) return;
    const flags = bytes.readUInt16BE(at);
    const type = bytes.readUInt16BE(at + 2);
    const bits = { checksum: 0x8000, routing: 0x4000, key: 0x2000, sequence: 0x1000, acknowledgement: 0x0080 } as const;
    const isEnhanced = (flags & 7) === 1;
    let header = 4;
    if (flags & (bits.checksum | bits.routing)) header += 4;
    if (flags & bits.key) header += 4;
    if (flags & bits.sequence) header += 4;
    if (isEnhanced && flags & bits.acknowledgement) header += 4;
    const payload = at + header;
    if (payload >= end) return;
    if (type === greTypes.cdp) this.#findings.cdp(bytes, payload, end, missing);
    else if (type === greTypes.ppp) this.#inner.ppp(bytes, payload, end, missing);
    else if (type === greTypes.erspan2) {
      // Type I has no sequence number and no header of its own.
      const own = flags & bits.sequence ? 8 : 0;
      this.#inner.ethernet(bytes, payload + own, end, missing);
    } else if (type === greTypes.erspan3) {
      if (end - payload < 12) return;
      const hasPlatform = ((bytes[payload + 11] ?? 0) & 1) === 1;
      this.#inner.ethernet(bytes, payload + (hasPlatform ? 20 : 12), end, missing);
    } else this.#inner.etherType(type, bytes, payload, end, missing);
  }

  #icmp(bytes: Buffer, at: number, end: number, missing: number): void {
    const quoting: readonly number[] = [3, 4, 5, 11, 12];
    if (end - at >= 8 + 20 && quoting.includes(bytes[at] ?? 0)) this.#quoted(bytes, at + 8, end, missing);
  }

  #icmpv6(bytes: Buffer, at: number, end: number, missing: number): void {
    const quoting: readonly number[] = [1, 2, 3, 4];
    if (end - at >= 8 + 40 && quoting.includes(bytes[at] ?? 0)) this.#quoted(bytes, at + 8, end, missing);
  }

  /** What the error leaves out was not on the wire either: the packet ends here. */
  #quoted(bytes: Buffer, at: number, end: number, missing: number): void {
    this.#layers.quoted = true;
    this.packet(bytes, at, end, missing);
    this.#layers.quoted = false;
  }
}
