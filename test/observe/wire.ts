import { createObserver, type ObservedFrame, type Observer } from '../../src/observe/observer.js';
import type { FactKind, FactOf, ObserveFact } from '../../src/timeline/events.js';
import { cdpFrame, cdpTlv, encodeCdp } from '../../src/wire/cdp.js';
import { type DhcpMessageType, dhcpOption, dhcpOptions, encodeDhcp } from '../../src/wire/dhcp.js';
import { addVlanTag, encodeEthernet, etherTypes } from '../../src/wire/ethernet.js';
import { encodeArp, encodeIpv4, encodeTcp, encodeUdp, ipProtocols } from '../../src/wire/ipv4.js';
import { encodeSccp } from '../../src/wire/sccp.js';
import { encodeTftp, type TftpPacket } from '../../src/wire/tftp.js';

export const macs = { phone: '00:0f:24:5a:79:60', bench: '02:00:00:00:00:01' } as const;
export const addresses = { phone: '10.110.0.100', bench: '10.110.0.1', manager: '10.110.0.11' } as const;
export type Side = keyof typeof macs;
const other = (side: Side): Side => (side === 'phone' ? 'bench' : 'phone');

const ethernet = (from: Side, etherType: number, payload: Uint8Array, vlan: number | null): Uint8Array =>
  encodeEthernet({
    source: macs[from],
    destination: macs[other(from)],
    etherType,
    payload,
    ...(vlan === null ? {} : { vlan: { id: vlan, priority: 5 } }),
  });

interface Ends {
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
}

export const udp = (from: Side, ends: Ends, payload: Uint8Array, vlan: number | null = 110): Uint8Array =>
  ethernet(
    from,
    etherTypes.ipv4,
    encodeIpv4({ ...ends, protocol: ipProtocols.udp, payload: encodeUdp({ ...ends, payload }) }),
    vlan,
  );

export const arp = (from: Side, senderAddress: string, targetAddress: string, vlan: number | null = 110): Uint8Array =>
  ethernet(
    from,
    etherTypes.arp,
    encodeArp({
      operation: 'request',
      senderMac: macs[from],
      senderAddress,
      targetMac: '00:00:00:00:00:00',
      targetAddress,
    }),
    vlan,
  );

export const phoneCdp = (): Uint8Array =>
  cdpFrame(
    macs.phone,
    encodeCdp({
      ttlSeconds: 180,
      tlvs: [
        cdpTlv.deviceId('SEP000F245A7960'),
        cdpTlv.portId('Port 1'),
        cdpTlv.capabilities(0x490),
        cdpTlv.softwareVersion('P00308010200'),
        cdpTlv.platform('Cisco IP Phone 7960'),
        cdpTlv.voiceVlanQuery(Uint8Array.of(0x20, 0x02, 0x00, 0x01)),
        cdpTlv.powerRequested({ requestId: 0x7960, managementId: 0, milliwatts: [10_250, 6300] }),
        cdpTlv.powerConsumption(6300),
      ],
    }),
  );

export const benchCdp = (): Uint8Array =>
  cdpFrame(
    macs.bench,
    encodeCdp({
      ttlSeconds: 180,
      tlvs: [
        cdpTlv.deviceId('linkpulse'),
        cdpTlv.capabilities(0x28),
        cdpTlv.voiceVlanReply(110),
        cdpTlv.powerAvailable(0, 1, 15_400, 0xffffffff),
      ],
    }),
  );

export const dhcp = (
  from: Side,
  type: DhcpMessageType,
  ip: { readonly source?: string; readonly yourAddress?: string; readonly clientMac?: string } = {},
): Uint8Array =>
  udp(
    from,
    {
      source: ip.source ?? (from === 'phone' ? '0.0.0.0' : addresses.bench),
      sourcePort: from === 'phone' ? 68 : 67,
      destination: '255.255.255.255',
      destinationPort: from === 'phone' ? 67 : 68,
    },
    encodeDhcp({
      op: from === 'phone' ? 1 : 2,
      xid: 0x245a7960,
      clientMac: ip.clientMac ?? macs.phone,
      ...(ip.yourAddress === undefined ? {} : { yourAddress: ip.yourAddress }),
      options: [
        dhcpOption.messageType(type),
        ...(from === 'phone'
          ? [
              dhcpOption.text(dhcpOptions.vendorClass, 'Cisco Systems, Inc. IP Phone CP-7960G\0'),
              dhcpOption.bytes(dhcpOptions.parameterRequestList, Uint8Array.of(1, 66, 6, 3, 15, 150, 35)),
            ]
          : [dhcpOption.addresses(dhcpOptions.tftpServers, [addresses.bench])]),
      ],
    }),
  );

