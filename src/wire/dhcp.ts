/** DHCP: RFC 2131 message, RFC 2132 options, RFC 3396 long options, RFC 5859 option 150. */
import { BenchError } from '../errors.js';
import {
  ByteReader,
  ByteWriter,
  bytesToText,
  type Malformed,
  MalformedBytes,
  malformedOf,
  textToBytes,
} from './cursor.js';
import { macToBytes, macToText } from './ethernet.js';
import { ipv4ToNumber, numberToIpv4 } from './ipv4.js';

export type DhcpMessageType = 'DISCOVER' | 'OFFER' | 'REQUEST' | 'DECLINE' | 'ACK' | 'NAK' | 'RELEASE' | 'INFORM';
export interface DhcpOption {
  readonly code: number;
  readonly value: Uint8Array;
}
export interface DhcpMessage {
  readonly op: number;
  readonly xid: number;
  readonly secs: number;
  readonly broadcast: boolean;
  readonly clientAddress: string;
  readonly yourAddress: string;
  readonly serverAddress: string;
  readonly relayAddress: string;
  readonly clientMac: string;
  /** In order, as they stand, without 0 and 255; those of sname and file only where an option 52 says so, behind it. */
  readonly options: readonly DhcpOption[];
  readonly messageType?: DhcpMessageType | undefined;
  readonly hostName?: string;
  /** Without the NUL that phones put at its end. */
  readonly vendorClass?: string;
  readonly parameterRequestList?: readonly number[];
  readonly requestedAddress?: string;
  readonly serverIdentifier?: string;
  readonly leaseSeconds?: number;
  readonly subnetMask?: string;
  readonly routers?: readonly string[];
  readonly dnsServers?: readonly string[];
  readonly tftpServerName?: string;
  /** Option 150. Absent when its length is no multiple of 4 (some servers send a text, which phones ignore). */
  readonly tftpServers?: readonly string[];
  readonly clientIdentifier?: Uint8Array;
  /** Option 57: the longest message the client takes, IP and UDP headers included. */
  readonly maxMessageBytes?: number;
  /** Option 82 as it came; a server gives it back unread (RFC 3046). */
  readonly relayInformation?: Uint8Array;
  readonly malformed?: Malformed;
}

export const dhcpOptions = {
  subnetMask: 1,
  router: 3,
  dns: 6,
  hostName: 12,
  domainName: 15,
  broadcast: 28,
  arpTimeout: 35,
  ntp: 42,
  vendorSpecific: 43,
  requestedAddress: 50,
  leaseTime: 51,
  overload: 52,
  messageType: 53,
  serverIdentifier: 54,
  parameterRequestList: 55,
  message: 56,
  maxMessageSize: 57,
  renewalTime: 58,
  rebindingTime: 59,
  vendorClass: 60,
  clientIdentifier: 61,
  tftpServerName: 66,
  bootFile: 67,
  relayInformation: 82,
  sipServers: 120,
  cisco149: 149,
  tftpServers: 150,
  cisco151: 151,
} as const;

/** Option 53, RFC 2132 section 9.6: the place in this list plus one. */
const messageTypes: readonly DhcpMessageType[] = [
  'DISCOVER',
  'OFFER',
  'REQUEST',
  'DECLINE',
  'ACK',
  'NAK',
  'RELEASE',
  'INFORM',
];

const padOption = 0;
const endOption = 255;
const longestValue = 255;
const sipByAddress = 1;
const magicCookie = 0x63825363;
const broadcastFlag = 0x8000;
const ethernet = { type: 1, addressLength: 6, fieldLength: 16 } as const;
const fieldLengths = { sname: 64, file: 128, vendor: 64 } as const;
/** Option 52: which of the fixed fields hold options. */
const overloads = { file: 1, sname: 2 } as const;

