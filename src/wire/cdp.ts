/**
 * CDP, as read in Wireshark's packet-cdp.c and tcpdump's print-cdp.c and measured on real frames. TLV: type u16,
 * length u16 that counts these four bytes, value.
 */
import { ByteReader, ByteWriter, bytesToText, type Malformed, malformedOf } from './cursor.js';
import { encodeSnap } from './ethernet.js';
import { internetChecksum, ipv4ToNumber, numberToIpv4 } from './ipv4.js';
import { ipv6ToBytes, ipv6ToText } from './ipv6.js';

export type { Malformed } from './cursor.js';

export interface CdpTlv {
  readonly type: number;
  readonly value: Uint8Array;
}
export interface CdpPower {
  readonly requestId: number;
  readonly managementId: number;
  /** Requested: the phone's levels, highest first. Available: what is granted, then the management level. */
  readonly milliwatts: readonly number[];
}
/** First byte of the value, and the two after it where they are: a VLAN in a reply, of no meaning in a 7960's query. */
export interface CdpVoiceVlan {
  readonly data: Uint8Array;
  readonly vlan?: number;
}
/** TLV 0x08: whose protocol (OUI and number, 0x00000c and 0x0112 for cluster management) and its opaque message. */
export interface CdpProtocolHello {
  readonly oui: number;
  readonly protocol: number;
  readonly data: Uint8Array;
}
export interface CdpLocation {
  readonly kind: number;
  readonly text: string;
}
/** A CDP message as read; absent in the packet = absent here. */
export interface CdpMessage {
  readonly version: number;
  readonly ttlSeconds: number;
  readonly checksumOk: boolean;
  readonly deviceId?: string;
  readonly addresses?: readonly string[];
  readonly portId?: string;
  readonly capabilities?: number;
  readonly softwareVersion?: string;
  readonly platform?: string;
  /** Of TLV 0x07: a hub's networks, `10.0.0.0/8`, or the one gateway it is told by. */
  readonly ipPrefixes?: readonly string[];
  readonly defaultGateway?: string;
  readonly protocolHello?: CdpProtocolHello;
  readonly vtpDomain?: string;
  readonly nativeVlan?: number;
  readonly duplex?: 'full' | 'half';
  readonly voiceVlanReply?: CdpVoiceVlan;
  readonly voiceVlanQuery?: CdpVoiceVlan;
  readonly powerConsumptionMilliwatts?: number;
  readonly mtu?: number;
  readonly powerRequested?: CdpPower;
  readonly powerAvailable?: CdpPower;
  readonly trustBitmap?: number;
  readonly untrustedCos?: number;
  readonly systemName?: string;
  /** BER, as it came. */
  readonly systemObjectId?: Uint8Array;
  readonly managementAddresses?: readonly string[];
  readonly location?: CdpLocation;
  /** These five as they came: their insides are not published. `secondPort`: 00 02 00 on a 7970. */
  readonly externalPort?: Uint8Array;
  readonly unidirectional?: Uint8Array;
  readonly secondPort?: Uint8Array;
  readonly energyWise?: Uint8Array;
  readonly sparePairPower?: Uint8Array;
  /** Every TLV whose bytes are all there, in order; a value that made no sense is kept here too. */
  readonly tlvs: readonly CdpTlv[];
  readonly malformed?: Malformed;
}

/** Protocol registry, from packet-cdp.c; 0x0c and 0x0d are used by nobody. */
const tlvTypes = {
  deviceId: 0x01,
  addresses: 0x02,
  portId: 0x03,
  capabilities: 0x04,
  softwareVersion: 0x05,
  platform: 0x06,
  ipPrefixes: 0x07,
  protocolHello: 0x08,
  vtpDomain: 0x09,
  nativeVlan: 0x0a,
  duplex: 0x0b,
  voiceVlanReply: 0x0e,
  voiceVlanQuery: 0x0f,
  powerConsumption: 0x10,
  mtu: 0x11,
  trustBitmap: 0x12,
  untrustedCos: 0x13,
  systemName: 0x14,
  systemObjectId: 0x15,
  managementAddresses: 0x16,
  location: 0x17,
  externalPort: 0x18,
  powerRequested: 0x19,
  powerAvailable: 0x1a,
  unidirectional: 0x1b,
  secondPort: 0x1c,
  energyWise: 0x1d,
  sparePairPower: 0x1f,
} as const;

