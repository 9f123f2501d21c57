import { expect, it } from 'vitest';
import { decodeCdp } from '../../src/wire/cdp.js';
import { decodeDhcp, dhcpOptions } from '../../src/wire/dhcp.js';
import type { SccpMessage } from '../../src/wire/sccp.js';
import { decodeTftp } from '../../src/wire/tftp.js';
import {
  Agreement,
  all,
  cdpPayload,
  first,
  firstNumber,
  type Json,
  last,
  numbers,
  oracleFrames,
  SccpStreams,
  texts,
  udpPayload,
} from './oracle.js';
import { describeWithCaptures } from './outside.js';

/** Few comparisons would mean that the captures were not read. */
const expectAgreement = (agreement: Agreement, atLeast: number): void => {
  expect(agreement.differences).toEqual([]);
  expect(agreement.compared).toBeGreaterThan(atLeast);
};

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const present = <T>(...values: (T | undefined)[]): T[] => values.filter((value) => value !== undefined);

describeWithCaptures('beside tshark on real captures', () => {
  it('CDP agrees on every field', () => {
    const agreement = new Agreement();
    for (const frame of oracleFrames('cdp')) {
      const theirs = all(frame.layers, 'cdp')[0];
      const ours = decodeCdp(cdpPayload(frame.frame) ?? new Uint8Array());
      const voice = present(ours.voiceVlanReply, ours.voiceVlanQuery);
      const power = present(ours.powerRequested, ours.powerAvailable);
      const softwareVersion = texts(theirs, 'cdp.software_version').join('\n') || undefined;
      // A port's direction (TLV 0x1b) goes by the same name in tshark.
      const voiceTlvs = tlvsOf(theirs, 0x0e, 0x0f);
      const rows: [string, unknown, unknown][] = [
        ['version', ours.version, firstNumber(theirs, 'cdp.version')],
        ['ttlSeconds', ours.ttlSeconds, firstNumber(theirs, 'cdp.ttl')],
        ['checksumOk', ours.checksumOk, first(theirs, 'cdp.checksum.status') === '1'],
        ['tlvTypes', ours.tlvs.map(({ type }) => type), numbers(theirs, 'cdp.tlv.type')],
        ['deviceId', ours.deviceId, first(theirs, 'cdp.deviceid')],
        ['portId', ours.portId, first(theirs, 'cdp.portid')],
        ['platform', ours.platform, first(theirs, 'cdp.platform')],
        ['softwareVersion', ours.softwareVersion || undefined, softwareVersion],
        ['vtpDomain', ours.vtpDomain, first(theirs, 'cdp.vtp_management_domain')],
        ['systemName', ours.systemName, first(theirs, 'cdp.system_name')],
        ['capabilities', ours.capabilities, firstNumber(theirs, 'cdp.capabilities')],
        ['nativeVlan', ours.nativeVlan, firstNumber(theirs, 'cdp.native_vlan')],
        ['duplex', ours.duplex, ['half', 'full'][firstNumber(theirs, 'cdp.duplex') ?? 2]],
        ['mtu', ours.mtu, firstNumber(theirs, 'cdp.mtu')],
        ['addresses', ours.addresses ?? [], addressesIn(tlvsOf(theirs, 0x02))],
        ['managementAddresses', ours.managementAddresses ?? [], addressesIn(tlvsOf(theirs, 0x16))],
        ['voice VLAN data', voice.map(({ data }) => hexOf(data)), texts(voiceTlvs, 'cdp.data')],
        ['voice VLAN', present(...voice.map(({ vlan }) => vlan)), numbers(voiceTlvs, 'cdp.voice_vlan')],
        ['trustBitmap', ours.trustBitmap, firstNumber(theirs, 'cdp.trust_bitmap')],
        ['untrustedCos', ours.untrustedCos, firstNumber(theirs, 'cdp.untrusted_port_cos')],
        ['power', ours.powerConsumptionMilliwatts, firstNumber(theirs, 'cdp.power_consumption')],
        ['request ids', power.map(({ requestId }) => requestId), numbers(theirs, 'cdp.request_id')],
        ['management ids', power.map(({ managementId }) => managementId), numbers(theirs, 'cdp.management_id')],
        ['power requested', ours.powerRequested?.milliwatts ?? [], numbers(theirs, 'cdp.power_requested')],
        ['power available', ours.powerAvailable?.milliwatts ?? [], numbers(theirs, 'cdp.power_available')],
      ];
      for (const [field, our, their] of rows) agreement.check(frame, field, our, their);
    }
    expectAgreement(agreement, 1000);
  });

  it('DHCP agrees on every field but option 150 as a text', () => {
    const agreement = new Agreement();
    let texts150 = 0;
    for (const frame of oracleFrames('dhcp')) {
      const theirs = all(frame.layers, 'dhcp')[0];
      // DHCPv6 has another name; a frame cut before the fixed part's end is not read by tshark at all.
      if (theirs === undefined || all(frame.layers, '_ws.short').length > 0) continue;
      const ours = decodeDhcp(udpPayload(frame.frame) ?? new Uint8Array());
      const codes = numbers(theirs, 'dhcp.option.type').filter((code) => code !== 0 && code !== 255);
      // Some servers send option 150 as a text of 15 bytes. tshark reads three addresses out of the first twelve; a
      // phone reads none (protocol facts 5.3), nor do we.
      const isText = ours.options.some(({ code, value }) => code === dhcpOptions.tftpServers && value.length % 4 !== 0);
      const tftpServers = isText ? [] : texts(theirs, 'dhcp.option.tftp_server_address');
      texts150 += isText ? 1 : 0;
      const type = messageTypes[(firstNumber(theirs, 'dhcp.option.dhcp') ?? 0) - 1];
      const rows: [string, unknown, unknown][] = [
        ['op', ours.op, firstNumber(theirs, 'dhcp.type')],
        ['xid', ours.xid, firstNumber(theirs, 'dhcp.id')],
        ['secs', ours.secs, firstNumber(theirs, 'dhcp.secs')],
        ['broadcast', ours.broadcast, first(theirs, 'dhcp.flags.bc') === '1'],
        ['clientAddress', ours.clientAddress, first(theirs, 'dhcp.ip.client')],
        ['yourAddress', ours.yourAddress, first(theirs, 'dhcp.ip.your')],
        ['serverAddress', ours.serverAddress, first(theirs, 'dhcp.ip.server')],
        ['relayAddress', ours.relayAddress, first(theirs, 'dhcp.ip.relay')],
        ['clientMac', ours.clientMac, first(theirs, 'dhcp.hw.mac_addr')],
        ['optionCodes', ours.options.map(({ code }) => code), codes],
        ['messageType', ours.messageType, type],
        ['hostName', ours.hostName, last(theirs, 'dhcp.option.hostname')],
        ['vendorClass', ours.vendorClass, last(theirs, 'dhcp.option.vendor_class_id')],
        ['parameterRequestList', ours.parameterRequestList ?? [], numbers(theirs, 'dhcp.option.request_list_item')],
        ['requestedAddress', ours.requestedAddress, last(theirs, 'dhcp.option.requested_ip_address')],
        ['serverIdentifier', ours.serverIdentifier, last(theirs, 'dhcp.option.dhcp_server_id')],
        ['leaseSeconds', ours.leaseSeconds, firstNumber(theirs, 'dhcp.option.ip_address_lease_time')],
        ['subnetMask', ours.subnetMask, last(theirs, 'dhcp.option.subnet_mask')],
        ['routers', ours.routers ?? [], texts(theirs, 'dhcp.option.router')],
        ['dnsServers', ours.dnsServers ?? [], texts(theirs, 'dhcp.option.domain_name_server')],
        ['tftpServerName', ours.tftpServerName, last(theirs, 'dhcp.option.tftp_server_name')],
        ['tftpServers', ours.tftpServers ?? [], tftpServers],
      ];
      for (const [field, our, their] of rows) agreement.check(frame, field, our, their);
    }
    expectAgreement(agreement, 4000);
    expect(texts150).toBeGreaterThan(0);
  });

  it('TFTP agrees on every field', () => {
    const agreement = new Agreement();
    for (const frame of oracleFrames('tftp')) {
      const theirs = all(frame.layers, 'tftp')[0];
      const ours = decodeTftp(udpPayload(frame.frame) ?? new Uint8Array());
      const name = ours?.opcode === 'RRQ' ? 'tftp.source_file' : 'tftp.destination_file';
      const rows: [string, unknown, unknown][] = [
        ['opcode', ours?.opcode, tftpOpcodes[firstNumber(theirs, 'tftp.opcode') ?? 0]],
      ];
      if (ours && 'fileName' in ours) {
        rows.push(['fileName', ours.fileName, first(theirs, name)], ['mode', ours.mode, first(theirs, 'tftp.type')]);
      }
      if (ours && 'options' in ours) {
        const names = texts(theirs, 'tftp.option.name').map((option) => option.toLowerCase());
        rows.push(['option names', Object.keys(ours.options), names]);
        rows.push(['option values', Object.values(ours.options), texts(theirs, 'tftp.option.value')]);
      }
      if (ours && 'block' in ours) rows.push(['block', ours.block, firstNumber(theirs, 'tftp.block')]);
      if (ours?.opcode === 'DATA') {
        rows.push(['dataBytes', ours.data.length, (firstNumber(frame.layers, 'udp.length') ?? 0) - 12]);
      }
      if (ours?.opcode === 'ERROR') {
        rows.push(['errorCode', ours.errorCode, firstNumber(theirs, 'tftp.error.code')]);
        rows.push(['errorMessage', ours.errorMessage, first(theirs, 'tftp.error.message')]);
      }
      for (const [field, our, their] of rows) agreement.check(frame, field, our, their);
    }
    expectAgreement(agreement, 200);
  });

  it('SCCP agrees on every message and its fields', () => {
    const agreement = new Agreement();
    const streams = new Map<string, SccpStreams>();
    for (const frame of oracleFrames('sccp')) {
      const inFile = streams.get(frame.file) ?? new SccpStreams();
      streams.set(frame.file, inFile);
      // tshark passes bytes over in silence where a message was cut; the framer tells them as unknown.
      const ours = inFile
        .push(frame.frame)
        .filter(({ malformed, messageName }) => !malformed || messageName !== 'unknown');
      const theirs = all(frame.layers, 'skinny').filter((each) => numbers(each, 'skinny.messageId').length > 0);
      const ids = theirs.map((each) => firstNumber(each, 'skinny.messageId'));
      agreement.check(
        frame,
        'message ids',
        ours.map(({ messageId }) => messageId),
        ids,
      );
      for (const [index, message] of ours.entries()) checkSccp(agreement, frame, message, theirs[index]);
    }
    expectAgreement(agreement, 5000);
  });
});

