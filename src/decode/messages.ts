/** Messages of our protocols as `decode` shows them: the fields of docs/decode.md, in its order. */
import { bytesToText, type Malformed } from '../wire/cursor.js';
import { type DhcpMessage, decodeDhcp, dhcpOptions, dhcpPlaces, hasDhcpCookie } from '../wire/dhcp.js';
import { macToText } from '../wire/ethernet.js';
import { decodeLldp, type LldpMed } from '../wire/lldp.js';
import { decodeSccp } from '../wire/sccp.js';
import { decodeTftp } from '../wire/tftp.js';
import { readCdpFields } from './cdp.js';
import { ascii, asciiOrNone } from './text.js';

export const protocols = ['cdp', 'lldp', 'dhcp', 'tftp', 'sccp', 'sip'] as const;
export type Protocol = (typeof protocols)[number];

/** One message, without what its frame tells. A field that is undefined is not shown. */
export type MessageFields = Readonly<Record<string, unknown>> & { readonly malformed?: Malformed | undefined };

/** What the capture cut off is damage, unless the reader has found a nearer one. */
const damageOf = (malformed: Malformed | undefined, length: number, missing: number): Malformed | undefined =>
  malformed ?? (missing > 0 ? { offset: length, reason: `the capture lacks the last ${missing} bytes` } : undefined);

/**
 * Of a message that the capture cut, tshark tells what stands in front of the first thing it cannot check or show whole. The
 * same is told here; what more the bytes hold is under `cut`.
 */
export const readCdp = (payload: Buffer, missing: number): MessageFields => {
  const cdp = readCdpFields(payload);
  if (missing === 0) return { ...cdp };
  const { version, ttlSeconds, malformed: _, checksumOk: __, ...cut } = cdp;
  return { version, ttlSeconds, tlvTypes: [], cut, malformed: damageOf(undefined, payload.length, missing) };
};

export const readLldp = (payload: Uint8Array, missing: number): MessageFields => {
  const lldp = decodeLldp(payload);
  return {
    chassisIdSubtype: lldp.chassisIdSubtype,
    chassisId: asciiOrNone(lldp.chassisId),
    portIdSubtype: lldp.portIdSubtype,
    portId: asciiOrNone(lldp.portId),
    ttlSeconds: lldp.ttlSeconds,
    portDescription: asciiOrNone(lldp.portDescription),
    systemName: asciiOrNone(lldp.systemName),
    systemDescription: asciiOrNone(lldp.systemDescription),
    capabilities: lldp.capabilities,
    enabledCapabilities: lldp.enabledCapabilities,
    managementAddresses: lldp.managementAddresses,
    portVlan: lldp.portVlan,
    macPhy: lldp.macPhy,
    mdiPower: lldp.mdiPower,
    med: lldp.med && med(lldp.med),
    tlvTypes: lldp.tlvs.map(({ type }) => type),
    malformed: damageOf(lldp.malformed, payload.length, missing),
  };
};

const med = ({ capabilities, deviceClass, policies, power: told, inventory }: LldpMed) => ({
  capabilities,
  deviceClass,
  policies,
  power: told,
  inventory: inventory && Object.fromEntries(Object.entries(inventory).map(([name, text]) => [name, ascii(text)])),
});

export const readDhcp = (payload: Buffer, missing: number): MessageFields => {
  const fields = dhcpFields(payload);
  if (missing === 0 || areOptionsThere(payload, payload.length + missing)) return fields;
  const { malformed: _, ...cut } = fields;
  return { optionCodes: [], cut, malformed: damageOf(undefined, payload.length, missing) };
};

/** Does the capture hold the code of every option up to the end of them, or of the message? */
const areOptionsThere = (payload: Buffer, wholeLength: number): boolean => {
  const codes = { pad: 0, end: 255 } as const;
  let at: number = hasDhcpCookie(payload, 0, payload.length) ? dhcpPlaces.options : dhcpPlaces.behindVendorField;
  while (at < wholeLength) {
    const code = payload[at];
    if (code === undefined) return false;
    if (code === codes.end) return true;
    const length = payload[at + 1];
    at += code === codes.pad || length === undefined ? 1 : 2 + length;
  }
  return true;
};

