import { readFileSync } from 'node:fs';
import { BenchError } from '../errors.js';
import { isLoopback } from '../os/interface-control.js';

/** linux/route.h: the route is a refusal, it carries nothing. */
const RTF_REJECT = 0x200;
const anyAddress4 = '00000000';
const anyAddress6 = '0'.repeat(32);

/** Columns of /proc/net/route: interface, destination, gateway, flags, ..., mask (8th). */
const defaultRoutes4 = (table: string): readonly string[] =>
  rows(table)
    .filter((cells) => cells[1] === anyAddress4 && cells[7] === anyAddress4 && carries(cells[3]))
    .map((cells) => cells[0] ?? '');

/** Columns of /proc/net/ipv6_route: destination, its prefix length, ..., flags (9th), interface (10th). */
const defaultRoutes6 = (table: string): readonly string[] =>
  rows(table)
    .filter((cells) => cells[0] === anyAddress6 && cells[1] === '00' && carries(cells[8]))
    .map((cells) => cells[9] ?? '');

const rows = (table: string): string[][] => table.split('\n').map((line) => line.trim().split(/\s+/));
const carries = (flags: string | undefined) => (Number.parseInt(flags ?? '0', 16) & RTF_REJECT) === 0;

const readTable = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // No such protocol in this kernel: no route of it either.
    return '';
  }
};

/** Interfaces that a default route leaves by, in this process's network namespace. */
export const defaultRouteInterfaces = (read: (path: string) => string = readTable): ReadonlySet<string> =>
  new Set([
    ...defaultRoutes4(read('/proc/thread-self/net/route')),
    ...defaultRoutes6(read('/proc/thread-self/net/ipv6_route')),
  ]);

/**
 * The phone's wire is never the office network, unless the risk is taken (`isShared`): we serve DHCP on it. Throws BenchError
 * INTERFACE_UNKNOWN, INTERFACE_WITHOUT_WIRE (the loopback), INTERFACE_FORBIDDEN.
 */
export const refuseUplink = (name: string, { isShared }: { readonly isShared: boolean }): void => {
  if (isLoopback(name)) throw new BenchError('INTERFACE_WITHOUT_WIRE', `${name} is the loopback`);
  if (!isShared && defaultRouteInterfaces().has(name)) throw new BenchError('INTERFACE_FORBIDDEN', name);
};
