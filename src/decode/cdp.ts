/**
 * CDP as a dissector reads it: a value shorter than its kind needs is read on into the bytes behind it, so that what
 * strange devices send is shown as tshark shows it. The bench itself reads with src/wire/cdp.ts, which takes no such value.
 */
import { cdpChecksum } from '../wire/cdp.js';
import { type Malformed, MalformedBytes } from '../wire/cursor.js';
import { ipv6ToText } from '../wire/ipv6.js';
import { ascii } from './text.js';

export interface CdpFields {
  version?: number;
  ttlSeconds?: number;
  checksumOk?: boolean;
  deviceId?: string;
  addresses?: string[];
  portId?: string;
  capabilities?: number;
  softwareVersion?: string;
  platform?: string;
  vtpDomain?: string;
  nativeVlan?: number;
  duplex?: 'full' | 'half';
  voiceVlanReply?: VoiceVlan;
  voiceVlanQuery?: VoiceVlan;
  powerConsumptionMilliwatts?: number;
  mtu?: number;
  trustBitmap?: number;
  untrustedCos?: number;
  systemName?: string;
  managementAddresses?: string[];
  powerRequested?: Power;
  powerAvailable?: Power;
  tlvTypes: number[];
  malformed?: Malformed;
}

interface VoiceVlan {
  readonly data: string;
  readonly vlan?: number;
}
interface Power {
  readonly requestId: number;
  readonly managementId?: number;
  readonly milliwatts: number[];
}

const header = { message: 4, tlv: 4 } as const;
const nlpidIpv4 = 0xcc;
/** HP's own TLV types, and their upper byte. */
const hewlettPackard = 0x10;
const hewlettPackardTypes: ReadonlySet<number> = new Set(
  [0, 1, 2, 3, 6, 7, 8, 9, 10, 11, 12, 13].map((low) => (hewlettPackard << 8) | low),
);
const ipv6Protocol = 'aaaa0300000086dd';

/** Reads a whole message; what stands before damage stays. Of a repeated TLV the first one counts, addresses add up. */
export function readCdpFields(payload: Buffer): CdpFields {
  const fields: CdpFields = { tlvTypes: [] };
  if (payload.length >= 1) fields.version = payload.readUInt8(0);
  if (payload.length >= 2) fields.ttlSeconds = payload.readUInt8(1);
  if (payload.length < header.message) {
    fields.malformed = { offset: payload.length, reason: 'the message ends before its checksum does' };
    return fields;
  }
  fields.checksumOk = cdpChecksum(payload) === 0;
  try {
    new TlvReader(payload, fields).read();
  } catch (error) {
    if (!(error instanceof MalformedBytes)) throw error;
    fields.malformed ??= { offset: error.offset, reason: error.message };
  }
  return fields;
}

/** Lines end in CR, LF or both, and their text at a NUL. */
const lines = (text: string): string => text.replace(/\r\n?/g, '\n').replace(/\n$/, '').replace(/\0.*/g, '');

class TlvReader {
  readonly #bytes: Buffer;
  readonly #fields: CdpFields;

  constructor(bytes: Buffer, fields: CdpFields) {
    this.#bytes = bytes;
    this.#fields = fields;
  }

