import type { UdpPeer } from '../network/ip-attachment.js';
import type { Plan } from '../plan/plan.js';
import {
  type DhcpMessage,
  type DhcpMessageType,
  type DhcpOption,
  decodeDhcp,
  dhcpOption,
  dhcpOptions,
  encodeDhcp,
} from '../wire/dhcp.js';
import { ipv4ToNumber, numberToIpv4 } from '../wire/ipv4.js';
import { createFactTeller } from './fact-teller.js';
import { LeasePool } from './lease-pool.js';
import { benchAddresses, type Service, type ServiceContext } from './service.js';

/** RFC 2131: ports, the two op codes, the smallest BOOTP message, and T1 and T2 as shares of the lease (4.4.5). */
const dhcp = {
  serverPort: 67,
  clientPort: 68,
  bootRequest: 1,
  bootReply: 2,
  minMessageBytes: 300,
  renewalShare: 0.5,
  rebindingShare: 0.875,
} as const;

const unspecified = '0.0.0.0';
const limitedBroadcast = '255.255.255.255';
const addressBits = 32;

interface Subnet {
  readonly mask: string;
  readonly network: string;
  readonly broadcast: string;
}

const subnetOf = (address: string, prefixLength: number): Subnet => {
  const hosts = 2 ** (addressBits - prefixLength);
  const network = Math.floor(ipv4ToNumber(address) / hosts) * hosts;
  return {
    mask: numberToIpv4(2 ** addressBits - hosts),
    network: numberToIpv4(network),
    broadcast: numberToIpv4(network + hosts - 1),
  };
};

const poolOf = (plan: Plan, subnet: Subnet): LeasePool =>
  new LeasePool({
    first: plan.network.poolFirst,
    last: plan.network.poolLast,
    excluded: new Set([...benchAddresses(plan), ...plan.network.tftpServers, subnet.network, subnet.broadcast]),
  });

/** The MAC of one station: six octets, neither a group's (lowest bit of the first octet) nor all zero. */
const isStationMac = (mac: string): boolean =>
  /^[\da-f][02468ace](:[\da-f]{2}){5}$/.test(mac) && mac !== '00:00:00:00:00:00';

/**
 * DHCP as RFC 2131 has it, for one wire without relays. A client is known by its MAC (chaddr) alone: a phone's xid
 * never changes and its packets come from whatever address it had before.
 */