/** A field is told when its bytes are there. */
const dhcpFields = (payload: Buffer): MessageFields => {
  const dhcp = decodeDhcp(payload, { bootp: true });
  const from = <T>(end: number, value: T): T | undefined => (payload.length >= end ? value : undefined);
  return {
    op: from(3, dhcp.op),
    xid: from(8, dhcp.xid),
    secs: from(10, dhcp.secs),
    broadcast: from(12, dhcp.broadcast),
    clientAddress: from(16, dhcp.clientAddress),
    yourAddress: from(20, dhcp.yourAddress),
    serverAddress: from(24, dhcp.serverAddress),
    relayAddress: from(28, dhcp.relayAddress),
    clientMac: from(34, isMac(payload) ? macToText(payload.subarray(28, 34)) : undefined),
    messageType: dhcp.messageType,
    hostName: asciiOrNone(dhcp.hostName),
    vendorClass: asciiOrNone(dhcp.vendorClass),
    parameterRequestList: dhcp.parameterRequestList,
    requestedAddress: dhcp.requestedAddress,
    serverIdentifier: dhcp.serverIdentifier,
    leaseSeconds: dhcp.leaseSeconds,
    subnetMask: dhcp.subnetMask,
    routers: dhcp.routers,
    dnsServers: dhcp.dnsServers,
    tftpServerName: asciiOrNone(dhcp.tftpServerName),
    ...tftpServers(payload, dhcp),
    optionCodes: dhcp.options.map(({ code }) => code),
    malformed: dhcp.malformed,
  };
};

/** Hardware types of Ethernet and IEEE 802 have MACs, of six bytes. */
const isMac = (payload: Buffer): boolean => (payload[1] === 1 || payload[1] === 6) && payload[2] === 6;

/**
 * Option 150 as its bytes stand, four by four, as tshark reads it. Some servers send a text there: no phone takes that
 * (protocol facts 5.3), and `tftpServersText` shows it.
 */
const tftpServers = (payload: Buffer, { tftpServers: servers, options, malformed }: DhcpMessage) => {
  if (servers !== undefined) return { tftpServers: servers };
  const isCut = malformed !== undefined && malformed.offset < payload.length;
  if (isCut && options.at(-1)?.code === dhcpOptions.tftpServers) return {};
  const values = options.filter(({ code }) => code === dhcpOptions.tftpServers).map(({ value }) => Buffer.from(value));
  const whole = values.flatMap((value) =>
    Array.from({ length: Math.floor(value.length / 4) }, (_, index) =>
      value.subarray(4 * index, 4 * index + 4).join('.'),
    ),
  );
  if (whole.length === 0) return {};
  return { tftpServers: whole, tftpServersText: ascii(bytesToText(Buffer.concat(values))) };
};

export const readTftp = (payload: Uint8Array, missing: number): MessageFields | undefined => {
  const tftp = decodeTftp(payload);
  if (tftp === undefined) return undefined;
  const malformed = damageOf(tftp.malformed, payload.length, missing);
  const { opcode } = tftp;
  const hasNumber = payload.length >= 4;
  switch (opcode) {
    case 'RRQ':
    case 'WRQ': {
      const fileNameEnd = payload.indexOf(0, 2);
      const modeEnd = fileNameEnd < 0 ? -1 : payload.indexOf(0, fileNameEnd + 1);
      return {
        opcode,
        fileName: fileNameEnd < 0 ? undefined : ascii(tftp.fileName),
        mode: modeEnd < 0 ? undefined : ascii(tftp.mode),
        options: asciiOptions(tftp.options),
        malformed,
      };
    }
    case 'DATA':
      return {
        opcode,
        ...(hasNumber && { block: tftp.block }),
        dataBytes: Math.max(payload.length + missing - 4, 0),
        malformed,
      };
    case 'ACK':
      return hasNumber ? { opcode, block: tftp.block, malformed } : { opcode, malformed };
    case 'ERROR':
      return {
        opcode,
        ...(hasNumber && { errorCode: tftp.errorCode }),
        ...errorMessage(payload, tftp.errorMessage),
        ...(malformed && { malformed }),
      };
    case 'OACK':
      return { opcode, options: asciiOptions(tftp.options), malformed };
  }
};

/** A message without the NUL that must end it is damage, and told as such. */
const errorMessage = (payload: Uint8Array, text: string) =>
  payload.length > 4 && payload.indexOf(0, 4) >= 0
    ? { errorMessage: ascii(text) }
    : { malformed: { offset: payload.length, reason: `the error message "${ascii(text)}" has no NUL at its end` } };

const asciiOptions = (options: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(options).map(([name, value]) => [ascii(name), ascii(value)]));

export const readSccp = (message: Uint8Array, missing: number): MessageFields => {
  const sccp = decodeSccp(message);
  const fields: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(sccp.fields))
    fields[name] = typeof value === 'string' ? ascii(value) : value;
  return {
    length: sccp.length,
    headerVersion: sccp.headerVersion,
    messageId: sccp.messageId,
    messageName: sccp.messageName,
    fields,
    malformed: damageOf(sccp.malformed, message.length, missing),
  };
};
