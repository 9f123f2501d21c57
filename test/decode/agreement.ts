/** What `decode` must tell of a frame, out of tshark's JSON: the field list of the captures' README. */
import type { DecodedMessage } from '../../src/decode/decoder.js';
import { all, first, firstNumber, type Json, numbers, Pairs, texts } from '../wire/oracle.js';

export type Expected = Readonly<Record<string, unknown>>;

const layerNames = { cdp: 'cdp', lldp: 'lldp', dhcp: 'dhcp', tftp: 'tftp', sccp: 'skinny', sip: 'sip' } as const;
type Protocol = keyof typeof layerNames;
const messageTypes = ['DISCOVER', 'OFFER', 'REQUEST', 'DECLINE', 'ACK', 'NAK', 'RELEASE', 'INFORM'];
const tftpOpcodes = ['', 'RRQ', 'WRQ', 'DATA', 'ACK', 'ERROR', 'OACK'];

const children = (node: Json | undefined): readonly [string, Json][] => (node instanceof Pairs ? node.pairs : []);
const orNone = <T>(list: readonly T[]): readonly T[] | undefined => (list.length === 0 ? undefined : list);
/** The parts of a repeated option together (RFC 3396). */
const joinedText = (node: Json | undefined, name: string): string | undefined =>
  has(node, name) ? texts(node, name).join('') : undefined;
const has = (node: Json | undefined, name: string): boolean => all(node, name).length > 0;

/** The messages tshark found in one frame. */
export function expectedOf(layers: Json): { protocol: Protocol; fields: Expected }[] {
  return children(layers).flatMap(([name, layer]) =>
    (Object.keys(layerNames) as Protocol[])
      .filter((protocol) => layerNames[protocol] === name)
      .flatMap((protocol) => {
        const fields = readers[protocol](layer, layers);
        return fields === undefined ? [] : [{ protocol, fields }];
      }),
  );
}

