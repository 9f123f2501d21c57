import type { UdpPeer } from '../network/ip-attachment.js';
import type { Plan } from '../plan/plan.js';
import type { Clock } from '../timeline/clock.js';
import {
  type DhcpMessage,
  type DhcpMessageType,
  type DhcpOption,
  decodeDhcp,
  dhcpOption,
  dhcpOptions,
  encodeDhcp,
} from '../wire/dhcp.js';
import { dhcpLies } from './dhcp-lies.js';
import { leaseOptions, networkOptions, optionsFor, type Subnet, subnetOf } from './dhcp-options.js';
import { createFactTeller, type FactTeller } from './fact-teller.js';
import { openLeaseFile } from './lease-file.js';
import { type Lease, LeasePool } from './lease-pool.js';
import { benchAddresses, type Service, type ServiceContext } from './service.js';

/** RFC 2131: ports, the two op codes, the smallest BOOTP message. */
const dhcp = { serverPort: 67, clientPort: 68, bootRequest: 1, bootReply: 2, minMessageBytes: 300 } as const;

const microsecondsPerSecond = 1_000_000;
const unspecified = '0.0.0.0';
const limitedBroadcast = '255.255.255.255';

const poolOf = (plan: Plan, subnet: Subnet): LeasePool =>
  new LeasePool({
    ranges: [{ first: plan.network.poolFirst, last: plan.network.poolLast }, ...plan.dhcp.morePools],
    excluded: new Set([...benchAddresses(plan), ...plan.network.tftpServers, subnet.network, subnet.broadcast]),
    reserved: new Map(plan.dhcp.reservations.map(({ mac, address }) => [mac, address])),
  });

/** The MAC of one station: six octets, neither a group's (lowest bit of the first octet) nor all zero. */
const isStationMac = (mac: string): boolean =>
  /^[\da-f][02468ace](:[\da-f]{2}){5}$/.test(mac) && mac !== '00:00:00:00:00:00';

/** The leases of the run before this one, where the plan keeps them. A disk that fails costs the memory, not the service. */
const openLeases = (plan: Plan, wire: string, pool: LeasePool, clock: Clock, teller: FactTeller) => {
  const none = { append: () => {}, close: () => {} };
  const { leaseDirectory } = plan.dhcp;
  if (leaseDirectory === null) return none;
  const failed = (reason: unknown) => teller.once('lease-file-failed', 'file', { reason: String(reason) });
  try {
    const file = openLeaseFile(leaseDirectory, wire, clock);
    const kept = file.leases.filter((lease) => pool.restore(lease, clock.nowUs())).length;
    if (kept > 0 || file.damagedLines > 0)
      teller.tell('leases-restored', { leases: kept, damagedLines: file.damagedLines });
    const append = (lease: Lease): void => {
      try {
        file.append(lease);
      } catch (reason) {
        failed(reason);
      }
    };
    return { append, close: () => file.close() };
  } catch (reason) {
    failed(reason);
    return none;
  }
};

/**
 * DHCP as RFC 2131 has it, for one wire and for relays inside its subnet. A client is known by its MAC (chaddr) alone: a phone's xid
 * never changes and its packets come from whatever address it had before.
 */