export const startDhcpServer = ({ plan, ip, clock, faults, tell }: ServiceContext): Service => {
  const { network } = plan;
  const server = network.benchAddress;
  const subnet = subnetOf(server, network.prefixLength);
  const pool = poolOf(plan, subnet);
  const teller = createFactTeller('dhcp', tell);
  const silent = faults.has('dhcp-silent');
  const port = ip.bindUdp({ port: dhcp.serverPort });
  const tftpServers = network.tftpServers.length > 0 ? network.tftpServers : [server];
  const [firstTftpServer = server] = tftpServers;

  const leaseOptions = (): readonly DhcpOption[] => [
    dhcpOption.seconds(dhcpOptions.leaseTime, network.leaseSeconds),
    dhcpOption.seconds(dhcpOptions.renewalTime, Math.floor(network.leaseSeconds * dhcp.renewalShare)),
    dhcpOption.seconds(dhcpOptions.rebindingTime, Math.floor(network.leaseSeconds * dhcp.rebindingShare)),
  ];

  /** Option 150 is binary (RFC 5859): phones ignore an offer that carries it as text. */
  const networkOptions = (): readonly DhcpOption[] => [
    dhcpOption.addresses(dhcpOptions.subnetMask, [subnet.mask]),
    dhcpOption.addresses(dhcpOptions.router, [server]),
    dhcpOption.addresses(dhcpOptions.dns, [server]),
    dhcpOption.text(dhcpOptions.tftpServerName, firstTftpServer),
    dhcpOption.addresses(dhcpOptions.tftpServers, tftpServers),
  ];

  /** RFC 2131 4.1. Without ARP of our own, a client that has no address yet is reached by broadcast only. */
  const destination = (message: DhcpMessage, type: DhcpMessageType): UdpPeer => {
    const unicast = type !== 'NAK' && !message.broadcast && message.clientAddress !== unspecified;
    return { address: unicast ? message.clientAddress : limitedBroadcast, port: dhcp.clientPort };
  };

  const answer = (
    message: DhcpMessage,
    type: DhcpMessageType,
    yourAddress: string,
    options: readonly DhcpOption[],
  ): void => {
    const reply = encodeDhcp({
      op: dhcp.bootReply,
      xid: message.xid,
      broadcast: message.broadcast,
      clientAddress: type === 'ACK' ? message.clientAddress : unspecified,
      yourAddress,
      serverAddress: type === 'NAK' ? unspecified : firstTftpServer,
      relayAddress: message.relayAddress,
      clientMac: message.clientMac,
      options: [dhcpOption.messageType(type), dhcpOption.addresses(dhcpOptions.serverIdentifier, [server]), ...options],
      padTo: dhcp.minMessageBytes,
    });
    port.send(reply, destination(message, type));
  };

  const refuse = (message: DhcpMessage, reason: string): void => {
    teller.once('request-refused', `${message.clientMac} ${reason}`, { mac: message.clientMac, reason });
    answer(message, 'NAK', unspecified, [dhcpOption.text(dhcpOptions.message, reason)]);
  };

  const offered = (message: DhcpMessage, wanted: string | undefined): string | undefined => {
    const address = pool.offer(message.clientMac, wanted, clock.nowUs());
    if (address === undefined) teller.once('pool-exhausted', 'pool', { addresses: pool.size });
    return address;
  };

  const onDiscover = (message: DhcpMessage): void => {
    const address = offered(message, message.requestedAddress);
    if (address !== undefined) answer(message, 'OFFER', address, [...leaseOptions(), ...networkOptions()]);
  };

  /** SELECTING, INIT-REBOOT, RENEWING and REBINDING (RFC 2131 4.3.2) differ only in where the asked address stands. */
  const onRequest = (message: DhcpMessage): void => {
    const { clientMac, serverIdentifier } = message;
    if (serverIdentifier !== undefined && serverIdentifier !== server) {
      pool.withdraw(clientMac);
      return;
    }
    const asked = message.requestedAddress ?? message.clientAddress;
    const address = offered(message, asked);
    if (address !== asked) {
      refuse(message, address === undefined ? 'no address left' : `${asked} is not yours here`);
      return;
    }
    const { leaseSeconds } = network;
    if (pool.lease(clientMac, leaseSeconds, clock.nowUs())) {
      teller.once('lease-granted', `${clientMac} ${address}`, { mac: clientMac, address, leaseSeconds });
    }
    answer(message, 'ACK', address, [...leaseOptions(), ...networkOptions()]);
  };

  const onInform = (message: DhcpMessage): void => {
    if (message.clientAddress !== unspecified) answer(message, 'ACK', unspecified, networkOptions());
  };

  const onDecline = ({ clientMac, requestedAddress }: DhcpMessage): void => {
    if (requestedAddress === undefined || !pool.decline(clientMac, requestedAddress)) return;
    teller.once('address-declined', requestedAddress, { mac: clientMac, address: requestedAddress });
  };

  const onRelease = ({ clientMac, clientAddress }: DhcpMessage): void => {
    if (!pool.release(clientMac, clientAddress, clock.nowUs())) return;
    teller.once('lease-released', `${clientMac} ${clientAddress}`, { mac: clientMac, address: clientAddress });
  };

  const handlers: Partial<Record<DhcpMessageType, (message: DhcpMessage) => void>> = {
    DISCOVER: onDiscover,
    REQUEST: onRequest,
    INFORM: onInform,
    DECLINE: onDecline,
    RELEASE: onRelease,
  };

  port.onError((error) => teller.once('socket-error', error.message, { reason: error.message }));
  port.onMessage((data) => {
    const message = decodeDhcp(data);
    if (message.malformed !== undefined || message.messageType === undefined) return;
    if (message.op !== dhcp.bootRequest || !isStationMac(message.clientMac)) return;
    const handle = handlers[message.messageType];
    if (handle === undefined) return;
    if (silent) teller.once('silent-on-purpose', 'dhcp-silent', { mac: message.clientMac, fault: 'dhcp-silent' });
    else handle(message);
  });
  return { close: async () => port.close() };
};