const readers: Readonly<Record<Protocol, (layer: Json, layers: Json) => Expected | undefined>> = {
  cdp: (layer) => ({
    version: firstNumber(layer, 'cdp.version'),
    ttlSeconds: firstNumber(layer, 'cdp.ttl'),
    checksumOk: checksumOk(first(layer, 'cdp.checksum.status')),
    deviceId: first(layer, 'cdp.deviceid'),
    portId: first(layer, 'cdp.portid'),
    // tshark shows HP's own TLVs under the same name.
    platform: first(tlvsOf(layer, 0x06)[0], 'cdp.platform'),
    softwareVersion: softwareVersion(tlvsOf(layer, 0x05)),
    vtpDomain: first(layer, 'cdp.vtp_management_domain'),
    systemName: first(layer, 'cdp.system_name'),
    capabilities: firstNumber(layer, 'cdp.capabilities'),
    nativeVlan: firstNumber(layer, 'cdp.native_vlan'),
    duplex: ['half', 'full'][firstNumber(layer, 'cdp.duplex') ?? 2],
    mtu: firstNumber(layer, 'cdp.mtu'),
    addresses: orNone(addressesIn(tlvsOf(layer, 0x02))),
    managementAddresses: orNone(addressesIn(tlvsOf(layer, 0x16))),
    voiceVlanReply: voiceVlan(tlvsOf(layer, 0x0e)),
    voiceVlanQuery: voiceVlan(tlvsOf(layer, 0x0f)),
    trustBitmap: firstNumber(layer, 'cdp.trust_bitmap'),
    untrustedCos: firstNumber(layer, 'cdp.untrusted_port_cos'),
    powerConsumptionMilliwatts: firstNumber(layer, 'cdp.power_consumption'),
    powerRequested: power(tlvsOf(layer, 0x19), 'cdp.power_requested'),
    powerAvailable: power(tlvsOf(layer, 0x1a), 'cdp.power_available'),
    tlvTypes: numbers(layer, 'cdp.tlv.type'),
  }),
  lldp: (layer) => ({
    chassisIdSubtype: firstNumber(layer, 'lldp.chassis.subtype'),
    chassisId: idOf(layer, 'lldp.chassis.id'),
    portIdSubtype: firstNumber(layer, 'lldp.port.subtype'),
    portId: idOf(layer, 'lldp.port.id'),
    ttlSeconds: firstNumber(layer, 'lldp.time_to_live'),
    portDescription: first(layer, 'lldp.port.desc'),
    systemName: first(layer, 'lldp.tlv.system.name'),
    systemDescription: first(layer, 'lldp.tlv.system.desc'),
    capabilities: firstNumber(layer, 'lldp.tlv.system_cap'),
    enabledCapabilities: firstNumber(layer, 'lldp.tlv.enable_system_cap'),
    managementAddresses: orNone(
      children(layer).flatMap(([, tlv]) => [...texts(tlv, 'lldp.mgn.addr.ip4'), ...texts(tlv, 'lldp.mgn.addr.ip6')]),
    ),
    'med.capabilities': firstNumber(layer, 'lldp.media.subtype.caps'),
    'med.deviceClass': firstNumber(layer, 'lldp.media.subtype.class'),
    'med.policies': policies(layer),
    'med.power': medPower(layer),
    'med.inventory.hardware': first(layer, 'lldp.media.hardware'),
    'med.inventory.firmware': first(layer, 'lldp.media.firmware'),
    'med.inventory.software': first(layer, 'lldp.media.software'),
    'med.inventory.serial': first(layer, 'lldp.media.sn'),
    'med.inventory.manufacturer': first(layer, 'lldp.media.manufacturer'),
    'med.inventory.model': first(layer, 'lldp.media.model'),
    'med.inventory.assetId': first(layer, 'lldp.media.asset'),
    tlvTypes: numbers(layer, 'lldp.tlv.type'),
  }),
  dhcp: (layer) => ({
    op: firstNumber(layer, 'dhcp.type'),
    xid: firstNumber(layer, 'dhcp.id'),
    secs: firstNumber(layer, 'dhcp.secs'),
    broadcast: first(layer, 'dhcp.flags.bc') === undefined ? undefined : first(layer, 'dhcp.flags.bc') === '1',
    clientAddress: first(layer, 'dhcp.ip.client'),
    yourAddress: first(layer, 'dhcp.ip.your'),
    serverAddress: first(layer, 'dhcp.ip.server'),
    relayAddress: first(layer, 'dhcp.ip.relay'),
    // Not the one inside option 61.
    clientMac: children(layer).find(([name]) => name === 'dhcp.hw.mac_addr')?.[1],
    messageType: messageTypes[(firstNumber(layer, 'dhcp.option.dhcp') ?? 0) - 1],
    hostName: joinedText(layer, 'dhcp.option.hostname'),
    vendorClass: joinedText(layer, 'dhcp.option.vendor_class_id'),
    parameterRequestList: orNone(numbers(layer, 'dhcp.option.request_list_item')),
    requestedAddress: first(layer, 'dhcp.option.requested_ip_address'),
    serverIdentifier: first(layer, 'dhcp.option.dhcp_server_id'),
    leaseSeconds: firstNumber(layer, 'dhcp.option.ip_address_lease_time'),
    subnetMask: first(layer, 'dhcp.option.subnet_mask'),
    routers: orNone(texts(layer, 'dhcp.option.router')),
    dnsServers: orNone(texts(layer, 'dhcp.option.domain_name_server')),
    tftpServerName: joinedText(layer, 'dhcp.option.tftp_server_name'),
    tftpServers: orNone(texts(layer, 'dhcp.option.tftp_server_address')),
    optionCodes: numbers(layer, 'dhcp.option.type').filter((code) => code !== 0 && code !== 255),
  }),
  tftp(layer, layers) {
    const opcode = tftpOpcodes[firstNumber(layer, 'tftp.opcode') ?? 0];
    if (opcode === undefined || opcode === '') return undefined;
    const isRequest = opcode === 'RRQ' || opcode === 'WRQ';
    const names = texts(layer, 'tftp.option.name');
    const values = texts(layer, 'tftp.option.value');
    const options = Object.fromEntries(names.map((name, index) => [name.toLowerCase(), values[index]]));
    return {
      opcode,
      // tshark repeats the name of a transfer in each of its packets.
      fileName: isRequest ? first(layer, opcode === 'RRQ' ? 'tftp.source_file' : 'tftp.destination_file') : undefined,
      mode: first(layer, 'tftp.type'),
      options: isRequest || opcode === 'OACK' ? options : undefined,
      block: firstNumber(layer, 'tftp.block'),
      ...dataBytes(opcode, layers),
      errorCode: firstNumber(layer, 'tftp.error.code'),
      errorMessage: first(layer, 'tftp.error.message'),
    };
  },
  sccp(layer) {
    const messageId = firstNumber(layer, 'skinny.messageId');
    if (messageId === undefined) return undefined;
    const register = messageId === 1;
    const ack = messageId === 0x81;
    const lineStat = messageId === 0x92;
    return {
      length: firstNumber(layer, 'skinny.data_length'),
      headerVersion: firstNumber(layer, 'skinny.hdr_version'),
      messageId,
      ...(register && {
        'fields.deviceName': first(layer, 'skinny.DeviceName'),
        'fields.deviceType': firstNumber(layer, 'skinny.deviceType'),
        'fields.protocolVersion': firstNumber(layer, 'skinny.protocolVer'),
        'fields.stationAddress': first(layer, 'skinny.stationIpAddr'),
      }),
      ...(ack && {
        'fields.keepaliveSeconds': firstNumber(layer, 'skinny.keepAliveInterval'),
        'fields.secondaryKeepaliveSeconds': firstNumber(layer, 'skinny.secondaryKeepAliveInterval'),
        'fields.dateTemplate': first(layer, 'skinny.dateTemplate'),
        'fields.protocolVersion': firstNumber(layer, 'skinny.maxProtocolVer'),
      }),
      ...(messageId === 0x9d && { 'fields.text': first(layer, 'skinny.text') }),
      ...(lineStat && {
        'fields.line': firstNumber(layer, 'skinny.lineNumber'),
        'fields.directoryNumber': first(layer, 'skinny.lineDirNumber'),
      }),
    };
  },
  sip(layer) {
    if (!has(layer, 'sip.Request-Line') && !has(layer, 'sip.Status-Line')) return undefined;
    return {
      method: first(layer, 'sip.Method'),
      statusCode: firstNumber(layer, 'sip.Status-Code'),
      requestUri: first(layer, 'sip.r-uri'),
      from: first(layer, 'sip.From'),
      to: first(layer, 'sip.To'),
      callId: first(layer, 'sip.Call-ID'),
      cseq: first(layer, 'sip.CSeq'),
      contact: orNone(texts(layer, 'sip.Contact')),
      expires: firstNumber(layer, 'sip.Expires'),
      userAgent: first(layer, 'sip.User-Agent'),
      via: orNone(texts(layer, 'sip.Via')),
    };
  },
};

