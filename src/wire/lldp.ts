/**
 * LLDP (IEEE 802.1AB) with LLDP-MED (ANSI/TIA-1057) and 802.3's power TLV. TLV: seven bits of type, nine of length,
 * value. Chassis, port and time to live come first and in this order; whatever stands there instead ends the reading,
 * as it does in tshark.
 */
import { ByteReader, ByteWriter, bytesToText, type Malformed, malformedOf, textToBytes } from './cursor.js';
import { encodeEthernet, etherTypes, macToBytes, macToText } from './ethernet.js';
import { ipv4ToNumber, numberToIpv4 } from './ipv4.js';
import { ipv6ToText } from './ipv6.js';

export interface LldpTlv {
  readonly type: number;
  readonly value: Uint8Array;
}
export interface LldpPolicy {
  /** 1 voice, 2 voice signalling (TIA-1057 table 12). */
  readonly application: number;
  /** The sender knows no policy yet; the rest is zeros. */
  readonly unknown: boolean;
  readonly tagged: boolean;
  readonly vlan: number;
  readonly priority: number;
  readonly dscp: number;
}
export interface LldpMedPower {
  /** 0: a switch, 1: a powered device. */
  readonly type: number;
  /** Switch: 1 primary, 2 backup. Device: 1 switch, 2 local, 3 both. 0: unknown. */
  readonly source: number;
  /** 1 critical, 2 high, 3 low, 0 unknown. */
  readonly priority: number;
  readonly deciwatts: number;
}
export interface LldpInventory {
  readonly hardware?: string;
  readonly firmware?: string;
  readonly software?: string;
  readonly serial?: string;
  readonly manufacturer?: string;
  readonly model?: string;
  readonly assetId?: string;
}
export interface LldpMed {
  readonly capabilities?: number;
  /** 1..3: endpoint, 3 is a phone; 4: a switch. */
  readonly deviceClass?: number;
  readonly policies: readonly LldpPolicy[];
  readonly power?: LldpMedPower;
  readonly inventory?: LldpInventory;
}
/** 802.3 clause 79.3.1. */
export interface LldpMacPhy {
  readonly autoNegotiation: number;
  readonly advertised: number;
  readonly mau: number;
}
/** 802.3 clause 79.3.2; the part behind `class` came with 802.3at. */
export interface LldpMdiPower {
  readonly support: number;
  readonly pairs: number;
  readonly class: number;
  readonly typeSourcePriority?: number;
  readonly requestedDeciwatts?: number;
  readonly allocatedDeciwatts?: number;
}
/** An LLDP message as read; absent in the packet = absent here. Of a repeated TLV the first one counts, lists grow. */
export interface LldpMessage {
  readonly chassisIdSubtype?: number;
  /** A MAC or an address by its subtype, else a text with one character per byte. */
  readonly chassisId?: string;
  readonly portIdSubtype?: number;
  readonly portId?: string;
  /** 0: the sender goes away. */
  readonly ttlSeconds?: number;
  readonly portDescription?: string;
  readonly systemName?: string;
  readonly systemDescription?: string;
  readonly capabilities?: number;
  readonly enabledCapabilities?: number;
  readonly managementAddresses?: readonly string[];
  readonly portVlan?: number;
  readonly macPhy?: LldpMacPhy;
  readonly mdiPower?: LldpMdiPower;
  readonly med?: LldpMed;
  /** Every TLV whose bytes are all there, in order, the ending one included. */
  readonly tlvs: readonly LldpTlv[];
  readonly malformed?: Malformed;
}

export const lldpTlvTypes = {
  end: 0,
  chassisId: 1,
  portId: 2,
  ttl: 3,
  portDescription: 4,
  systemName: 5,
  systemDescription: 6,
  capabilities: 7,
  managementAddress: 8,
  organisation: 127,
} as const;
/** IEEE 802.1AB table 8-2 and 8-3: the same kinds go by different numbers. */
export const lldpSubtypes = {
  chassis: { mac: 4, address: 5, interfaceName: 6, local: 7 },
  port: { mac: 3, address: 4, interfaceName: 5, local: 7 },
} as const;
export const lldpCapabilities = { bridge: 0x04, router: 0x10, telephone: 0x20 } as const;
export const lldpMedCapabilities = {
  capabilities: 0x01,
  policy: 0x02,
  location: 0x04,
  powerSource: 0x08,
  powerDevice: 0x10,
  inventory: 0x20,
} as const;

