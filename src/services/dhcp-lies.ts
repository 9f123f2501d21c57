/** DHCP's faults on purpose (plan/faults.ts): what an answer says instead. */
import type { Plan } from '../plan/plan.js';
import { type DhcpOption, dhcpOption, dhcpOptions } from '../wire/dhcp.js';
import { ipv4ToNumber, numberToIpv4 } from '../wire/ipv4.js';
import type { Subnet } from './dhcp-options.js';
import { benchAddresses } from './service.js';

/** Options that name a TFTP server. */
const tftpCodes: ReadonlySet<number> = new Set([dhcpOptions.tftpServers, dhcpOptions.tftpServerName]);

export interface DhcpLies {
  /** Of these, what is told. */
  options(honest: readonly DhcpOption[]): readonly DhcpOption[];
  /** The header names no server for files either. */
  readonly hidesServer: boolean;
  /** A server that is not there and an address that it offers; null: none does. */
  readonly stranger: { readonly server: string; readonly address: string } | null;
  /** The fault that `options` follows; null: they are honest. */
  readonly fault: string | null;
}

/** Two hosts of the subnet that nobody here uses, from its end. */
const strangerIn = (plan: Plan, subnet: Subnet): DhcpLies['stranger'] => {
  const { poolFirst, poolLast, tftpServers } = plan.network;
  const used = new Set([...benchAddresses(plan), ...tftpServers]);
  const isPool = (at: number) => at >= ipv4ToNumber(poolFirst) && at <= ipv4ToNumber(poolLast);
  const free: string[] = [];
  for (let at = ipv4ToNumber(subnet.broadcast) - 1; at > ipv4ToNumber(subnet.network) && free.length < 2; at -= 1)
    if (!isPool(at) && !used.has(numberToIpv4(at))) free.push(numberToIpv4(at));
  const [server, address] = free;
  return server === undefined || address === undefined ? null : { server, address };
};

export const dhcpLies = (plan: Plan, subnet: Subnet, faults: ReadonlySet<string>): DhcpLies => {
  const hidesServer = faults.has('offer-without-150');
  const isText = faults.has('text-option-150');
  const asText = (option: DhcpOption): DhcpOption =>
    option.code === dhcpOptions.tftpServers
      ? dhcpOption.text(option.code, plan.network.tftpServers[0] ?? plan.network.benchAddress)
      : option;
  return {
    options: (honest) => {
      if (hidesServer) return honest.filter(({ code }) => !tftpCodes.has(code));
      return isText ? honest.map(asText) : honest;
    },
    hidesServer,
    stranger: faults.has('two-offers') ? strangerIn(plan, subnet) : null,
    fault: hidesServer ? 'offer-without-150' : isText ? 'text-option-150' : null,
  };
};