/** What tshark's JSON holds no UDP header of (a datagram that ICMP quotes) cannot be counted. */
function dataBytes(opcode: string, layers: Json): Expected {
  const length = numbers(layers, 'udp.length').at(-1);
  return opcode === 'DATA' && length !== undefined && length >= 12 ? { dataBytes: length - 12 } : {};
}

/** tshark's 2: not checked. */
const checksumOk = (status: string | undefined): boolean | undefined =>
  status === undefined || status === '2' ? undefined : status === '1';

/** The parts of tshark's tree that stand for TLVs of these types. */
function tlvsOf(cdp: Json, type: number): Json[] {
  return children(cdp)
    .map(([, value]) => value)
    .filter((tree) => firstNumber(tree, 'cdp.tlv.type') === type);
}

const addressesIn = (tlvs: Json[]): string[] =>
  tlvs.flatMap((tlv) => children(tlv).flatMap(([, address]) => addressIn(address)));
const addressIn = (address: Json): string[] => [
  ...texts(address, 'cdp.nrgyz.ip_address'),
  ...texts(address, 'cdp.nrgyz.ipv6_address'),
];

const softwareVersion = (tlvs: Json[]): string | undefined =>
  tlvs.map((tlv) => plain(texts(tlv, 'cdp.software_version').join('\n'))).find((version) => version !== '');