export const startDhcpServer = ({ plan, ip, clock, faults, tell }: ServiceContext): Service => {
  const { network } = plan;
  const server = network.benchAddress;
  const subnet = subnetOf(server, network.prefixLength);
  const pool = poolOf(plan, subnet);
  const teller = createFactTeller('dhcp', tell);
  const leaseFile = openLeases(plan, ip.interfaceName, pool, clock, teller);
  const silent = faults.has('dhcp-silent');
  const port = ip.bindUdp({ port: dhcp.serverPort });
  const [firstTftpServer = server] = network.tftpServers;
  const toLease = leaseOptions(plan);
  const lies = dhcpLies(plan, subnet, faults);
  const toTell = lies.options(networkOptions(plan, subnet));
  const hostNames = new Map(plan.dhcp.reservations.map(({ mac, hostName }) => [mac, hostName]));
  const hostNameOf = (mac: string): readonly DhcpOption[] => {
    const name = hostNames.get(mac);
    return name == null ? [] : [dhcpOption.text(dhcpOptions.hostName, name)];
  };

  /** RFC 2131 4.1. Without ARP of our own, a client that has no address yet is reached by broadcast only. */
  const destination = (message: DhcpMessage, type: DhcpMessageType): UdpPeer => {
    const { relayAddress, clientAddress, broadcast } = message;
    if (relayAddress !== unspecified) return { address: relayAddress, port: dhcp.serverPort };
    const unicast = type !== 'NAK' && !broadcast && subnet.has(clientAddress);
    return { address: unicast ? clientAddress : limitedBroadcast, port: dhcp.clientPort };
  };

  const answer = (
    message: DhcpMessage,
    type: DhcpMessageType,
    yourAddress: string,
    more: {
      readonly needed?: readonly DhcpOption[];
      readonly offered?: readonly DhcpOption[];
      /** On purpose: in whose name. */
      readonly asServer?: string;
    },
  ): void => {
    const head = [
      dhcpOption.messageType(type),
      dhcpOption.addresses(dhcpOptions.serverIdentifier, [more.asServer ?? server]),
    ];
    const reply = encodeDhcp({
      op: dhcp.bootReply,
      xid: message.xid,
      // A relay reaches a client that has no address by broadcast only, when it is refused (RFC 2131, 4.3.2).
      broadcast: message.broadcast || (type === 'NAK' && message.relayAddress !== unspecified),
      clientAddress: type === 'ACK' ? message.clientAddress : unspecified,
      yourAddress,
      serverAddress: type === 'NAK' || lies.hidesServer ? unspecified : firstTftpServer,
      relayAddress: message.relayAddress,
      clientMac: message.clientMac,
      options: optionsFor(message, [...head, ...(more.needed ?? [])], more.offered ?? []),
      padTo: dhcp.minMessageBytes,
    });
    port.send(reply, destination(message, type));
  };

  const give = (message: DhcpMessage, type: 'OFFER' | 'ACK', address: string): void => {
    if (lies.fault !== null) teller.once('lies-on-purpose', lies.fault, { mac: message.clientMac, fault: lies.fault });
    answer(message, type, address, { needed: toLease, offered: [...toTell, ...hostNameOf(message.clientMac)] });
  };

  const refuse = (message: DhcpMessage, reason: string): void => {
    teller.once('request-refused', `${message.clientMac} ${reason}`, { mac: message.clientMac, reason });
    answer(message, 'NAK', unspecified, { needed: [dhcpOption.text(dhcpOptions.message, reason)] });
  };

  const offered = (message: DhcpMessage, wanted: string | undefined): string | undefined => {
    const address = pool.offer(message.clientMac, wanted, clock.nowUs());
    if (address === undefined) teller.once('pool-exhausted', 'pool', { addresses: pool.size });
    return address;
  };

  const onDiscover = (message: DhcpMessage): void => {
    const address = offered(message, message.requestedAddress);
    if (address === undefined) return;
    give(message, 'OFFER', address);
    const { stranger } = lies;
    if (stranger === null) return;
    teller.once('lies-on-purpose', 'two-offers', { mac: message.clientMac, fault: 'two-offers', ...stranger });
    answer(message, 'OFFER', stranger.address, { needed: toLease, offered: toTell, asServer: stranger.server });
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
    const nowUs = clock.nowUs();
    const isNew = pool.lease(clientMac, leaseSeconds, nowUs);
    // On disk before the client is told (RFC 2131, 3.1).
    leaseFile.append({ mac: clientMac, address, untilUs: nowUs + leaseSeconds * microsecondsPerSecond });
    if (isNew) teller.once('lease-granted', `${clientMac} ${address}`, { mac: clientMac, address, leaseSeconds });
    give(message, 'ACK', address);
  };

  const onInform = (message: DhcpMessage): void => {
    if (message.clientAddress !== unspecified) answer(message, 'ACK', unspecified, { offered: toTell });
  };

  const onDecline = ({ clientMac, requestedAddress }: DhcpMessage): void => {
    if (requestedAddress === undefined || !pool.decline(clientMac, requestedAddress, clock.nowUs())) return;
    leaseFile.append({ mac: clientMac, address: requestedAddress, untilUs: 0 });
    teller.once('address-declined', requestedAddress, { mac: clientMac, address: requestedAddress });
  };

  const onRelease = ({ clientMac, clientAddress }: DhcpMessage): void => {
    if (!pool.release(clientMac, clientAddress, clock.nowUs())) return;
    leaseFile.append({ mac: clientMac, address: clientAddress, untilUs: 0 });
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
    // Nobody makes us send out of our own subnet.
    if (message.relayAddress !== unspecified && !subnet.has(message.relayAddress)) return;
    const handle = handlers[message.messageType];
    if (handle === undefined) return;
    if (silent) teller.once('silent-on-purpose', 'dhcp-silent', { mac: message.clientMac, fault: 'dhcp-silent' });
    else handle(message);
  });
  return {
    close: async () => {
      port.close();
      leaseFile.close();
    },
  };
};
