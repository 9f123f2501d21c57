/**
 * How the plan's addresses and ports lie on loopback where there is no network namespace: a.b.c.d is 127.b.c.d, service
 * ports are shifted past the ones that need root, ports a socket got by itself stay as they are.
 */
const firstShiftedPort = 1;
/** From here on ports are ephemeral ones and not shifted. */
export const firstUnshiftedPort = 30_000;
/** The system's own ephemeral range starts here (ip_local_port_range); below it a port can only be a shifted one. */
const firstEphemeralPort = 32_768;

const octets = (address: string): readonly string[] => address.split('.');

export const loopbackAddress = (logical: string): string => ['127', ...octets(logical).slice(1)].join('.');

/** `network`: any logical address of the same attachment; loopback has lost the first octet. */
export const logicalAddress = (loopback: string, network: string): string =>
  [octets(network)[0] ?? '0', ...octets(loopback).slice(1)].join('.');

export const loopbackPort = (logical: number, portOffset: number): number =>
  logical >= firstShiftedPort && logical < firstUnshiftedPort ? logical + portOffset : logical;

export const logicalPort = (actual: number, portOffset: number): number => {
  const unshifted = actual - portOffset;
  const shifted = unshifted >= firstShiftedPort && unshifted < firstUnshiftedPort && actual < firstEphemeralPort;
  return shifted ? unshifted : actual;
};
