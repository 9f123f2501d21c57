import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createFactTeller } from '../../src/services/fact-teller.js';
import { createSccpSession } from '../../src/services/sccp-session.js';
import { cdpFrame, cdpTlv, encodeCdp } from '../../src/wire/cdp.js';
import { dhcpOption, dhcpOptions, encodeDhcp } from '../../src/wire/dhcp.js';
import { encodeEthernet, etherTypes } from '../../src/wire/ethernet.js';
import { encodeArp, encodeIpv4, encodeTcp, encodeUdp, ipProtocols } from '../../src/wire/ipv4.js';
import { pcapngHeader, pcapngPacket } from '../../src/wire/pcapng.js';
import { encodeSccp, sccpMessages } from '../../src/wire/sccp.js';
import { sccpLayouts } from '../../src/wire/sccp.table.js';
import { encodeTftp, type TftpPacket } from '../../src/wire/tftp.js';
import { planWith } from '../stages/sample-plan.js';
import { fromHex } from './hex.js';
import { describeWithTshark, tshark } from './outside.js';

/** The other side of every encoder: what a phone gets is what tshark reads without a complaint. */
const phone = { mac: '00:12:da:db:d3:4e', address: '10.0.0.5' };
const bench = { mac: '02:00:00:00:00:01', address: '10.0.0.1' };
const vlan = { id: 110, priority: 3 };

const ipv4Frame = (protocol: number, payload: Uint8Array): Uint8Array =>
  encodeEthernet({
    destination: phone.mac,
    source: bench.mac,
    vlan,
    etherType: etherTypes.ipv4,
    payload: encodeIpv4({ source: bench.address, destination: phone.address, protocol, payload }),
  });

const udpFrame = (sourcePort: number, destinationPort: number, payload: Uint8Array): Uint8Array =>
  ipv4Frame(
    ipProtocols.udp,
    encodeUdp({ sourcePort, destinationPort, payload, source: bench.address, destination: phone.address }),
  );

/** One conversation: sequence numbers go on. */
function tcpFrames(payloads: readonly Uint8Array[]): Uint8Array[] {
  let sequence = 1;
  return payloads.map((payload) => {
    const segment = {
      sourcePort: 2000,
      destinationPort: 49152,
      sequence,
      acknowledgement: 1,
      flags: { ack: true, psh: true },
      payload,
      source: bench.address,
      destination: phone.address,
    };
    sequence += payload.length;
    return ipv4Frame(ipProtocols.tcp, encodeTcp(segment));
  });
}

