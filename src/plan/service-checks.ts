/** Rules between `network` and the sections of service-plan.ts. */
import { ipv4Number, isHostOf, subnetOf } from './ipv4-number.js';
import type { Plan } from './plan.js';
import type { AddressRange } from './service-plan.js';
import type { Problem } from './yaml-file.js';

const holds = ({ first, last }: AddressRange, address: string): boolean =>
  ipv4Number(address) >= ipv4Number(first) && ipv4Number(address) <= ipv4Number(last);

export const dhcpFits = ({ network, dhcp, callManagers }: Partial<Plan>): readonly (Problem | false)[] => {
  if (network === undefined || dhcp === undefined) return [];
  const subnet = subnetOf(network.benchAddress, network.prefixLength);
  const where = `${network.benchAddress}/${network.prefixLength}`;
  const ours = [network.benchAddress, ...network.tftpServers, ...(callManagers ?? []).map(({ address }) => address)];
  const pools = [{ first: network.poolFirst, last: network.poolLast }, ...dhcp.morePools];
  const renewal = dhcp.renewalSeconds ?? 0;
  const rebinding = dhcp.rebindingSeconds ?? network.leaseSeconds;
  return [
    ...dhcp.morePools.flatMap((range, index): readonly (Problem | false)[] => {
      const path = ['dhcp', 'morePools', index];
      const taken = ours.find((address) => holds(range, address));
      return [
        ipv4Number(range.first) > ipv4Number(range.last) && { path, message: 'ends before it begins' },
        (!isHostOf(subnet, range.first) || !isHostOf(subnet, range.last)) && {
          path,
          message: `must lie inside ${where}`,
        },
        taken !== undefined && { path, message: `holds ${taken}, which the bench uses itself` },
      ];
    }),
    ...dhcp.reservations.flatMap(({ mac, address }, index): readonly (Problem | false)[] => {
      const path = ['dhcp', 'reservations', index];
      const before = dhcp.reservations.slice(0, index);
      return [
        !isHostOf(subnet, address) && { path: [...path, 'address'], message: `must lie inside ${where}` },
        ours.includes(address) && { path: [...path, 'address'], message: 'is used by the bench itself' },
        before.some((other) => other.address === address) && { path: [...path, 'address'], message: 'is given twice' },
        before.some((other) => other.mac === mac) && { path: [...path, 'mac'], message: 'is given twice' },
      ];
    }),
    dhcp.router !== null &&
      pools.some((range) => holds(range, dhcp.router ?? '')) && {
        path: ['dhcp', 'router'],
        message: 'lies in a DHCP pool: a phone would get its address',
      },
    dhcp.router !== null &&
      !isHostOf(subnet, dhcp.router) && { path: ['dhcp', 'router'], message: `must lie inside ${where}` },
    renewal >= rebinding && {
      path: ['dhcp', 'renewal'],
      message: 'must be before rebinding (and before the lease ends)',
    },
    rebinding > network.leaseSeconds && { path: ['dhcp', 'rebinding'], message: 'must be before the lease ends' },
  ];
};