  #need(at: number, count: number, what: string): void {
    if (at + count > this.#bytes.length) throw new MalformedBytes(at, `${what} needs ${count} bytes`);
  }
  #u8(at: number, what: string): number {
    this.#need(at, 1, what);
    return this.#bytes.readUInt8(at);
  }
  #u16(at: number, what: string): number {
    this.#need(at, 2, what);
    return this.#bytes.readUInt16BE(at);
  }
  #u32(at: number, what: string): number {
    this.#need(at, 4, what);
    return this.#bytes.readUInt32BE(at);
  }
  #text(at: number, length: number): string {
    this.#need(at, length, 'text');
    return ascii(this.#bytes.toString('latin1', at, at + length));
  }

  read(): void {
    let at: number = header.message;
    while (at !== this.#bytes.length) {
      const type = this.#u16(at, 'TLV type');
      const length = this.#u16(at + 2, 'TLV length');
      if (length < header.tlv) {
        this.#fields.tlvTypes.push(type);
        throw new MalformedBytes(at + 2, `TLV length ${length} is shorter than its own header`);
      }
      const next = this.#value(type, at, length);
      if (next === undefined) return;
      at = next;
    }
  }

  /** The TLV is all there: it is listed. */
  #list(type: number, at: number, length: number): void {
    this.#need(at, length, `TLV 0x${type.toString(16)}`);
    this.#fields.tlvTypes.push(type);
  }

  /** Where the next TLV starts; undefined: reading ends here. */
  #value(type: number, at: number, length: number): number | undefined {
    const fields = this.#fields;
    const value = at + header.tlv;
    const size = length - header.tlv;
    switch (type) {
      case 0x01:
        this.#keep('deviceId', type, at, length);
        break;
      case 0x02:
      case 0x16:
        return this.#addresses(type, at, length);
      case 0x03:
        return this.#portId(type, at, length);
      case 0x04:
        this.#list(type, at, length);
        if (size >= 4) fields.capabilities ??= this.#u32(value, 'capabilities');
        break;
      case 0x05: {
        this.#list(type, at, length);
        const version = lines(this.#bytes.toString('utf8', value, at + length));
        if (version !== '') fields.softwareVersion ??= version;
        break;
      }
      case 0x06:
        this.#keep('platform', type, at, length);
        break;
      case 0x07:
        this.#list(type, at, length);
        // A default gateway, or prefixes of five bytes.
        if (size !== 4 && size % 5 !== 0) throw new MalformedBytes(value, `prefixes of ${size} bytes`);
        break;
      case 0x09:
        this.#keep('vtpDomain', type, at, length);
        break;
      case 0x0a:
        this.#u16(value, 'native VLAN');
        this.#list(type, at, length);
        fields.nativeVlan ??= this.#u16(value, 'native VLAN');
        break;
      case 0x0b:
        this.#u8(value, 'duplex');
        this.#list(type, at, length);
        fields.duplex ??= this.#u8(value, 'duplex') === 0 ? 'half' : 'full';
        break;
      case 0x0e:
        this.#voiceVlan('voiceVlanReply', type, at, length);
        break;
      case 0x0f:
        this.#voiceVlan('voiceVlanQuery', type, at, length);
        break;
      case 0x10:
        this.#u16(value, 'power consumption');
        this.#list(type, at, length);
        fields.powerConsumptionMilliwatts ??= this.#u16(value, 'power consumption');
        break;
      case 0x11:
        this.#u32(value, 'MTU');
        this.#list(type, at, length);
        fields.mtu ??= this.#u32(value, 'MTU');
        break;
      case 0x12:
        this.#u8(value, 'trust bitmap');
        this.#list(type, at, length);
        fields.trustBitmap ??= this.#u8(value, 'trust bitmap');
        break;
      case 0x13:
        this.#u8(value, 'CoS');
        this.#list(type, at, length);
        fields.untrustedCos ??= this.#u8(value, 'CoS');
        break;
      case 0x14:
        this.#keep('systemName', type, at, length);
        break;
      case 0x19:
      case 0x1a:
        return this.#power(type, at, length);
      default:
        return this.#other(type, at, length);
    }
    return at + length;
  }

  #keep(field: 'deviceId' | 'platform' | 'vtpDomain' | 'systemName', type: number, at: number, length: number): void {
    const text = this.#listedText(type, at, length);
    this.#fields[field] ??= text;
  }

  #listedText(type: number, at: number, length: number): string {
    this.#list(type, at, length);
    return this.#text(at + header.tlv, length - header.tlv);
  }

  /** Some device's length lacks three bytes: where the next TLV cannot begin, they are taken for the port's. */
  #portId(type: number, at: number, length: number): number {
    const behind = this.#bytes[at + length];
    const isShort = this.#bytes.length - at >= length + 3 && behind !== 0 && behind !== hewlettPackard;
    const whole = isShort ? length + 3 : length;
    const portId = this.#listedText(type, at, whole);
    this.#fields.portId ??= portId;
    return at + whole;
  }

  #addresses(type: number, from: number, length: number): number {
    this.#list(type, from, length);
    const field = type === 0x02 ? 'addresses' : 'managementAddresses';
    const found = this.#fields[field] ?? [];
    this.#fields[field] = found;
    let count = this.#u32(from + 4, 'address count');
    let at = from + 8;
    let left = (length - 8) & 0xffff;
    for (; count > 0; count--) {
      const size = this.#address(at, left, found);
      if (size === undefined) break;
      at += size;
      left -= size;
    }
    return at + left;
  }

  /** Its size; undefined: the TLV does not hold it whole. */
  #address(at: number, left: number, found: string[]): number | undefined {
    if (left < 1) return undefined;
    this.#need(at, left, 'address');
    if (left < 2) return undefined;
    const kind = this.#u8(at, 'protocol type');
    const protocolLength = this.#u8(at + 1, 'protocol length');
    const behind = left - 2 - protocolLength;
    if (behind < 2) return undefined;
    const lengthAt = at + 2 + protocolLength;
    this.#need(at, 2 + protocolLength, 'protocol');
    const addressLength = this.#u16(lengthAt, 'address length');
    if (behind - 2 < addressLength) return undefined;
    const value = lengthAt + 2;
    this.#need(value, addressLength, 'address');
    const protocol = this.#bytes.toString('hex', at + 2, lengthAt);
    if (kind === 1 && protocolLength === 1 && this.#bytes[at + 2] === nlpidIpv4 && addressLength === 4)
      found.push(this.#bytes.subarray(value, value + 4).join('.'));
    if (kind === 2 && protocol === ipv6Protocol && addressLength === 16)
      found.push(ipv6ToText(this.#bytes.subarray(value, value + 16)));
    return 4 + protocolLength + addressLength;
  }

  #voiceVlan(field: 'voiceVlanReply' | 'voiceVlanQuery', type: number, at: number, length: number): void {
    // Two bytes are not told apart: as a VLAN the usual 0x2000 would make no sense.
    const dataBytes = length === header.tlv + 2 ? 2 : 1;
    this.#list(type, at, length);
    this.#need(at + header.tlv, dataBytes, 'voice VLAN data');
    const data = this.#bytes.toString('hex', at + header.tlv, at + header.tlv + dataBytes);
    const isFirst = this.#fields[field] === undefined;
    if (isFirst) this.#fields[field] = { data };
    if (dataBytes === 2) return;
    const vlan = this.#u16(at + header.tlv + 1, 'voice VLAN');
    if (isFirst) this.#fields[field] = { data, vlan };
  }

  #power(type: number, from: number, length: number): number {
    this.#list(type, from, length);
    const field = type === 0x19 ? 'powerRequested' : 'powerAvailable';
    const isFirst = this.#fields[field] === undefined;
    const requestId = this.#u16(from + 4, 'request id');
    const milliwatts: number[] = [];
    if (isFirst) this.#fields[field] = { requestId, milliwatts };
    const managementId = this.#u16(from + 6, 'management id');
    if (isFirst) this.#fields[field] = { requestId, managementId, milliwatts };
    const end = from + length;
    let at = from + 8;
    for (; end - at >= 4; at += 4) milliwatts.push(this.#u32(at, 'power'));
    return end;
  }

  /** Kinds without a field here. Some of them a dissector reads by fixed places, which may lie behind the TLV's end. */
  #other(type: number, at: number, length: number): number | undefined {
    switch (type) {
      case 0x08:
        this.#hello(type, at, length);
        break;
      case 0x17:
        // A location's kind, then its name.
        this.#need(at, header.tlv + 1, 'location');
        this.#list(type, at, length);
        break;
      case 0x1d:
        this.#list(type, at, length);
        this.#energyWise(at);
        break;
      default: {
        this.#list(type, at, length);
        const isKnown = type === 0x15 || type === 0x1f || hewlettPackardTypes.has(type);
        if (!isKnown && length === header.tlv) return undefined;
      }
    }
    return at + length;
  }

  #hello(type: number, at: number, length: number): void {
    const protocols = { clusterManagement: 0x0112 } as const;
    const protocol = this.#u16(at + 7, 'hello protocol');
    this.#list(type, at, length);
    if (protocol === protocols.clusterManagement) this.#need(at, 36, 'cluster management');
    else if (length < 8) throw new MalformedBytes(at, `a hello of ${length} bytes`);
  }

  /** A table of TLVs behind a head of fixed size; their lengths count their own heads of eight bytes. */
  #energyWise(from: number): void {
    const kinds = { role: 7, domain: 8, name: 9, replyTo: 0x17 } as const;
    const head = 76;
    this.#need(from, head, 'EnergyWise');
    let left = this.#u16(from + 72, 'table length');
    let at = from + head;
    for (let count = this.#u16(from + 74, 'table entries'); count > 0 && left >= 8; count--) {
      const kind = this.#u32(at, 'entry');
      const length = this.#u32(at + 4, 'entry length');
      if (left < length) break;
      left -= length;
      this.#need(at, kind === kinds.replyTo ? 22 : Math.max(length, 8), 'entry');
      at += Math.max(length, 8);
      if (length < 8) break;
    }
    if (left > 0) this.#need(at, left, 'EnergyWise');
  }
}
