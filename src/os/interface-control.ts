/** What the kernel knows of a network interface, and the switches on it, by ioctl: no process is started. */
import { readFileSync, writeFileSync } from 'node:fs';
import { BenchError } from '../errors.js';
import { checked, closeDescriptor, freeNativeMemory, libc, nativeMemory, writePointer } from './libc.js';

const AF_INET = 2;
const SOCK_DGRAM_CLOEXEC = 0o2000002;

// linux/sockios.h
const SIOCGIFFLAGS = 0x8913;
const SIOCSIFFLAGS = 0x8914;
const SIOCGIFMTU = 0x8921;
const SIOCGIFHWADDR = 0x8927;
const SIOCETHTOOL = 0x8946;

const IFF_UP = 1;
const IFF_LOOPBACK = 8;

/** linux/ethtool.h: what leaves frames unfinished or glues several into one, so that a capture would not show the wire. */
const offloads = { transmitChecksum: 0x17, tcpSegmentation: 0x1f, genericSegmentation: 0x24, genericReceive: 0x2c };

/** struct ifreq: 16 bytes of name and a union of at most 24. */
const nameBytes = 16;
const requestBytes = 40;
const ethtoolBytes = 8;

/** IFNAMSIZ, the terminating zero taken off. */
export const interfaceNameLimit = nameBytes - 1;

/** The kernel's number of an interface. Throws BenchError INTERFACE_UNKNOWN. */
export const interfaceIndex = (name: string): number => {
  if (Buffer.byteLength(name) > interfaceNameLimit) throw new BenchError('INTERFACE_UNKNOWN', name);
  const index: number = libc().ifNameToIndex(name);
  if (index === 0) throw new BenchError('INTERFACE_UNKNOWN', name);
  return index;
};

const request = (call: string, command: number, name: string, fill: (body: Buffer) => void = () => {}): Buffer => {
  interfaceIndex(name);
  const socket = checked('socket', libc().socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0));
  const memory = nativeMemory(requestBytes);
  try {
    memory.bytes.fill(0);
    memory.bytes.write(name);
    fill(memory.bytes.subarray(nameBytes));
    checked(`${call} on ${name}`, libc().ioctl(socket, command, memory.address));
    return Buffer.from(memory.bytes.subarray(nameBytes));
  } finally {
    freeNativeMemory(memory);
    closeDescriptor(socket);
  }
};

/** Lower case with colons. */
export const interfaceMac = (name: string): string => {
  const address = request('SIOCGIFHWADDR', SIOCGIFHWADDR, name).subarray(2, 8);
  return [...address].map((octet) => octet.toString(16).padStart(2, '0')).join(':');
};

/** Bytes behind the Ethernet header. Throws BenchError INTERFACE_UNKNOWN. */
export const interfaceMtu = (name: string): number => request('SIOCGIFMTU', SIOCGIFMTU, name).readInt32LE(0);

/** Of this thread's network namespace, in the kernel's order. */
export const interfaceNames = (): readonly string[] =>
  readFileSync('/proc/thread-self/net/dev', 'utf8')
    .split('\n')
    .flatMap((line) => /^\s*([^\s:]+):/.exec(line)?.[1] ?? []);

/** Throws BenchError INTERFACE_UNKNOWN. */
export const isLoopback = (name: string): boolean =>
  (request('SIOCGIFFLAGS', SIOCGIFFLAGS, name).readUInt16LE(0) & IFF_LOOPBACK) !== 0;

/** Administrative state. A veth end set down takes its peer's carrier away, like a phone whose PHY sleeps. */
export const setInterfaceUp = (name: string, up: boolean): void => {
  const flags = request('SIOCGIFFLAGS', SIOCGIFFLAGS, name).readInt16LE(0);
  request('SIOCSIFFLAGS', SIOCSIFFLAGS, name, (body) => body.writeInt16LE(up ? flags | IFF_UP : flags & ~IFF_UP));
};

/**
 * Makes the interface carry frames as they are on the wire: no checksum left to hardware, no segments glued together.
 * What the driver refuses is left as it is (PacketSocket tells of unfinished checksums). Returns the names of those.
 */
export const turnOffOffloads = (name: string): readonly string[] => {
  const value = nativeMemory(ethtoolBytes);
  const refused: string[] = [];
  try {
    for (const [offload, command] of Object.entries(offloads)) {
      value.bytes.writeUInt32LE(command, 0);
      value.bytes.writeUInt32LE(0, 4);
      try {
        request('SIOCETHTOOL', SIOCETHTOOL, name, (body) => writePointer(body, 0, value.address));
      } catch {
        refused.push(offload);
      }
    }
  } finally {
    freeNativeMemory(value);
  }
  return refused;
};

/**
 * Keeps the system's own talk off the wire: no IPv6 (router solicitations, neighbour discovery), ARP answered only for
 * addresses of this very interface, and no reverse-path check (a phone asks with the address of its last lease).
 * Call before the interface goes up. What the system forbids is left as it is.
 */
export const quietInterface = (name: string): void => {
  const settings: readonly (readonly [string, string])[] = [
    [`ipv6/conf/${name}/disable_ipv6`, '1'],
    [`ipv4/conf/${name}/arp_ignore`, '1'],
    [`ipv4/conf/${name}/arp_announce`, '2'],
    [`ipv4/conf/${name}/rp_filter`, '0'],
  ];
  for (const [file, value] of settings) {
    try {
      writeFileSync(`/proc/sys/net/${file}`, value);
    } catch {
      // No IPv6 in this kernel, or /proc/sys is read-only in this container.
    }
  }
};
