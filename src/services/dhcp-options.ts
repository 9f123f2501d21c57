import type { Plan } from '../plan/plan.js';
import { type DhcpMessage, type DhcpOption, dhcpOption, dhcpOptions } from '../wire/dhcp.js';
import { ipv4ToNumber, numberToIpv4 } from '../wire/ipv4.js';

const addressBits = 32;
/** T1 and T2 as shares of the lease (RFC 2131, 4.4.5). */
const shares = { renewal: 0.5, rebinding: 0.875 } as const;
/** Every client takes a message of 576 bytes (RFC 2132, 9.10), 28 of them IP and UDP headers; ours ends at an Ethernet frame. */
const messageSizes = { least: 576, most: 1500, headers: 28 } as const;
/** Fixed fields and magic cookie before the options, option 255 behind them. */
const frameBytes = 241;
const optionHeaderBytes = 2;

/** Told whether asked for or not: a phone without them does not start. */
const alwaysTold: ReadonlySet<number> = new Set([
  dhcpOptions.subnetMask,
  dhcpOptions.router,
  dhcpOptions.dns,
  dhcpOptions.tftpServerName,
  dhcpOptions.tftpServers,
]);

export interface Subnet {
  readonly mask: string;
  readonly network: string;
  readonly broadcast: string;
  has(address: string): boolean;
}

export const subnetOf = (address: string, prefixLength: number): Subnet => {
  const hosts = 2 ** (addressBits - prefixLength);
  const network = Math.floor(ipv4ToNumber(address) / hosts) * hosts;
  return {
    mask: numberToIpv4(2 ** addressBits - hosts),
    network: numberToIpv4(network),
    broadcast: numberToIpv4(network + hosts - 1),
    has: (other) => Math.floor(ipv4ToNumber(other) / hosts) * hosts === network,
  };
};

/** Options 51, 58, 59 of an answer that gives an address. */
export const leaseOptions = ({ network, dhcp }: Plan): readonly DhcpOption[] => {
  const { leaseSeconds } = network;
  const renewal = dhcp.renewalSeconds ?? Math.floor(leaseSeconds * shares.renewal);
  const rebinding = dhcp.rebindingSeconds ?? Math.floor(leaseSeconds * shares.rebinding);
  return [
    dhcpOption.seconds(dhcpOptions.leaseTime, leaseSeconds),
    dhcpOption.seconds(dhcpOptions.renewalTime, renewal),
    dhcpOption.seconds(dhcpOptions.rebindingTime, rebinding),
  ];
};

/** All that the plan has to tell of the network, in the order in which it is told where nobody asks for another. */
export const networkOptions = ({ network, dhcp }: Plan, subnet: Subnet): readonly DhcpOption[] => {
  const bench = network.benchAddress;
  const tftpServers = network.tftpServers.length > 0 ? network.tftpServers : [bench];
  const some = <Value>(value: Value | null, make: (value: Value) => DhcpOption) =>
    value === null ? [] : [make(value)];
  const list = (code: number, addresses: readonly string[]) =>
    addresses.length === 0 ? [] : [dhcpOption.addresses(code, addresses)];
  return [
    dhcpOption.addresses(dhcpOptions.subnetMask, [subnet.mask]),
    dhcpOption.addresses(dhcpOptions.router, [dhcp.router ?? bench]),
    dhcpOption.addresses(dhcpOptions.dns, dhcp.dnsServers.length > 0 ? dhcp.dnsServers : [bench]),
    dhcpOption.text(dhcpOptions.tftpServerName, dhcp.tftpServerName ?? tftpServers[0] ?? bench),
    // Option 150 is binary (RFC 5859): phones ignore an offer that carries it as text.
    dhcpOption.addresses(dhcpOptions.tftpServers, tftpServers),
    dhcpOption.addresses(dhcpOptions.broadcast, [subnet.broadcast]),
    ...some(dhcp.domain, (domain) => dhcpOption.text(dhcpOptions.domainName, domain)),
    ...some(dhcp.arpTimeoutSeconds, (seconds) => dhcpOption.seconds(dhcpOptions.arpTimeout, seconds)),
    ...list(dhcpOptions.ntp, dhcp.ntpServers),
    ...some(dhcp.vendorSpecific, (hex) => dhcpOption.bytes(dhcpOptions.vendorSpecific, Buffer.from(hex, 'hex'))),
    ...some(dhcp.bootFile, (file) => dhcpOption.text(dhcpOptions.bootFile, file)),
    ...(dhcp.sipServers.length === 0 ? [] : [dhcpOption.sipServers(dhcp.sipServers)]),
    ...list(dhcpOptions.cisco149, dhcp.option149),
    ...list(dhcpOptions.cisco151, dhcp.option151),
  ];
};

/** Each once. */
const inOrder = (codes: readonly number[], offered: readonly DhcpOption[]): readonly DhcpOption[] => {
  const told = new Set<DhcpOption>();
  for (const code of codes) {
    const option = offered.find((each) => each.code === code);
    if (option !== undefined) told.add(option);
  }
  return [...told];
};

/**
 * What this client is told of `offered`: what it asked for in its order (RFC 2132, 9.8), then what is told always; a
 * client without a list is told all. Options that do not fit the longest message it takes are left out, later ones first.
 */
export const optionsFor = (
  message: DhcpMessage,
  needed: readonly DhcpOption[],
  offered: readonly DhcpOption[],
): readonly DhcpOption[] => {
  const asked = message.parameterRequestList;
  const ordered =
    asked === undefined
      ? offered
      : [...inOrder(asked, offered), ...offered.filter(({ code }) => alwaysTold.has(code) && !asked.includes(code))];
  const relay = message.relayInformation;
  const echoed = relay === undefined ? [] : [dhcpOption.bytes(dhcpOptions.relayInformation, relay)];
  const longest = Math.min(messageSizes.most, Math.max(messageSizes.least, message.maxMessageBytes ?? 0));
  const bytesOf = ({ value }: DhcpOption): number => value.length + optionHeaderBytes;
  let room = longest - messageSizes.headers - frameBytes;
  for (const option of [...needed, ...echoed]) room -= bytesOf(option);
  const fitting: DhcpOption[] = [];
  for (const option of ordered) {
    if (bytesOf(option) > room) continue;
    room -= bytesOf(option);
    fitting.push(option);
  }
  // Option 82 stands last (RFC 3046, 2.1).
  return [...needed, ...fitting, ...echoed];
};