/** Offsets in a message: its magic cookie, its options, and, where the cookie is missing, what follows the vendor field. */
export const dhcpPlaces = { cookie: 236, options: 240, behindVendorField: 300 } as const;

/** Is that a message of DHCP, and not of BOOTP? `at`: its first byte. */
export const hasDhcpCookie = (bytes: Buffer, at: number, end: number): boolean =>
  end - at >= dhcpPlaces.options && bytes.readUInt32BE(at + dhcpPlaces.cookie) === magicCookie;

type Draft = { -readonly [Key in keyof DhcpMessage]?: DhcpMessage[Key] };
/** undefined: bytes that are no such value. */
type ReadValue = (value: Uint8Array) => Draft | undefined;
/** `cut`: the message ends inside the value, which is listed and no more. */
type ReadOption = DhcpOption & { readonly cut: boolean };

const number = (value: Uint8Array): number => new ByteReader(value).u32('number');
const textWithoutNul = (value: Uint8Array): string => bytesToText(value).replace(/\0+$/, '');

function addresses(value: Uint8Array): string[] {
  const reader = new ByteReader(value);
  const list: string[] = [];
  while (reader.remaining > 0) list.push(numberToIpv4(reader.u32('address')));
  return list;
}

const one =
  (length: number, read: ReadValue): ReadValue =>
  (value) =>
    value.length === length ? read(value) : undefined;
const list =
  (read: ReadValue): ReadValue =>
  (value) =>
    value.length > 0 && value.length % 4 === 0 ? read(value) : undefined;

/** Options of one value. A value of a wrong length is no value: it stays in `options` and gives no field. */
const fixedReaders: ReadonlyMap<number, ReadValue> = new Map<number, ReadValue>([
  [dhcpOptions.subnetMask, one(4, (value) => ({ subnetMask: numberToIpv4(number(value)) }))],
  [dhcpOptions.requestedAddress, one(4, (value) => ({ requestedAddress: numberToIpv4(number(value)) }))],
  [dhcpOptions.leaseTime, one(4, (value) => ({ leaseSeconds: number(value) }))],
  [dhcpOptions.serverIdentifier, one(4, (value) => ({ serverIdentifier: numberToIpv4(number(value)) }))],
  [dhcpOptions.maxMessageSize, one(2, (value) => ({ maxMessageBytes: new ByteReader(value).u16('size') }))],
  [dhcpOptions.messageType, one(1, (value) => ({ messageType: messageTypes[new ByteReader(value).u8('type') - 1] }))],
]);
const readers: ReadonlyMap<number, ReadValue> = new Map<number, ReadValue>([
  ...fixedReaders,
  [dhcpOptions.router, list((value) => ({ routers: addresses(value) }))],
  [dhcpOptions.dns, list((value) => ({ dnsServers: addresses(value) }))],
  [dhcpOptions.hostName, (value) => ({ hostName: textWithoutNul(value) })],
  [dhcpOptions.parameterRequestList, (value) => ({ parameterRequestList: [...value] })],
  [dhcpOptions.vendorClass, (value) => ({ vendorClass: textWithoutNul(value) })],
  [dhcpOptions.clientIdentifier, (value) => ({ clientIdentifier: value })],
  [dhcpOptions.relayInformation, (value) => ({ relayInformation: value })],
  [dhcpOptions.tftpServerName, (value) => ({ tftpServerName: textWithoutNul(value) })],
  [dhcpOptions.tftpServers, list((value) => ({ tftpServers: addresses(value) }))],
]);

/**
 * UDP payload. Never throws; never looks past option 255 nor into sname/file without option 52. Parts of one option
 * are joined for its value (RFC 3396: options, file, sname) while `options` lists each. A missing 255 is no fault. With
 * `bootp` a message without DHCP's magic cookie is none either: its vendor field (64 bytes, RFC 951) is
 * passed over.
 */