/** One line per frame, the fields joined by '|'; checksums of every layer are verified. */
function dissect(frames: readonly Uint8Array[], ...fields: string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'linkpulse-dissection-'));
  try {
    const path = join(folder, 'capture.pcapng');
    const packets = frames.map((bytes, index) => pcapngPacket({ bytes, timestampUs: index }));
    const header = pcapngHeader({ application: 'linkpulse', interfaceName: 'port1' });
    writeFileSync(path, Buffer.concat([header, ...packets]));
    const checks = ['ip', 'udp', 'tcp'].flatMap((layer) => ['-o', `${layer}.check_checksum:TRUE`]);
    const columns = ['_ws.malformed', '_ws.expert.message', ...fields].flatMap((field) => ['-e', field]);
    const text = tshark('-r', path, ...checks, '-T', 'fields', '-E', 'separator=|', ...columns);
    return text.trimEnd().split('\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const clean = (...values: (string | number)[]): string => ['', '', ...values].join('|');

describeWithTshark('tshark reads what we write', () => {
  it('every SCCP message with an encoder, empty and filled', () => {
    const names = Object.keys(sccpLayouts);
    const filled: readonly [string, Uint8Array][] = [
      ['ButtonTemplate', encodeSccp('ButtonTemplate', { buttons: '1:9,1:2' })],
      ['SoftKeyTemplateRes', encodeSccp('SoftKeyTemplateRes', { softKeys: 'Redial:1,NewCall:2' })],
      ['SoftKeySetRes', encodeSccp('SoftKeySetRes', { sets: '1 2,5' })],
      ['CapabilitiesRes', encodeSccp('CapabilitiesRes', { capabilities: '4:40,2:40' })],
      [
        'Register',
        encodeSccp('Register', { deviceName: 'SEP0012DADBD34E', loadName: 'P0030801SR02', protocolVersion: 17 }),
      ],
      ['RegisterAck', encodeSccp('RegisterAck', { protocolVersion: 11 })],
    ];
    // The short RegisterAck of CallManager 2.x is malformed to tshark, which knows later layouts only.
    const plain = names
      .filter((name) => name !== 'RegisterAck')
      .map((name): [string, Uint8Array] => [name, encodeSccp(name)]);
    const all = [...plain, ...filled];
    const lines = dissect(tcpFrames(all.map(([, bytes]) => bytes)), 'skinny.messageId', 'vlan.id');
    expect(lines).toEqual(all.map(([name]) => clean(sccpMessages[name] ?? '', vlan.id)));
  });

  it('every answer of a CallManager, at every protocol version', () => {
    const plan = planWith({});
    const [server] = plan.callManagers;
    if (server === undefined) throw new Error('a plan without CallManagers');
    const asked = [
      ...['VersionReq', 'ButtonTemplateReq', 'SoftKeyTemplateReq', 'SoftKeySetReq', 'ConfigStatReq', 'LineStatReq'],
      ...['SpeedDialStatReq', 'ForwardStatReq', 'FeatureStatReq', 'ServerReq', 'TimeDateReq', 'KeepAlive'],
      ...['RegisterTokenReq', 'Unregister'],
    ];
    for (let protocolVersion = 3; protocolVersion <= 22; protocolVersion += 1) {
      const session = createSccpSession({
        plan,
        server,
        now: () => new Date(0),
        teller: createFactTeller('callmanager', () => {}),
        conduct: server,
      });
      const replies = [
        encodeSccp('Register', { deviceName: 'SEP0012DADBD34E', protocolVersion }),
        ...asked.map((name) => encodeSccp(name)),
      ].map((bytes) => session.push(bytes).reply);
      const all = [...replies, session.order('reset'), session.order('restart')];
      const lines = dissect(tcpFrames(all), 'vlan.id');
      expect(lines, `protocol ${protocolVersion}`).toEqual(all.map(() => clean(vlan.id)));
    }
  }, 60_000);

  it('a DHCP offer with option 150', () => {
    const offer = encodeDhcp({
      op: 2,
      xid: 0xdadbd34e,
      broadcast: true,
      yourAddress: phone.address,
      serverAddress: bench.address,
      clientMac: phone.mac,
      options: [
        dhcpOption.messageType('OFFER'),
        dhcpOption.addresses(dhcpOptions.serverIdentifier, [bench.address]),
        dhcpOption.seconds(dhcpOptions.leaseTime, 3600),
        dhcpOption.addresses(dhcpOptions.tftpServers, [bench.address, '10.0.0.2']),
      ],
      padTo: 300,
    });
    const lines = dissect([udpFrame(67, 68, offer)], 'dhcp.option.dhcp', 'dhcp.option.tftp_server_address');
    expect(lines).toEqual([clean(2, '10.0.0.1,10.0.0.2')]);
  });

  it('every TFTP packet', () => {
    const packets: TftpPacket[] = [
      { opcode: 'RRQ', fileName: 'SEP0012DADBD34E.cnf.xml', mode: 'octet', options: { blksize: '1468' } },
      { opcode: 'OACK', options: { blksize: '1468' } },
      { opcode: 'DATA', block: 1, data: fromHex('01') },
      { opcode: 'ACK', block: 1 },
    ];
    const lines = dissect(
      packets.map((packet) => udpFrame(69, 69, encodeTftp(packet))),
      'tftp.opcode',
    );
    expect(lines).toEqual([1, 6, 3, 4].map((opcode) => clean(opcode)));
    const refusal = encodeTftp({ opcode: 'ERROR', errorCode: 1, errorMessage: 'File not found' });
    const [line] = dissect([udpFrame(69, 69, refusal)], 'tftp.error.code');
    // Not a complaint: tshark points every refusal out.
    expect(line).toBe('|TFTP ERROR packet|1');
  });

  it('CDP with every TLV we write, whatever the length', () => {
    const tlvs = [
      cdpTlv.deviceId('SEP0012DADBD34E'),
      cdpTlv.addresses([phone.address, '2001:db8::7960']),
      cdpTlv.portId('Port 1'),
      cdpTlv.capabilities(0x490),
      cdpTlv.softwareVersion('P00308010200'),
      cdpTlv.platform('Cisco IP Phone 7960'),
      cdpTlv.nativeVlan(1),
      cdpTlv.voiceVlanReply(110),
      cdpTlv.voiceVlanQuery(fromHex('20020001')),
      cdpTlv.powerRequested({ requestId: 0xd34e, managementId: 0, milliwatts: [10250, 6300] }),
      cdpTlv.powerAvailable(0xd34e, 2, 15400, 0xffffffff),
      cdpTlv.trustBitmap(0),
      cdpTlv.untrustedCos(0),
      cdpTlv.ipPrefixes(['10.0.0.0/8', '192.168.7.0/24']),
      cdpTlv.defaultGateway('10.110.0.1'),
      cdpTlv.vtpDomain('lab'),
      cdpTlv.mtu(1500),
      cdpTlv.systemName('bench'),
      cdpTlv.systemObjectId(fromHex('06082b0601040109')),
      cdpTlv.managementAddresses([bench.address]),
      cdpTlv.location({ kind: 0, text: 'shelf 3' }),
      cdpTlv.secondPort(fromHex('000200')),
      cdpTlv.duplex(true),
      cdpTlv.powerConsumption(6300),
    ];
    const frames = tlvs.map((_, count) =>
      cdpFrame(phone.mac, encodeCdp({ ttlSeconds: 180, tlvs: tlvs.slice(0, count + 1) })),
    );
    const lines = dissect(frames, 'cdp.checksum.status', 'cdp.deviceid');
    expect(lines).toEqual(tlvs.map(() => clean(1, 'SEP0012DADBD34E')));
  });

  it('ARP', () => {
    const payload = encodeArp({
      operation: 'request',
      senderMac: phone.mac,
      senderAddress: phone.address,
      targetMac: '00:00:00:00:00:00',
      targetAddress: bench.address,
    });
    const frame = encodeEthernet({ destination: bench.mac, source: phone.mac, etherType: etherTypes.arp, payload });
    expect(dissect([frame], 'arp.dst.proto_ipv4')).toEqual([clean(bench.address)]);
  });
});