const ouis = { ieee8021: 0x0080c2, ieee8023: 0x00120f, med: 0x0012bb } as const;
const subtypes = {
  ieee8021: { portVlan: 1 },
  ieee8023: { macPhy: 1, mdiPower: 2 },
  med: { capabilities: 1, policy: 2, location: 3, power: 4 },
} as const;
/** MED subtypes from 5 on. */
const inventoryFields = [
  'hardware',
  'firmware',
  'software',
  'serial',
  'manufacturer',
  'model',
  'assetId',
] as const satisfies (keyof LldpInventory)[];
const firstInventorySubtype = 5;
/** IANA address family numbers. */
const families = { ipv4: 1, ipv6: 2 } as const;
const typeShift = 9;
const longestValue = 0x1ff;
const macLength = 6;
/** Subtype and value. */
const longestId = 256;
const interfaceIndex = 2;

type Draft = { -readonly [Key in keyof LldpMessage]?: LldpMessage[Key] };
type ReadTlv = (value: ByteReader, into: Draft) => void;

const text = (value: ByteReader): string => bytesToText(value.rest());

/** Values and lengths as tshark takes them: a value of a length that its subtype cannot have ends the message. */
function readId(value: ByteReader, kinds: { readonly mac: number; readonly address: number }) {
  if (value.remaining < 2) value.fail(`an id of ${value.remaining} bytes`);
  const subtype = value.u8('id subtype');
  return { subtype, read: () => readIdValue(value, subtype, kinds) };
}

function readIdValue(
  value: ByteReader,
  subtype: number,
  kinds: { readonly mac: number; readonly address: number },
): string {
  if (subtype === kinds.mac) {
    if (value.remaining !== macLength) value.fail(`a MAC of ${value.remaining} bytes`);
    return macToText(value.rest());
  }
  if (subtype !== kinds.address) {
    if (value.remaining >= longestId) value.fail(`an id of ${value.remaining} bytes`);
    return text(value);
  }
  const family = value.u8('address family');
  const length = family === families.ipv4 ? 4 : family === families.ipv6 ? 16 : value.remaining;
  if (value.remaining !== length) value.fail(`an address of ${value.remaining} bytes`);
  if (family === families.ipv4) return numberToIpv4(value.u32('address'));
  if (family === families.ipv6) return ipv6ToText(value.rest());
  if (value.remaining === 0) value.fail('an address of 0 bytes');
  return text(value);
}

function readManagementAddress(value: ByteReader, into: Draft): void {
  const length = value.u8('address length');
  const family = value.u8('address family');
  const found = into.managementAddresses ?? [];
  const start = value.peek();
  if (family === families.ipv4) into.managementAddresses = [...found, numberToIpv4(value.u32('address'))];
  else if (family === families.ipv6) into.managementAddresses = [...found, ipv6ToText(value.bytes(16, 'address'))];
  // The interface follows the length told, not the length of the family.
  const behind = new ByteReader(start, { base: value.offset - (start.length - value.remaining) });
  behind.skip(Math.max(length - 1, 0), 'address');
  behind.skip(5, 'interface');
  behind.skip(behind.u8('object id length'), 'object id');
}

function readPolicy(value: ByteReader): LldpPolicy {
  const application = value.u8('application');
  const bits = value.u24('policy');
  return {
    application,
    unknown: (bits & 0x800000) !== 0,
    tagged: (bits & 0x400000) !== 0,
    vlan: (bits >>> 9) & 0xfff,
    priority: (bits >>> 6) & 7,
    dscp: bits & 0x3f,
  };
}

function readMedPower(value: ByteReader): LldpMedPower {
  const bits = value.u8('power');
  return { type: bits >>> 6, source: (bits >>> 4) & 3, priority: bits & 0xf, deciwatts: value.u16('power value') };
}

/** What is too short here is passed over; the TLVs behind it are read all the same. */
function isShort(value: ByteReader, least: number, what: string, into: Draft): boolean {
  if (value.remaining >= least) return false;
  into.malformed ??= { offset: value.offset, reason: `${what} needs ${least} bytes, ${value.remaining} are left` };
  return true;
}

