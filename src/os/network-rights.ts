import { readFileSync } from 'node:fs';

/** linux/capability.h */
const capabilityBits = { CAP_NET_BIND_SERVICE: 10, CAP_NET_ADMIN: 12, CAP_NET_RAW: 13 } as const;
/** DHCP 67, TFTP 69: the lowest port that is served. */
const lowestServedPort = 67;

export interface NetworkRights {
  /** Of this process, bits of linux/capability.h. */
  readonly capabilities: bigint;
  readonly firstUnprivilegedPort: number;
}

export const readNetworkRights = (): NetworkRights => ({
  capabilities: BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'}`),
  firstUnprivilegedPort: Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8')),
});

/** Names of the capabilities that serving a real interface needs and this process has not. */
export const missingCapabilities = ({ capabilities, firstUnprivilegedPort }: NetworkRights): readonly string[] =>
  Object.entries(capabilityBits)
    .filter(([, bit]) => (capabilities & (1n << BigInt(bit))) === 0n)
    .map(([name]) => name)
    .filter((name) => name !== 'CAP_NET_BIND_SERVICE' || firstUnprivilegedPort > lowestServedPort);

/** The command that gives them to the interpreter. */
export const grantCommand = (missing: readonly string[]): string =>
  `sudo setcap ${missing.map((name) => name.toLowerCase()).join(',')}+ep "$(readlink -f "$(command -v node)")"`;
