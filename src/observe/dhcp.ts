import type { FactOf, ObserveFact } from '../timeline/events.js';
import { bytesToText } from '../wire/cursor.js';
import { type DhcpMessage, decodeDhcp, dhcpOptions } from '../wire/dhcp.js';
import type { Ipv4Packet, UdpDatagram } from '../wire/ipv4.js';
import type { TellMalformed } from './malformed.js';
import { wellKnownPorts } from './ports.js';
import { clip, clipList, clipOrNull, type Sighting } from './sighting.js';

export const isDhcp = ({ sourcePort, destinationPort }: UdpDatagram): boolean =>
  [sourcePort, destinationPort].every(
    (port) => port === wellKnownPorts.dhcpServer || port === wellKnownPorts.dhcpClient,
  );

/** Option 150 that is no list of addresses, as some servers send it and no phone takes it. */
const tftpServersText = ({ tftpServers, options }: DhcpMessage): { readonly tftpServersText?: string } => {
  const value = options.find(({ code }) => code === dhcpOptions.tftpServers)?.value;
  return value === undefined || tftpServers !== undefined ? {} : { tftpServersText: clip(bytesToText(value)) };
};

/** One DHCP message; plain BOOTP (no option 53) is not told. */
export const observeDhcp = (
  ipv4: Ipv4Packet,
  udp: UdpDatagram,
  { seen }: Sighting,
  tellMalformed: TellMalformed,
): readonly ObserveFact[] => {
  const message = decodeDhcp(udp.payload);
  const damage = message.malformed === undefined ? [] : tellMalformed('dhcp', message.malformed, seen);
  if (message.messageType === undefined) return damage;
  const fact: FactOf<'dhcp'> = {
    kind: 'dhcp',
    ...seen,
    messageType: message.messageType,
    xid: message.xid,
    sourceAddress: ipv4.source,
    clientMac: message.clientMac,
    vendorClass: clipOrNull(message.vendorClass),
    hostName: clipOrNull(message.hostName),
    parameterRequestList: clipList(message.parameterRequestList ?? []),
    requestedAddress: message.requestedAddress ?? null,
    yourAddress: message.yourAddress,
    serverIdentifier: message.serverIdentifier ?? null,
    tftpServers: clipList(message.tftpServers ?? []).map(clip),
    ...tftpServersText(message),
    tftpServerName: clipOrNull(message.tftpServerName),
    udpChecksum: udp.checksum !== 0,
  };
  return [fact, ...damage];
};
