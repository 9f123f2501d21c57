import { IpWalker } from './ip-walker.js';
import type { Findings, Layers } from './layers.js';
import { etherTypes, linkTypes, oldLinkTypes } from './link-types.js';

/** 802.3: up to this the field is a length, from `etherTypeLeast` on a type; between them nothing. */
const lengthMost = 1500;
const etherTypeLeast = 0x0600;
const macAddresses = 12;
const snap = { sap: 0xaa, headerLength: 8, oui: { etherType: 0, bridgeTunnel: 0x0000f8, cisco: 0x00000c } } as const;
/** Cisco's tagging before 802.1Q: a whole frame behind 26 bytes. */
const interSwitchLink = { header: 26, kinds: [0x01000c00, 0x03000c00] } as const;
const llcIp = 0x06;
const pppProtocols = { ipv4: 0x0021, ipv6: 0x0057, cdp: 0x0207, mpls: 0x0281, mplsMulticast: 0x0283 } as const;
/** Address families of BSD, NetBSD, FreeBSD and Darwin. */
const nullFamilies: ReadonlySet<number> = new Set([2, 24, 28, 30]);
/** Frames inside frames inside frames: nobody nests deeper, damage does. */
const deepest = 24;

/** Takes a frame of any link type apart down to the messages of our protocols. */
export class LinkWalker {
  readonly #layers: Layers;
  readonly #findings: Findings;
  readonly #ip: IpWalker;
  #depth = 0;