export const tftpPorts = { client: 49_152, server: 40_000 } as const;
/** A TFTP packet of the phone (to `port`) or of the server (from `port`). */
export const tftp = (
  from: Side,
  packet: TftpPacket,
  port: number = packet.opcode === 'RRQ' ? 69 : tftpPorts.server,
  clientPort: number = tftpPorts.client,
): Uint8Array => {
  const phoneEnd = [addresses.phone, clientPort] as const;
  const benchEnd = [addresses.bench, port] as const;
  const [[source, sourcePort], [destination, destinationPort]] =
    from === 'phone' ? [phoneEnd, benchEnd] : [benchEnd, phoneEnd];
  return udp(from, { source, sourcePort, destination, destinationPort }, encodeTftp(packet));
};
export const rrq = (fileName: string, clientPort?: number): Uint8Array =>
  tftp('phone', { opcode: 'RRQ', fileName, mode: 'octet', options: {} }, 69, clientPort);
export const data = (block: number, bytes: Uint8Array): Uint8Array =>
  tftp('bench', { opcode: 'DATA', block, data: bytes });
export const ack = (block: number): Uint8Array => tftp('phone', { opcode: 'ACK', block });

/** One TCP connection of the phone to a CallManager, both directions' sequence numbers kept. */
export const connection = (
  options: { readonly port?: number; readonly clientPort?: number; readonly isn?: number } = {},
) => {
  const { port = 2000, clientPort = 50_000, isn = 1000 } = options;
  const next = { phone: isn >>> 0, bench: 0xffff_fff0 };
  const at = (
    from: Side,
    sequence: number,
    flags: Parameters<typeof encodeTcp>[0]['flags'],
    payload: Uint8Array = new Uint8Array(),
  ): Uint8Array => {
    const phoneEnd = { address: addresses.phone, port: clientPort };
    const managerEnd = { address: addresses.manager, port };
    const [source, destination] = from === 'phone' ? [phoneEnd, managerEnd] : [managerEnd, phoneEnd];
    const ends = {
      source: source.address,
      sourcePort: source.port,
      destination: destination.address,
      destinationPort: destination.port,
    };
    const acknowledgement = flags.ack === true ? next[other(from)] : 0;
    const segment = encodeTcp({ ...ends, sequence: sequence >>> 0, acknowledgement, flags, payload });
    return ethernet(from, etherTypes.ipv4, encodeIpv4({ ...ends, protocol: ipProtocols.tcp, payload: segment }), 110);
  };
  const send = (from: Side, flags: Parameters<typeof encodeTcp>[0]['flags'], payload?: Uint8Array): Uint8Array => {
    const bytes = at(from, next[from], flags, payload);
    const length = (payload?.length ?? 0) + (flags.syn === true || flags.fin === true ? 1 : 0);
    next[from] = (next[from] + length) >>> 0;
    return bytes;
  };
  return {
    at,
    next,
    syn: () => send('phone', { syn: true }),
    open: () => [send('phone', { syn: true }), send('bench', { syn: true, ack: true }), send('phone', { ack: true })],
    says: (from: Side, ...messages: readonly Uint8Array[]) =>
      send(from, { ack: true, psh: true }, Uint8Array.from(Buffer.concat(messages))),
    fin: (from: Side) => send(from, { ack: true, fin: true }),
    rst: (from: Side) => send(from, { ack: true, rst: true }),
  };
};

export const register = encodeSccp('Register', {
  deviceName: 'SEP000F245A7960',
  deviceType: 7,
  protocolVersion: 11,
  stationAddress: addresses.phone,
});
export const keepAlive = encodeSccp('KeepAlive');

/** Feeds frames `stepUs` apart; who sent them is read from the source MAC, unless the capture does not tell. */
export const watch = (
  frames: readonly Uint8Array[],
  options: {
    readonly stepUs?: number;
    readonly observer?: Observer;
    readonly directions?: boolean;
    readonly fromUs?: number;
  } = {},
): ObserveFact[] => {
  const { stepUs = 1000, observer = createObserver(), directions = true, fromUs = 0 } = options;
  return frames.flatMap((bytes, index) =>
    observer.frame(framed(bytes, fromUs + index * stepUs, index + 1, directions)),
  );
};

export const framed = (bytes: Uint8Array, atUs: number, number: number, directions = true): ObservedFrame => ({
  bytes,
  atUs,
  number,
  direction: directions ? (bytes[6] === 0x02 ? 'out' : 'in') : undefined,
});

export const only = <K extends FactKind>(facts: readonly ObserveFact[], kind: K): FactOf<K>[] =>
  facts.filter((fact): fact is FactOf<K> & ObserveFact => fact.kind === kind);

export const kinds = (facts: readonly ObserveFact[]): string[] => facts.map(({ kind }) => kind);
export { addVlanTag };