const protocolVersion = 2;
const checksumAt = 2;
const tlvHeaderLength = 4;
const ciscoOui = 0x00000c;
const cdpProtocol = 0x2000;
/** Byte that precedes a VLAN in the reply: the kind of appliance, as switches send it. */
const voiceAppliance = 1;
const nlpid = { type: 1, ipv4: 'cc' } as const;
const snapProtocol = { type: 2, ipv6: 'aaaa0300000086dd' } as const;

type Draft = { -readonly [Key in keyof CdpMessage]?: CdpMessage[Key] };
/** Puts what it reads into the draft as it goes, so that a value cut short leaves what it did hold. */
type ReadTlv = (value: ByteReader, into: Draft) => void;

const text = (value: ByteReader): string => bytesToText(value.rest());
const raw = (value: ByteReader): Uint8Array => value.rest();

function readAddresses(value: ByteReader, addresses: string[]): void {
  const count = value.u32('address count');
  for (let index = 0; index < count; index++) {
    value.skip(1, 'address protocol type');
    const protocol = Buffer.from(value.bytes(value.u8('address protocol length'), 'address protocol')).toString('hex');
    const address = value.part(value.u16('address length'), 'address');
    if (protocol === nlpid.ipv4 && address.remaining === 4) addresses.push(numberToIpv4(address.u32('address')));
    if (protocol === snapProtocol.ipv6 && address.remaining === 16) addresses.push(ipv6ToText(address.rest()));
  }
}

/** A single gateway is told by its four bytes, networks by five each. */
const readPrefixes: ReadTlv = (value, into) => {
  if (value.remaining === 4) {
    into.defaultGateway = numberToIpv4(value.u32('gateway'));
    return;
  }
  const prefixes: string[] = [];
  into.ipPrefixes = prefixes;
  while (value.remaining > 0) prefixes.push(`${numberToIpv4(value.u32('prefix'))}/${value.u8('prefix length')}`);
};

function readVoiceVlan(value: ByteReader): CdpVoiceVlan {
  const data = value.bytes(1, 'voice VLAN data');
  return value.remaining >= 2 ? { data, vlan: value.u16('voice VLAN') } : { data };
}

function readPower(value: ByteReader, keep: (power: CdpPower) => void): void {
  const milliwatts: number[] = [];
  keep({ requestId: value.u16('request id'), managementId: value.u16('management id'), milliwatts });
  while (value.remaining > 0) milliwatts.push(value.u32('power'));
}

const one =
  <Key extends keyof Draft>(field: Key, read: (value: ByteReader) => Draft[Key]): ReadTlv =>
  (value, into) => {
    into[field] = read(value);
  };
const addresses =
  (field: 'addresses' | 'managementAddresses'): ReadTlv =>
  (value, into) => {
    const found: string[] = [];
    into[field] = found;
    readAddresses(value, found);
  };
const power =
  (field: 'powerRequested' | 'powerAvailable'): ReadTlv =>
  (value, into) =>
    readPower(value, (read) => {
      into[field] = read;
    });