/** A civic address (RFC 4776) with a part that is cut ends the message, as in tshark; nothing else of it is read. */
function readLocation(value: ByteReader): void {
  const civicAddress = 2;
  if (value.remaining < 2 || value.u8('location format') !== civicAddress) return;
  const length = value.u8('civic address length');
  if (length === 0 || length > value.remaining) return;
  const address = value.part(length, 'civic address');
  address.skip(3, 'country');
  while (address.remaining > 0) {
    address.skip(1, 'part of the address');
    const partLength = address.u8('length of a part of the address');
    if (partLength > address.remaining) return;
    address.skip(partLength, 'part of the address');
  }
}

function readMed(value: ByteReader, into: Draft): void {
  const subtype = value.u8('MED subtype');
  const med = into.med ?? { policies: [] };
  into.med = med;
  if (subtype === subtypes.med.capabilities) {
    if (isShort(value, 2, 'MED capabilities', into)) return;
    into.med = { capabilities: value.u16('MED capabilities'), ...med };
    if (!isShort(value, 1, 'device class', into)) into.med = { deviceClass: value.u8('device class'), ...into.med };
  } else if (subtype === subtypes.med.policy) {
    if (!isShort(value, 4, 'policy', into)) into.med = { ...med, policies: [...med.policies, readPolicy(value)] };
  } else if (subtype === subtypes.med.location) readLocation(value);
  else if (subtype === subtypes.med.power) into.med = { power: readMedPower(value), ...med };
  else {
    const field = inventoryFields[subtype - firstInventorySubtype];
    if (field !== undefined && value.remaining > 0)
      into.med = { ...med, inventory: { [field]: text(value), ...med.inventory } };
  }
}

function read8023(value: ByteReader, into: Draft): void {
  const subtype = value.u8('802.3 subtype');
  if (subtype === subtypes.ieee8023.macPhy) {
    const autoNegotiation = value.u8('auto-negotiation');
    into.macPhy = { autoNegotiation, advertised: value.u16('advertised'), mau: value.u16('MAU type') };
  } else if (subtype === subtypes.ieee8023.mdiPower) {
    const old = { support: value.u8('power support'), pairs: value.u8('pairs'), class: value.u8('power class') };
    into.mdiPower = old;
    if (value.remaining === 0) return;
    into.mdiPower = {
      ...old,
      typeSourcePriority: value.u8('power type'),
      requestedDeciwatts: value.u16('requested power'),
      allocatedDeciwatts: value.u16('allocated power'),
    };
  } else value.skip(leastOf8023.get(subtype) ?? 0, `802.3 TLV ${subtype}`);
}

/** What the TLVs that are not told must hold, in bytes behind their subtype; one that is shorter ends the message. */
const leastOf8023: ReadonlyMap<number, number> = new Map([
  [3, 5],
  [4, 2],
  [5, 10],
  [7, 2],
]);
const leastOf8021: ReadonlyMap<number, number> = new Map([
  [2, 3],
  [7, 5],
  [8, 2],
  [9, 21],
  [10, 21],
  [11, 2],
  [12, 1],
]);

function read8021(value: ByteReader, into: Draft): void {
  const names = { vlan: 3, protocol: 4 } as const;
  const subtype = value.u8('802.1 subtype');
  if (subtype === subtypes.ieee8021.portVlan) into.portVlan = value.u16('port VLAN');
  else if (subtype === names.vlan || subtype === names.protocol) {
    if (subtype === names.vlan) value.skip(2, 'VLAN');
    value.skip(value.u8('length of a name'), 'name');
  } else value.skip(leastOf8021.get(subtype) ?? 0, `802.1 TLV ${subtype}`);
}

function readOrganisation(value: ByteReader, into: Draft): void {
  const oui = value.u24('OUI');
  if (oui === ouis.med) readMed(value, into);
  else if (oui === ouis.ieee8023) read8023(value, into);
  else if (oui === ouis.ieee8021) read8021(value, into);
}