export function decodeDhcp(bytes: Uint8Array, { bootp = false }: { readonly bootp?: boolean } = {}): DhcpMessage {
  const reader = new ByteReader(bytes);
  const none = numberToIpv4(0);
  const header = {
    op: 0,
    xid: 0,
    secs: 0,
    broadcast: false,
    clientAddress: none,
    yourAddress: none,
    serverAddress: none,
    relayAddress: none,
    clientMac: '',
  };
  const options: { readonly [Place in 'own' | 'sname' | 'file']: ReadOption[] } = { own: [], sname: [], file: [] };
  const malformed = malformedOf(() => {
    header.op = reader.u8('op');
    reader.skip(1, 'hardware type');
    const addressLength = Math.min(reader.u8('hardware address length'), ethernet.fieldLength);
    reader.skip(1, 'hops');
    header.xid = reader.u32('xid');
    header.secs = readSecs(reader);
    header.broadcast = (reader.u16('flags') & broadcastFlag) !== 0;
    header.clientAddress = numberToIpv4(reader.u32('client address'));
    header.yourAddress = numberToIpv4(reader.u32('your address'));
    header.serverAddress = numberToIpv4(reader.u32('server address'));
    header.relayAddress = numberToIpv4(reader.u32('relay address'));
    header.clientMac = macToText(
      reader.part(ethernet.fieldLength, 'client hardware address').bytes(addressLength, 'client MAC'),
    );
    const sname = reader.part(fieldLengths.sname, 'sname');
    const file = reader.part(fieldLengths.file, 'file');
    const behindVendorField = new ByteReader(reader.peek(), { base: reader.offset });
    const hasCookie = reader.u32('magic cookie') === magicCookie;
    if (!hasCookie && !bootp) reader.fail('no DHCP magic cookie');
    if (!hasCookie) behindVendorField.skip(Math.min(fieldLengths.vendor, behindVendorField.remaining), 'vendor field');
    // Damage in the message's own options leaves those of sname and file.
    const damage = malformedOf(() => readOptions(hasCookie ? reader : behindVendorField, options.own));
    const overload = options.own.find(isOverload);
    const fields = overload ? new ByteReader(overload.value).u8('overload') : 0;
    if (fields & overloads.file) readOptions(file, options.file);
    if (fields & overloads.sname) readOptions(sname, options.sname);
    if (damage) throw new MalformedBytes(damage.offset, damage.reason);
  });
  const { own, sname, file } = options;
  const inPlace = own.toSpliced(own.findIndex(isOverload) + 1, 0, ...sname, ...file);
  return {
    ...header,
    options: inPlace.map(({ code, value }) => ({ code, value })),
    ...readValues([...own, ...file, ...sname], inPlace),
    ...(malformed && { malformed }),
  };
}

/** Some clients write it little-endian, phones among them: a number under 256 in the first byte is taken for that. */
function readSecs(reader: ByteReader): number {
  const [high, low] = [reader.u8('secs'), reader.u8('secs')];
  return low === 0 ? high : high * 256 + low;
}

const isOverload = ({ code, value }: DhcpOption): boolean => code === dhcpOptions.overload && value.length >= 1;

function readOptions(reader: ByteReader, into: ReadOption[]): void {
  while (reader.remaining > 0) {
    const code = reader.u8('option code');
    if (code === endOption) return;
    if (code === padOption) continue;
    const length = reader.u8(`length of option ${code}`);
    if (length > reader.remaining) into.push({ code, value: reader.peek(), cut: true });
    into.push({ code, value: reader.bytes(length, `option ${code}`), cut: false });
  }
}

/** `options` in the order in which parts are joined, and `inPlace` as they stand. */
function readValues(options: readonly ReadOption[], inPlace: readonly ReadOption[]): Draft {
  const joined = new Map<number, ByteWriter>();
  for (const { code, value, cut } of options) {
    if (cut) continue;
    const writer = joined.get(code) ?? new ByteWriter();
    joined.set(code, writer.bytes(value));
  }
  const draft: Draft = {};
  for (const [code, writer] of joined) {
    const read = readers.get(code);
    const isFixed = fixedReaders.has(code);
    if (read !== undefined) Object.assign(draft, (isFixed && firstOf(inPlace, code, read)) || read(writer.finish()));
  }
  return draft;
}