const readers: ReadonlyMap<number, ReadTlv> = new Map<number, ReadTlv>([
  [tlvTypes.deviceId, one('deviceId', text)],
  [tlvTypes.addresses, addresses('addresses')],
  [tlvTypes.portId, one('portId', text)],
  [tlvTypes.capabilities, one('capabilities', (value) => value.u32('capabilities'))],
  [tlvTypes.softwareVersion, one('softwareVersion', text)],
  [tlvTypes.platform, one('platform', text)],
  [tlvTypes.ipPrefixes, readPrefixes],
  [
    tlvTypes.protocolHello,
    one('protocolHello', (value) => ({ oui: value.u24('OUI'), protocol: value.u16('protocol'), data: value.rest() })),
  ],
  [tlvTypes.vtpDomain, one('vtpDomain', text)],
  [tlvTypes.nativeVlan, one('nativeVlan', (value) => value.u16('native VLAN'))],
  [tlvTypes.duplex, one('duplex', (value) => (value.u8('duplex') === 0 ? 'half' : 'full'))],
  [tlvTypes.voiceVlanReply, one('voiceVlanReply', readVoiceVlan)],
  [tlvTypes.voiceVlanQuery, one('voiceVlanQuery', readVoiceVlan)],
  [tlvTypes.powerConsumption, one('powerConsumptionMilliwatts', (value) => value.u16('power consumption'))],
  [tlvTypes.mtu, one('mtu', (value) => value.u32('MTU'))],
  [tlvTypes.trustBitmap, one('trustBitmap', (value) => value.u8('trust bitmap'))],
  [tlvTypes.untrustedCos, one('untrustedCos', (value) => value.u8('CoS'))],
  [tlvTypes.systemName, one('systemName', text)],
  [tlvTypes.managementAddresses, addresses('managementAddresses')],
  [tlvTypes.systemObjectId, one('systemObjectId', raw)],
  [tlvTypes.location, one('location', (value) => ({ kind: value.u8('kind of location'), text: text(value) }))],
  [tlvTypes.externalPort, one('externalPort', raw)],
  [tlvTypes.powerRequested, power('powerRequested')],
  [tlvTypes.powerAvailable, power('powerAvailable')],
  [tlvTypes.unidirectional, one('unidirectional', raw)],
  [tlvTypes.secondPort, one('secondPort', raw)],
  [tlvTypes.energyWise, one('energyWise', raw)],
  [tlvTypes.sparePairPower, one('sparePairPower', raw)],
]);

/**
 * `payload` starts at the CDP version byte and is already cut to the 802.3 length. Never throws. A TLV whose
 * value makes no sense is told in `malformed` (the first one is) and reading goes on behind it; a TLV length that
 * cannot be true ends the reading. Of a repeated TLV the last one counts.
 */
export function decodeCdp(payload: Uint8Array): CdpMessage {
  const reader = new ByteReader(payload);
  const tlvs: CdpTlv[] = [];
  const draft: Draft = {};
  let version = 0;
  let ttlSeconds = 0;
  let malformedValue: Malformed | undefined;
  const malformedFrame = malformedOf(() => {
    version = reader.u8('version');
    ttlSeconds = reader.u8('TTL');
    reader.skip(2, 'checksum');
    while (reader.remaining > 0) {
      const { type, value } = readTlv(reader);
      tlvs.push({ type, value: value.bytes });
      const readValue = readers.get(type);
      const malformed = readValue && malformedOf(() => readValue(value.reader, draft));
      malformedValue ??= malformed;
    }
  });
  const malformed = malformedValue ?? malformedFrame;
  const checksumOk = payload.length >= tlvHeaderLength && cdpChecksum(payload) === 0;
  return { version, ttlSeconds, checksumOk, ...draft, tlvs, ...(malformed && { malformed }) };
}

function readTlv(reader: ByteReader): { type: number; value: { bytes: Uint8Array; reader: ByteReader } } {
  const type = reader.u16('TLV type');
  const length = reader.u16('TLV length');
  if (length < tlvHeaderLength) reader.fail(`TLV length ${length} is shorter than its own header`);
  const base = reader.offset;
  const bytes = reader.bytes(length - tlvHeaderLength, `TLV 0x${type.toString(16)}`);
  return { type, value: { bytes, reader: new ByteReader(bytes, { base }) } };
}