/** tshark escapes what cannot be printed in this one text. */
const plain = (text: string): string =>
  text
    .replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
    .replace(/\\u([\dA-F]{4})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replace(/\\([abfrtv])/g, (_, letter: string) => escapes[letter] ?? letter);
const escapes: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', r: '\r', t: '\t', v: '\v' };

function voiceVlan(tlvs: Json[]): unknown {
  const tlv = tlvs[0];
  const data = first(tlv, 'cdp.data')?.replaceAll(':', '');
  const vlan = firstNumber(tlv, 'cdp.voice_vlan');
  return data === undefined ? undefined : { data, ...(vlan !== undefined && { vlan }) };
}

function power(tlvs: Json[], name: string): unknown {
  const tlv = tlvs[0];
  const requestId = firstNumber(tlv, 'cdp.request_id');
  if (requestId === undefined) return undefined;
  return { requestId, managementId: firstNumber(tlv, 'cdp.management_id'), milliwatts: numbers(tlv, name) };
}

/** tshark shows ids of some kinds as hexadecimal bytes. */
function idOf(layer: Json, name: string): string | undefined {
  const address = first(layer, `${name}.mac`) ?? first(layer, `${name}.ip4`) ?? first(layer, `${name}.ip6`);
  if (address !== undefined) return address;
  const text = first(layer, name);
  if (text === undefined || name === 'lldp.port.id') return text;
  const bytes = Buffer.from(text.replaceAll(':', ''), 'hex').toString('latin1');
  return bytes.replace(/\0.*$/s, '').replace(/[\x80-\xff]/g, '\ufffd');
}

function policies(layer: Json): unknown {
  const found = children(layer)
    .map(([, tlv]) => tlv)
    .filter((tlv) => has(tlv, 'lldp.media.vlan_id'))
    .map((tlv) => ({
      application: firstNumber(tlv, 'lldp.media.app_type'),
      unknown: first(tlv, 'lldp.media.policy_flag') === '1',
      tagged: first(tlv, 'lldp.media.tag_flag') === '1',
      vlan: firstNumber(tlv, 'lldp.media.vlan_id'),
      priority: firstNumber(tlv, 'lldp.media.l2_prio'),
      dscp: firstNumber(tlv, 'lldp.media.dscp'),
    }));
  return orNone(found);
}

function medPower(layer: Json): unknown {
  const type = firstNumber(layer, 'lldp.media.power.type');
  if (type === undefined) return undefined;
  return {
    type,
    source: firstNumber(layer, 'lldp.media.power.source'),
    priority: firstNumber(layer, 'lldp.media.power.prio'),
    deciwatts: firstNumber(layer, 'lldp.media.power.value'),
  };
}

/** How many signs stand for bytes that are no UTF-8 is a matter of taste. */
const told = (value: unknown): string | undefined => JSON.stringify(value)?.replace(/\ufffd+/g, '\ufffd');

function fieldOf(message: DecodedMessage, path: string): unknown {
  let value: unknown = message;
  for (const name of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[name];
  // An address list of no addresses is nothing to tshark.
  return Array.isArray(value) && value.length === 0 && path !== 'tlvTypes' && path !== 'optionCodes'
    ? undefined
    : value;
}

/** Differences, one line each. tshark's own frames come as the `layers` of its JSON. */
export function differences(
  messages: readonly DecodedMessage[],
  frames: readonly Json[],
): { lines: string[]; compared: number } {
  const ours = grouped(messages, ({ frame, protocol }) => `${frame} ${protocol}`);
  const lines: string[] = [];
  let compared = 0;
  for (const layers of frames) {
    const number = firstNumber(layers, 'frame.number') ?? 0;
    const theirs = grouped(expectedOf(layers), ({ protocol }) => `${number} ${protocol}`);
    for (const protocol of Object.keys(layerNames)) {
      const key = `${number} ${protocol}`;
      const their = theirs.get(key) ?? [];
      const all = ours.get(key) ?? [];
      const mine = all.length > their.length ? all.filter((message) => !isUnseen(message)) : all;
      compared++;
      if (mine.length !== their.length) lines.push(`${key}: ours has ${mine.length} messages, tshark ${their.length}`);
      for (const [index, { fields }] of their.entries()) {
        const message = mine[index];
        if (message === undefined) continue;
        for (const [name, value] of Object.entries(fields)) {
          compared++;
          const [our, other] = [told(fieldOf(message, name)), told(value)];
          if (our !== other) lines.push(`${key} ${name}: ours ${our}, tshark ${other}`);
        }
      }
    }
  }
  return { lines, compared };
}

/** A message cut in its header, before SCCP's id or DHCP's hardware address: tshark tells nothing of it. */
const isUnseen = ({ protocol, malformed, messageName }: DecodedMessage): boolean =>
  malformed !== undefined &&
  ((protocol === 'sccp' && messageName === 'unknown') || (protocol === 'dhcp' && malformed.offset < 44));

function grouped<T>(list: readonly T[], keyOf: (each: T) => string): ReadonlyMap<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const each of list) groups.set(keyOf(each), [...(groups.get(keyOf(each)) ?? []), each]);
  return groups;
}