  constructor(layers: Layers, findings: Findings) {
    this.#layers = layers;
    this.#findings = findings;
    this.#ip = new IpWalker(layers, findings, {
      etherType: (type, bytes, at, end, missing) => this.#etherType(type, bytes, at, end, missing),
      ethernet: (bytes, at, end, missing) => this.#ethernet(bytes, at, end, missing),
      ppp: (bytes, at, end, missing) => this.#ppp(bytes, at, end, missing),
      swappedWlan: (bytes, at, end, missing) => this.#wlan(bytes, at, end, missing, true),
    });
  }

  /** One frame: from `at` to `end`, and `missing` more bytes on the wire. */
  walk(linkType: number, bytes: Buffer, at: number, end: number, missing: number): void {
    const layers = this.#layers;
    layers.frame = bytes;
    layers.sourceMacAt = -1;
    layers.destinationMacAt = -1;
    layers.vlans.length = 0;
    layers.addressLength = 0;
    layers.quoted = false;
    this.#depth = 0;
    this.#link(oldLinkTypes.get(linkType) ?? linkType, bytes, at, end, missing);
  }

  #link(linkType: number, bytes: Buffer, at: number, end: number, missing: number): void {
    const length = end - at;
    switch (linkType) {
      case linkTypes.ethernet:
        this.#ethernet(bytes, at, end, missing);
        return;
      case linkTypes.null:
      case linkTypes.loop:
        this.#loopback(bytes, at, end, missing);
        return;
      case linkTypes.raw:
      case linkTypes.rawIpv4:
      case linkTypes.rawIpv6:
        this.#ip.packet(bytes, at, end, missing);
        return;
      case linkTypes.linuxCooked:
        if (length >= 16) this.#linuxCooked(bytes, at + 14, at + 4, at + 6, at + 16, end, missing);
        return;
      case linkTypes.linuxCooked2:
        if (length >= 20) this.#linuxCooked2(bytes, at, end, missing);
        return;
      case linkTypes.ppp:
      case linkTypes.ppp50:
        this.#ppp(bytes, at, end, missing);
        return;
      case linkTypes.pppDirection:
        this.#ppp(bytes, at + 1, end, missing);
        return;
      case linkTypes.pppoe:
        this.#pppoe(bytes, at, end, missing);
        return;
      case linkTypes.ciscoHdlc:
        this.#hdlc(bytes, at, end, missing);
        return;
      case linkTypes.frameRelay:
        this.#frameRelay(bytes, at, end, missing);
        return;
      case linkTypes.atmRfc1483:
        this.#llc(bytes, at, end, missing);
        return;
      case linkTypes.tokenRing:
        this.#tokenRing(bytes, at, end, missing);
        return;
      case linkTypes.fddi:
        if (length < 13) return;
        this.#macs(at + 7, at + 1);
        this.#llc(bytes, at + 13, end, missing);
        return;
      case linkTypes.wlan:
        this.#wlan(bytes, at, end, missing);
        return;
      case linkTypes.wlanRadiotap:
        if (length >= 4) this.#wlanBehind(bytes.readUInt16LE(at + 2), bytes, at, end, missing);
        return;
      case linkTypes.wlanAvs:
      case linkTypes.wlanPrism:
        if (length >= 8) this.#wlanBehind(prismLength(bytes, at), bytes, at, end, missing);
        return;
    }
  }

  #macs(sourceAt: number, destinationAt: number): void {
    this.#layers.sourceMacAt = sourceAt;
    this.#layers.destinationMacAt = destinationAt;
  }

  #ethernet(bytes: Buffer, at: number, end: number, missing: number): void {
    if (end - at < macAddresses + 2 || ++this.#depth > deepest) return;
    if (isInterSwitchLink(bytes, at)) {
      this.#ethernet(bytes, at + interSwitchLink.header, end, missing);
      return;
    }
    this.#layers.frame = bytes;
    this.#macs(at + 6, at);
    this.#typeOrLength(bytes, at + macAddresses, end, missing);
  }

  /** From an Ethernet type or 802.3 length on. */
  #typeOrLength(bytes: Buffer, at: number, end: number, missing: number): void {
    if (end - at < 2) return;
    const type = bytes.readUInt16BE(at);
    if (type >= etherTypeLeast) {
      this.#etherType(type, bytes, at + 2, end, missing);
      return;
    }
    if (type > lengthMost) return;
    // Behind the length stands padding; a length beyond the frame's end counts for nothing.
    const onWire = end + missing - (at + 2);
    const length = Math.min(type, onWire);
    const cut = Math.max(at + 2 + length - end, 0);
    this.#llc(bytes, at + 2, at + 2 + length - cut, cut);
  }

  #etherType(type: number, bytes: Buffer, at: number, end: number, missing: number): void {
    switch (type) {
      case etherTypes.ipv4:
      case etherTypes.ipv6:
        this.#ip.packet(bytes, at, end, missing);
        return;
      case etherTypes.lldp:
      case etherTypes.lldpExtended:
        this.#findings.lldp(bytes, at, end, missing);
        return;
      case etherTypes.vlan:
      case etherTypes.vlanService:
      case etherTypes.oldVlan:
        if (end - at < 4 || ++this.#depth > deepest) return;
        this.#layers.vlans.push(bytes.readUInt16BE(at) & 0x0fff);
        this.#typeOrLength(bytes, at + 2, end, missing);
        return;
      case etherTypes.mplsUnicast:
      case etherTypes.mplsMulticast:
        this.#mpls(bytes, at, end, missing);
        return;
      case etherTypes.pppoeSession:
        this.#pppoe(bytes, at, end, missing);
        return;
      case etherTypes.transparentBridging:
      case etherTypes.secureData:
        this.#ethernet(bytes, at, end, missing);
        return;
      case etherTypes.jumboLlc:
        this.#llc(bytes, at, end, missing);
        return;
      case etherTypes.ciscoMetaData:
        this.#typeOrLength(bytes, at + 6, end, missing);
        return;
      case etherTypes.vnTag:
        this.#typeOrLength(bytes, at + 4, end, missing);
        return;
      case etherTypes.portExtender:
        this.#typeOrLength(bytes, at + 6, end, missing);
        return;
      case etherTypes.redundancyTag:
        this.#typeOrLength(bytes, at + 4, end, missing);
        return;
      case etherTypes.macInMac:
        this.#ethernet(bytes, at + 4, end, missing);
        return;
    }
  }

  #llc(bytes: Buffer, at: number, end: number, missing: number): void {
    if (end - at < 3) return;
    const [dsap, ssap, control] = [bytes[at], bytes[at + 1], bytes[at + 2]];
    if (dsap === llcIp && ssap === llcIp && control === 3) {
      this.#ip.packet(bytes, at + 3, end, missing);
      return;
    }
    if (dsap !== snap.sap || ssap !== snap.sap || control !== 3) return;
    if (end - at < snap.headerLength) return;
    const oui = bytes.readUIntBE(at + 3, 3);
    const protocol = bytes.readUInt16BE(at + 6);
    if (oui === snap.oui.etherType || oui === snap.oui.bridgeTunnel) {
      this.#etherType(protocol, bytes, at + snap.headerLength, end, missing);
      return;
    }
    if (oui === snap.oui.cisco && protocol === etherTypes.cdp)
      this.#findings.cdp(bytes, at + snap.headerLength, end, missing);
  }

  /** BSD loopback: an address family in the byte order of whoever wrote it, or an Ethernet type. */
  #loopback(bytes: Buffer, at: number, end: number, missing: number): void {
    if (end - at < 4) return;
    const family = bytes.readUInt32BE(at);
    const host = family <= 0xffff ? family : bytes.readUInt32LE(at);
    if (nullFamilies.has(host)) this.#ip.packet(bytes, at + 4, end, missing);
    else if (host >= etherTypeLeast && host <= 0xffff) this.#etherType(host, bytes, at + 4, end, missing);
  }

  #linuxCooked(
    bytes: Buffer,
    typeAt: number,
    lengthAt: number,
    addressAt: number,
    at: number,
    end: number,
    missing: number,
  ): void {
    if (bytes.readUInt16BE(lengthAt) === 6) this.#layers.sourceMacAt = addressAt;
    this.#cookedType(bytes.readUInt16BE(typeAt), bytes, at, end, missing);
  }

  #linuxCooked2(bytes: Buffer, at: number, end: number, missing: number): void {
    if (bytes[at + 11] === 6) this.#layers.sourceMacAt = at + 12;
    this.#cookedType(bytes.readUInt16BE(at), bytes, at + 20, end, missing);
  }

  /** if_ether.h: below 1536 stand what Linux calls frames without an Ethernet type. */
  #cookedType(type: number, bytes: Buffer, at: number, end: number, missing: number): void {
    const linux = { ethernet: 3, llc: 4, ppp: 7 } as const;
    if (type === linux.llc) this.#llc(bytes, at, end, missing);
    else if (type === linux.ethernet) this.#ethernet(bytes, at, end, missing);
    else if (type === linux.ppp) this.#ppp(bytes, at, end, missing);
    else if (type >= etherTypeLeast) this.#etherType(type, bytes, at, end, missing);
  }

  #ppp(bytes: Buffer, from: number, end: number, missing: number): void {
    let at = from;
    if (end - at >= 2 && bytes[at] === 0xff && bytes[at + 1] === 0x03) at += 2;
    if (end - at < 2) return;
    // A compressed protocol field is one byte, and odd.
    const isShort = ((bytes[at] ?? 0) & 1) === 1;
    const protocol = isShort ? (bytes[at] ?? 0) : bytes.readUInt16BE(at);
    at += isShort ? 1 : 2;
    if (protocol === pppProtocols.ipv4 || protocol === pppProtocols.ipv6) this.#ip.packet(bytes, at, end, missing);
    else if (protocol === pppProtocols.cdp) this.#findings.cdp(bytes, at, end, missing);
    else if (protocol === pppProtocols.mpls || protocol === pppProtocols.mplsMulticast)
      this.#mpls(bytes, at, end, missing);
  }

  #pppoe(bytes: Buffer, at: number, end: number, missing: number): void {
    if (end - at < 8) return;
    const length = bytes.readUInt16BE(at + 4);
    const layerEnd = at + 6 + length;
    this.#ppp(bytes, at + 6, Math.min(end, layerEnd), Math.max(Math.min(end + missing, layerEnd) - end, 0));
  }

  #hdlc(bytes: Buffer, at: number, end: number, missing: number): void {
    if (end - at <= 4) return;
    const protocol = bytes.readUInt16BE(at + 2);
    if (protocol === etherTypes.cdp) this.#findings.cdp(bytes, at + 4, end, missing);
    else this.#etherType(protocol, bytes, at + 4, end, missing);
  }

  /** Q.922 address, then NLPID (RFC 2427) or, Cisco's way, an Ethernet type. */
  #frameRelay(bytes: Buffer, from: number, end: number, missing: number): void {
    let at = from;
    while (at < end && ((bytes[at] ?? 1) & 1) === 0) at++;
    at++;
    if (end - at < 2) return;
    const nlpid = { unnumbered: 0x03, ipv4: 0xcc, ipv6: 0x8e, snap: 0x80 } as const;
    if (bytes[at] !== nlpid.unnumbered) {
      const protocol = bytes.readUInt16BE(at);
      if (protocol === etherTypes.cdp) this.#findings.cdp(bytes, at + 2, end, missing);
      else this.#etherType(protocol, bytes, at + 2, end, missing);
      return;
    }
    at += bytes[at + 1] === 0 ? 2 : 1;
    if (bytes[at] === nlpid.ipv4 || bytes[at] === nlpid.ipv6) this.#ip.packet(bytes, at + 1, end, missing);
    if (bytes[at] !== nlpid.snap || end - at < 6) return;
    const oui = bytes.readUIntBE(at + 1, 3);
    const protocol = bytes.readUInt16BE(at + 4);
    if (oui === snap.oui.cisco && protocol === etherTypes.cdp) this.#findings.cdp(bytes, at + 6, end, missing);
    else if (oui === snap.oui.etherType) this.#etherType(protocol, bytes, at + 6, end, missing);
  }

  #mpls(bytes: Buffer, from: number, end: number, missing: number): void {
    let at = from;
    let isBottom = false;
    while (!isBottom) {
      if (end - at < 4) return;
      isBottom = ((bytes[at + 2] ?? 0) & 1) === 1;
      at += 4;
    }
    const version = (bytes[at] ?? 0) >>> 4;
    if (version === 4 || version === 6) {
      this.#ip.packet(bytes, at, end, missing);
      return;
    }
    // A pseudo-wire: a control word of zeros, or a frame at once.
    this.#ethernet(bytes, version === 0 ? at + 4 : at, end, missing);
  }

  #tokenRing(bytes: Buffer, at: number, end: number, missing: number): void {
    if (end - at < 14) return;
    this.#macs(at + 8, at + 2);
    const isLlc = ((bytes[at + 1] ?? 0) & 0xc0) === 0x40;
    const hasRoute = ((bytes[at + 8] ?? 0) & 0x80) !== 0;
    const route = hasRoute && end - at > 14 ? (bytes[at + 14] ?? 0) & 0x1f : 0;
    if (isLlc) this.#llc(bytes, at + 14 + route, end, missing);
  }

  #wlanBehind(header: number, bytes: Buffer, at: number, end: number, missing: number): void {
    if (header > 0 && at + header < end) this.#wlan(bytes, at + header, end, missing);
  }

  /** 802.11: data frames that are not encrypted. */
  #wlan(bytes: Buffer, at: number, end: number, missing: number, isSwapped = false): void {
    if (end - at < 24 || ++this.#depth > deepest) return;
    const control = isSwapped ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at);
    const type = (control >>> 2) & 3;
    const subtype = (control >>> 4) & 0xf;
    const isData = type === 2 && (subtype & 4) === 0;
    const isProtected = (control & 0x4000) !== 0;
    if (!isData || isProtected) return;
    const toSystem = (control & 0x0100) !== 0;
    const fromSystem = (control & 0x0200) !== 0;
    const places = toSystem ? (fromSystem ? [16, 24] : [16, 10]) : fromSystem ? [4, 16] : [4, 10];
    let header = toSystem && fromSystem ? 30 : 24;
    if (subtype & 8) header += control & 0x8000 ? 6 : 2;
    if (at + header >= end) return;
    this.#layers.frame = bytes;
    this.#macs(at + (places[1] ?? 0), at + (places[0] ?? 0));
    this.#llc(bytes, at + header, end, missing);
  }
}

/** A Prism header tells its length in the writer's order; an AVS header in network order behind its version. */
function prismLength(bytes: Buffer, at: number): number {
  const isAvs = (bytes.readUInt32BE(at) & 0xfffff000) >>> 0 === 0x80211000;
  if (isAvs) return bytes.readUInt32BE(at + 4);
  const length = bytes.readUInt32LE(at + 4);
  return length <= 0xffff ? length : bytes.readUInt32BE(at + 4);
}

function isInterSwitchLink(bytes: Buffer, at: number): boolean {
  const start = bytes.readUInt32BE(at);
  if (start !== interSwitchLink.kinds[0] && start !== interSwitchLink.kinds[1]) return false;
  return bytes[at + 4] === 0 && bytes.readUInt16BE(at + macAddresses) <= lengthMost;
}