/** Of an option that has one value the first whole one counts; only where none is whole are they parts. */
const firstOf = (options: readonly ReadOption[], code: number, read: ReadValue): Draft | undefined =>
  options
    .filter((option) => option.code === code && !option.cut)
    .map(({ value }) => read(value))
    .find((draft) => draft !== undefined);

/**
 * `sname`/`file` bytes as given (a phone leaves garbage there), cut or filled up with zeros; a value over 255 bytes
 * is split (RFC 3396); `padTo` pads the message with zeros after 255.
 */
export function encodeDhcp(message: {
  op: 1 | 2;
  xid: number;
  secs?: number;
  broadcast?: boolean;
  clientAddress?: string;
  yourAddress?: string;
  serverAddress?: string;
  relayAddress?: string;
  clientMac: string;
  sname?: Uint8Array;
  file?: Uint8Array;
  options: readonly DhcpOption[];
  padTo?: number;
}): Uint8Array {
  const none = new Uint8Array();
  const address = (text: string | undefined) => (text === undefined ? 0 : ipv4ToNumber(text));
  const writer = new ByteWriter()
    .u8(message.op)
    .u8(ethernet.type)
    .u8(ethernet.addressLength)
    .u8(0)
    .u32(message.xid)
    .u16(message.secs ?? 0)
    .u16(message.broadcast ? broadcastFlag : 0)
    .u32(address(message.clientAddress))
    .u32(address(message.yourAddress))
    .u32(address(message.serverAddress))
    .u32(address(message.relayAddress))
    .padded(macToBytes(message.clientMac), ethernet.fieldLength)
    .padded(message.sname ?? none, fieldLengths.sname)
    .padded(message.file ?? none, fieldLengths.file)
    .u32(magicCookie);
  for (const option of message.options) writeOption(writer, option);
  return writer
    .u8(endOption)
    .padTo(message.padTo ?? 0)
    .finish();
}

function writeOption(writer: ByteWriter, { code, value }: DhcpOption): void {
  let start = 0;
  do {
    const part = value.subarray(start, start + longestValue);
    writer.u8(code).u8(part.length).bytes(part);
    start += longestValue;
  } while (start < value.length);
}

/** Option builders: no caller writes bytes. */
export const dhcpOption = {
  messageType(type: DhcpMessageType): DhcpOption {
    return { code: dhcpOptions.messageType, value: Uint8Array.of(messageTypes.indexOf(type) + 1) };
  },
  addresses(code: number, addresses: readonly string[]): DhcpOption {
    const writer = new ByteWriter();
    for (const address of addresses) writer.u32(ipv4ToNumber(address));
    return { code, value: writer.finish() };
  },
  /** Without a NUL; a caller that plays a phone puts one into the text. */
  text(code: number, text: string): DhcpOption {
    return { code, value: textToBytes(text) };
  },
  /** RFC 3361: one byte says that addresses follow, not names. */
  sipServers(addresses: readonly string[]): DhcpOption {
    const { value } = dhcpOption.addresses(dhcpOptions.sipServers, addresses);
    return { code: dhcpOptions.sipServers, value: new ByteWriter().u8(sipByAddress).bytes(value).finish() };
  },
  seconds(code: number, seconds: number): DhcpOption {
    return { code, value: new ByteWriter().u32(seconds).finish() };
  },
  bytes(code: number, value: Uint8Array): DhcpOption {
    if (code === padOption || code === endOption) throw new BenchError('INTERNAL', `DHCP option ${code} has no value`);
    return { code, value };
  },
} as const;