const readers: ReadonlyMap<number, ReadTlv> = new Map<number, ReadTlv>([
  [
    lldpTlvTypes.chassisId,
    (value, into) => {
      const id = readId(value, lldpSubtypes.chassis);
      into.chassisIdSubtype = id.subtype;
      into.chassisId = id.read();
    },
  ],
  [
    lldpTlvTypes.portId,
    (value, into) => {
      const id = readId(value, lldpSubtypes.port);
      into.portIdSubtype = id.subtype;
      into.portId = id.read();
    },
  ],
  [
    lldpTlvTypes.ttl,
    (value, into) => {
      into.ttlSeconds = value.u16('time to live');
    },
  ],
  [
    lldpTlvTypes.portDescription,
    (value, into) => {
      into.portDescription ??= text(value);
    },
  ],
  [
    lldpTlvTypes.systemName,
    (value, into) => {
      into.systemName ??= text(value);
    },
  ],
  [
    lldpTlvTypes.systemDescription,
    (value, into) => {
      into.systemDescription ??= text(value);
    },
  ],
  [
    lldpTlvTypes.capabilities,
    (value, into) => {
      into.capabilities ??= value.u16('capabilities');
      into.enabledCapabilities ??= value.u16('enabled capabilities');
    },
  ],
  [lldpTlvTypes.managementAddress, readManagementAddress],
  [lldpTlvTypes.organisation, readOrganisation],
]);

/** What is shorter cannot even be told apart. */
const leastValues: ReadonlyMap<number, number> = new Map([
  [lldpTlvTypes.chassisId, 1],
  [lldpTlvTypes.portId, 1],
  [lldpTlvTypes.ttl, 2],
  [lldpTlvTypes.organisation, 4],
]);
const mandatory = [lldpTlvTypes.chassisId, lldpTlvTypes.portId, lldpTlvTypes.ttl] as const;

/** `payload` starts behind the Ethernet type and may have padding at its end. Never throws. */
export function decodeLldp(payload: Uint8Array): LldpMessage {
  const reader = new ByteReader(payload);
  const tlvs: LldpTlv[] = [];
  const draft: Draft = {};
  const malformed = malformedOf(() => {
    while (tlvs.length < mandatory.length || reader.remaining > 0) {
      const at = reader.offset;
      const header = reader.u16('TLV header');
      const type = header >>> typeShift;
      const expected = mandatory[tlvs.length];
      if (expected !== undefined && type !== expected)
        throwAt(reader, at, `TLV ${type} where TLV ${expected} must stand`);
      // A time to live is two bytes, whatever its length says.
      const length = header & longestValue;
      if (length > reader.remaining) throwAt(reader, at, `TLV ${type} of ${length} bytes is cut`);
      const value = reader.part(type === lldpTlvTypes.ttl ? Math.min(length, 2) : length, `TLV ${type}`);
      if (value.remaining < (leastValues.get(type) ?? 0)) value.fail(`TLV ${type} of ${length} bytes`);
      tlvs.push({ type, value: value.peek() });
      if (type === lldpTlvTypes.end) return;
      if (expected === undefined && type <= lldpTlvTypes.ttl) throwAt(reader, at, `a second TLV ${type}`);
      readers.get(type)?.(value, draft);
    }
  });
  return { ...draft, tlvs, ...(malformed && { malformed }) };
}

function throwAt(reader: ByteReader, at: number, reason: string): never {
  return new ByteReader(reader.peek(), { base: at }).fail(reason);
}

/** Encodes TLVs in the order given and ends the message. */
export function encodeLldp(message: { readonly tlvs: readonly LldpTlv[] }): Uint8Array {
  const writer = new ByteWriter();
  for (const { type, value } of message.tlvs) writer.u16((type << typeShift) | value.length).bytes(value);
  return writer.u16(lldpTlvTypes.end).finish();
}

const tlv = (type: number, write: (value: ByteWriter) => void): LldpTlv => {
  const writer = new ByteWriter();
  write(writer);
  return { type, value: writer.finish() };
};
const organisation = (oui: number, subtype: number, write: (value: ByteWriter) => void): LldpTlv =>
  tlv(lldpTlvTypes.organisation, (value) => write(value.u24(oui).u8(subtype)));
const id = (type: number, subtype: number, bytes: Uint8Array): LldpTlv =>
  tlv(type, (value) => value.u8(subtype).bytes(bytes));