/**
 * RFC 1071 but for a payload of odd length: there the last byte is the low half of a final word, and from 0x80 on
 * that word is 0xff00 + byte - 1 (Cisco's, kept by every implementation). Over a payload with its sum in place the
 * result is 0 when the sum is right.
 */
export function cdpChecksum(payload: Uint8Array): number {
  if (payload.length % 2 === 0) return internetChecksum(payload);
  const last = payload.at(-1) ?? 0;
  const word = last >= 0x80 ? 0xff00 + last - 1 : last;
  return internetChecksum(payload.subarray(0, -1), new ByteWriter().u16(word).finish());
}

/** Encodes TLVs in the order given; checksum as protocol (both odd-length rules). */
export function encodeCdp(message: { version?: number; ttlSeconds: number; tlvs: readonly CdpTlv[] }): Uint8Array {
  const writer = new ByteWriter()
    .u8(message.version ?? protocolVersion)
    .u8(message.ttlSeconds)
    .u16(0);
  for (const { type, value } of message.tlvs)
    writer
      .u16(type)
      .u16(value.length + tlvHeaderLength)
      .bytes(value);
  return writer.setU16(checksumAt, cdpChecksum(writer.finish())).finish();
}

const tlv = (type: number, write: (value: ByteWriter) => void): CdpTlv => {
  const writer = new ByteWriter();
  write(writer);
  return { type, value: writer.finish() };
};

const powerTlv = (type: number, power: CdpPower): CdpTlv =>
  tlv(type, (value) => {
    value.u16(power.requestId).u16(power.managementId);
    for (const level of power.milliwatts) value.u32(level);
  });

/** IPv4 under its NLPID, IPv6 under its SNAP protocol, in the order given. */
const addressesTlv = (type: number, list: readonly string[]): CdpTlv =>
  tlv(type, (value) => {
    value.u32(list.length);
    for (const address of list) {
      const isIpv6 = address.includes(':');
      const protocol = Buffer.from(isIpv6 ? snapProtocol.ipv6 : nlpid.ipv4, 'hex');
      const bytes = isIpv6 ? ipv6ToBytes(address) : new ByteWriter().u32(ipv4ToNumber(address)).finish();
      value
        .u8(isIpv6 ? snapProtocol.type : nlpid.type)
        .u8(protocol.length)
        .bytes(protocol)
        .u16(bytes.length)
        .bytes(bytes);
    }
  });

/** `10.0.0.0/8`. */
const prefixBytes = (prefix: string): Uint8Array => {
  const [address = '', length = '32'] = prefix.split('/');
  return new ByteWriter().u32(ipv4ToNumber(address)).u8(Number(length)).finish();
};

const rawTlv =
  (type: number) =>
  (bytes: Uint8Array): CdpTlv =>
    tlv(type, (value) => value.bytes(bytes));