const messageTypes = ['DISCOVER', 'OFFER', 'REQUEST', 'DECLINE', 'ACK', 'NAK', 'RELEASE', 'INFORM'];
const tftpOpcodes = ['', 'RRQ', 'WRQ', 'DATA', 'ACK', 'ERROR', 'OACK'];

/** The parts of tshark's tree that stand for TLVs of these types. */
function tlvsOf(cdp: Json | undefined, ...types: number[]): Json[] {
  const trees = cdp !== null && typeof cdp === 'object' && 'pairs' in cdp ? cdp.pairs.map(([, value]) => value) : [];
  return trees.filter((tree) => types.includes(firstNumber(tree, 'cdp.tlv.type') ?? -1));
}

const addressesIn = (tlvs: Json[]): string[] => [
  ...texts(tlvs, 'cdp.nrgyz.ip_address'),
  ...texts(tlvs, 'cdp.nrgyz.ipv6_address'),
];

/** Our names beside tshark's, numbers as numbers. */
const skinnyFields: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Register: {
    deviceName: 'skinny.DeviceName',
    instance: 'skinny.instance',
    stationAddress: 'skinny.stationIpAddr',
    deviceType: 'skinny.deviceType',
    maxStreams: 'skinny.maxStreams',
    activeStreams: 'skinny.activeStreams',
    protocolVersion: 'skinny.protocolVer',
  },
  IpPort: { port: 'skinny.rtpMediaPort' },
  ForwardStatReq: { line: 'skinny.lineNumber' },
  LineStatReq: { line: 'skinny.lineNumber' },
  CapabilitiesRes: { count: 'skinny.capCount' },
  RegisterAvailableLines: { lines: 'skinny.maxNumOfAvailLines' },
  RegisterAck: {
    keepaliveSeconds: 'skinny.keepAliveInterval',
    dateTemplate: 'skinny.dateTemplate',
    secondaryKeepaliveSeconds: 'skinny.secondaryKeepAliveInterval',
    protocolVersion: 'skinny.maxProtocolVer',
  },
  LineStat: {
    line: 'skinny.lineNumber',
    directoryNumber: 'skinny.lineDirNumber',
    name: 'skinny.lineFullyQualifiedDisplayName',
    label: 'skinny.lineTextLabel',
    displayOptions: 'skinny.lineDisplayOptions',
  },
  ConfigStat: {
    serverName: 'skinny.serverName',
    lines: 'skinny.numberOfLines',
    speedDials: 'skinny.numberOfSpeedDials',
  },
  DefineTimeDate: {
    year: 'skinny.wYear',
    month: 'skinny.wMonth',
    dayOfWeek: 'skinny.wDayOfWeek',
    day: 'skinny.wDay',
    hour: 'skinny.wHour',
    minute: 'skinny.wMinute',
    second: 'skinny.wSecond',
    millisecond: 'skinny.wMilliseconds',
    unixTime: 'skinny.systemTime',
  },
  ButtonTemplate: { offset: 'skinny.buttonOffset', count: 'skinny.buttonCount', total: 'skinny.totalButtonCount' },
  RegisterReject: { text: 'skinny.text' },
  DisplayText: { text: 'skinny.text' },
  SoftKeyTemplateRes: {
    offset: 'skinny.softKeyOffset',
    count: 'skinny.softKeyCount',
    total: 'skinny.totalSoftKeyCount',
  },
  SoftKeySetRes: { count: 'skinny.softKeySetCount', total: 'skinny.totalSoftKeySetCount' },
  SelectSoftKeys: { line: 'skinny.lineInstance', callReference: 'skinny.callReference', set: 'skinny.softKeySetIndex' },
  DisplayPromptStatus: { timeoutSeconds: 'skinny.timeOutValue', line: 'skinny.lineInstance' },
};

function checkSccp(
  agreement: Agreement,
  frame: Parameters<Agreement['check']>[0],
  message: SccpMessage,
  their: Json | undefined,
): void {
  agreement.check(frame, 'length', message.length, firstNumber(their, 'skinny.data_length'));
  agreement.check(frame, 'headerVersion', message.headerVersion, firstNumber(their, 'skinny.hdr_version'));
  agreement.check(frame, `${message.messageName} malformed`, message.malformed?.reason, undefined);
  for (const [field, name] of Object.entries(skinnyFields[message.messageName] ?? {})) {
    const our = message.fields[field];
    const value = typeof our === 'string' ? first(their, name) : firstNumber(their, name);
    agreement.check(frame, `${message.messageName}.${field}`, our, value);
  }
  if (message.messageName === 'ButtonTemplate') {
    const instances = numbers(their, 'skinny.instanceNumber');
    const definitions = numbers(their, 'skinny.buttonDefinition');
    const told = instances.map((instance, index) => `${instance}:${definitions[index]}`).join(',');
    agreement.check(frame, 'buttons', message.fields.buttons, told);
  }
}