const ipv4Id = (address: string): Uint8Array => new ByteWriter().u8(families.ipv4).u32(ipv4ToNumber(address)).finish();

/** TLV builders, so that no caller writes a type number. Texts carry no NUL. */
export const lldpTlv = {
  chassisMac: (mac: string) => id(lldpTlvTypes.chassisId, lldpSubtypes.chassis.mac, macToBytes(mac)),
  /** A 7911's: its IPv4 address. */
  chassisAddress: (ipv4: string) => id(lldpTlvTypes.chassisId, lldpSubtypes.chassis.address, ipv4Id(ipv4)),
  portMac: (mac: string) => id(lldpTlvTypes.portId, lldpSubtypes.port.mac, macToBytes(mac)),
  portInterface: (name: string) => id(lldpTlvTypes.portId, lldpSubtypes.port.interfaceName, textToBytes(name)),
  /** A 7911's: `<MAC>:P1`. */
  portLocal: (name: string) => id(lldpTlvTypes.portId, lldpSubtypes.port.local, textToBytes(name)),
  ttl: (seconds: number) => tlv(lldpTlvTypes.ttl, (value) => value.u16(seconds)),
  portDescription: (words: string) => tlv(lldpTlvTypes.portDescription, (value) => value.text(words)),
  systemName: (words: string) => tlv(lldpTlvTypes.systemName, (value) => value.text(words)),
  systemDescription: (words: string) => tlv(lldpTlvTypes.systemDescription, (value) => value.text(words)),
  capabilities: (able: number, enabled: number) =>
    tlv(lldpTlvTypes.capabilities, (value) => value.u16(able).u16(enabled)),
  managementAddress: (ipv4: string, interfaceNumber = 1) =>
    tlv(lldpTlvTypes.managementAddress, (value) =>
      value.u8(5).bytes(ipv4Id(ipv4)).u8(interfaceIndex).u32(interfaceNumber).u8(0),
    ),
  portVlan: (vlan: number) => organisation(ouis.ieee8021, subtypes.ieee8021.portVlan, (value) => value.u16(vlan)),
  macPhy: ({ autoNegotiation, advertised, mau }: LldpMacPhy) =>
    organisation(ouis.ieee8023, subtypes.ieee8023.macPhy, (value) =>
      value.u8(autoNegotiation).u16(advertised).u16(mau),
    ),
  mdiPower: (power: LldpMdiPower) =>
    organisation(ouis.ieee8023, subtypes.ieee8023.mdiPower, (value) => {
      value.u8(power.support).u8(power.pairs).u8(power.class);
      if (power.typeSourcePriority !== undefined)
        value
          .u8(power.typeSourcePriority)
          .u16(power.requestedDeciwatts ?? 0)
          .u16(power.allocatedDeciwatts ?? 0);
    }),
  medCapabilities: (capabilities: number, deviceClass: number) =>
    organisation(ouis.med, subtypes.med.capabilities, (value) => value.u16(capabilities).u8(deviceClass)),
  medPolicy: (policy: LldpPolicy) =>
    organisation(ouis.med, subtypes.med.policy, (value) =>
      value
        .u8(policy.application)
        .u24(
          (policy.unknown ? 0x800000 : 0) |
            (policy.tagged ? 0x400000 : 0) |
            ((policy.vlan & 0xfff) << 9) |
            ((policy.priority & 7) << 6) |
            (policy.dscp & 0x3f),
        ),
    ),
  medPower: ({ type, source, priority, deciwatts }: LldpMedPower) =>
    organisation(ouis.med, subtypes.med.power, (value) =>
      value.u8((type << 6) | ((source & 3) << 4) | (priority & 0xf)).u16(deciwatts),
    ),
  inventory: (field: keyof LldpInventory, words: string) =>
    organisation(ouis.med, firstInventorySubtype + inventoryFields.indexOf(field), (value) => value.text(words)),
} as const;

export const lldpMulticast = '01:80:c2:00:00:0e';

/** Whole Ethernet II frame around an LLDP payload, untagged, padded to 60 bytes. */
export const lldpFrame = (source: string, payload: Uint8Array): Uint8Array =>
  encodeEthernet({ destination: lldpMulticast, source, etherType: etherTypes.lldp, payload });