/** TLV builders, so that no caller writes a type number. Texts carry no NUL. */
export const cdpTlv = {
  deviceId: (deviceId: string): CdpTlv => tlv(tlvTypes.deviceId, (value) => value.text(deviceId)),
  /** IPv4 and IPv6. */
  addresses: (list: readonly string[]): CdpTlv => addressesTlv(tlvTypes.addresses, list),
  portId: (portId: string): CdpTlv => tlv(tlvTypes.portId, (value) => value.text(portId)),
  capabilities: (bits: number): CdpTlv => tlv(tlvTypes.capabilities, (value) => value.u32(bits)),
  softwareVersion: (version: string): CdpTlv => tlv(tlvTypes.softwareVersion, (value) => value.text(version)),
  platform: (platform: string): CdpTlv => tlv(tlvTypes.platform, (value) => value.text(platform)),
  ipPrefixes: (prefixes: readonly string[]): CdpTlv =>
    tlv(tlvTypes.ipPrefixes, (value) => {
      for (const prefix of prefixes) value.bytes(prefixBytes(prefix));
    }),
  defaultGateway: (ipv4: string): CdpTlv => tlv(tlvTypes.ipPrefixes, (value) => value.u32(ipv4ToNumber(ipv4))),
  protocolHello: ({ oui, protocol, data }: CdpProtocolHello): CdpTlv =>
    tlv(tlvTypes.protocolHello, (value) => value.u24(oui).u16(protocol).bytes(data)),
  vtpDomain: (domain: string): CdpTlv => tlv(tlvTypes.vtpDomain, (value) => value.text(domain)),
  nativeVlan: (id: number): CdpTlv => tlv(tlvTypes.nativeVlan, (value) => value.u16(id)),
  duplex: (full: boolean): CdpTlv => tlv(tlvTypes.duplex, (value) => value.u8(full ? 1 : 0)),
  /** TLV length 7, as a WS-C2950 sends it. */
  voiceVlanReply: (vlan: number): CdpTlv => tlv(tlvTypes.voiceVlanReply, (value) => value.u8(voiceAppliance).u16(vlan)),
  /** A 7960 sends the four bytes 20 02 00 01. */
  voiceVlanQuery: (query: Uint8Array): CdpTlv => tlv(tlvTypes.voiceVlanQuery, (value) => value.bytes(query)),
  powerConsumption: (milliwatts: number): CdpTlv => tlv(tlvTypes.powerConsumption, (value) => value.u16(milliwatts)),
  powerRequested: (power: CdpPower): CdpTlv => powerTlv(tlvTypes.powerRequested, power),
  /** `levelMilliwatts` 0xffffffff: no preference. */
  powerAvailable: (
    requestId: number,
    managementId: number,
    availableMilliwatts: number,
    levelMilliwatts: number,
  ): CdpTlv =>
    powerTlv(tlvTypes.powerAvailable, {
      requestId,
      managementId,
      milliwatts: [availableMilliwatts, levelMilliwatts],
    }),
  trustBitmap: (bits: number): CdpTlv => tlv(tlvTypes.trustBitmap, (value) => value.u8(bits)),
  untrustedCos: (cos: number): CdpTlv => tlv(tlvTypes.untrustedCos, (value) => value.u8(cos)),
  mtu: (bytes: number): CdpTlv => tlv(tlvTypes.mtu, (value) => value.u32(bytes)),
  systemName: (name: string): CdpTlv => tlv(tlvTypes.systemName, (value) => value.text(name)),
  systemObjectId: rawTlv(tlvTypes.systemObjectId),
  managementAddresses: (list: readonly string[]): CdpTlv => addressesTlv(tlvTypes.managementAddresses, list),
  location: ({ kind, text: words }: CdpLocation): CdpTlv =>
    tlv(tlvTypes.location, (value) => value.u8(kind).text(words)),
  externalPort: rawTlv(tlvTypes.externalPort),
  unidirectional: rawTlv(tlvTypes.unidirectional),
  secondPort: rawTlv(tlvTypes.secondPort),
  energyWise: rawTlv(tlvTypes.energyWise),
  sparePairPower: rawTlv(tlvTypes.sparePairPower),
} as const;

export const cdpMulticast = '01:00:0c:cc:cc:cc';

/** Whether a decoded frame carries CDP (LLC/SNAP, Cisco's OUI, protocol 0x2000). */
export const isCdpBody = (body: { kind: string; oui?: number; protocol?: number }): boolean =>
  body.kind === 'snap' && body.oui === ciscoOui && body.protocol === cdpProtocol;

/** Whole 802.3 LLC/SNAP frame around a CDP payload, untagged, padded to 60 bytes. */
export function cdpFrame(source: string, payload: Uint8Array): Uint8Array {
  return encodeSnap({ destination: cdpMulticast, source, oui: ciscoOui, protocol: cdpProtocol, payload });
}
