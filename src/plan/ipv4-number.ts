/** Dotted IPv4 addresses as numbers, for ranges. The text is known to be an address. */
const octet = 256;
export const ipv4Number = (address: string): number =>
  address.split('.').reduce((sum, part) => sum * octet + Number(part), 0);

export interface Subnet {
  readonly network: number;
  readonly broadcast: number;
}

export const subnetOf = (address: string, prefixLength: number): Subnet => {
  const size = 2 ** (32 - prefixLength);
  const network = Math.floor(ipv4Number(address) / size) * size;
  return { network, broadcast: network + size - 1 };
};

/** An address a host may have: inside, and neither the network's own nor the broadcast address. */
export const isHostOf = ({ network, broadcast }: Subnet, address: string): boolean => {
  const number = ipv4Number(address);
  return number > network && number < broadcast;
};
