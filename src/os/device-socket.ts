/**
 * UDP and TCP sockets bound to one network interface (SO_BINDTODEVICE, socket(7)), which Node's own dgram and net cannot
 * make. The descriptor is then handed to `dgram` `bind({ fd })` or `net` `listen({ fd })`, which own and close it.
 */
import { isIPv4 } from 'node:net';
import { BenchError } from '../errors.js';
import {
  checked,
  closeDescriptor,
  errno,
  errnos,
  errnoText,
  freeNativeMemory,
  int32,
  libc,
  nativeMemory,
  pointerBytes,
  systemError,
  writePointer,
} from './libc.js';

export interface DeviceSocketOptions {
  readonly kind: 'udp' | 'tcp';
  /** null: any interface (loopback services). */
  readonly interfaceName: string | null;
  /** `0.0.0.0`: any address, broadcasts included. */
  readonly address: string;
  /** 0: any free one. */
  readonly port: number;
  /** What may wait to be read; the system's own measure where left out, or where more is not permitted. */
  readonly receiveBufferBytes?: number;
}

export interface DeviceSocket {
  readonly descriptor: number;
  /** The port it got. */
  readonly port: number;
}

const AF_INET = 2;
const socketTypes = { udp: 2, tcp: 1 } as const;
const SOCK_NONBLOCK_CLOEXEC = 0o2004000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_BROADCAST = 6;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
const SO_BINDTODEVICE = 25;
const SO_ATTACH_FILTER = 26;
const addressBytes = 16;

/** struct sockaddr_in. Throws BenchError NETWORK_FAILED. */
export const socketAddress = (address: string, port: number): Buffer => {
  if (!isIPv4(address)) throw new BenchError('NETWORK_FAILED', `not an IPv4 address: ${address}`);
  const bytes = Buffer.alloc(addressBytes);
  bytes.writeUInt16LE(AF_INET, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.set(address.split('.').map(Number), 4);
  return bytes;
};

/** Throws BenchError SYSTEM_CALL (address in use, no permission), NETWORK_FAILED (no such address form). */
export const openDeviceSocket = (options: DeviceSocketOptions): DeviceSocket => {
  const { kind, interfaceName, address, port, receiveBufferBytes } = options;
  const wanted = socketAddress(address, port);
  const descriptor = checked('socket', libc().socket(AF_INET, socketTypes[kind] | SOCK_NONBLOCK_CLOEXEC, 0));
  const set = (name: string, option: number, value: Buffer) =>
    checked(`setsockopt(${name})`, libc().setsockopt(descriptor, SOL_SOCKET, option, value, value.length));
  try {
    // Without a device two UDP sockets would share the port in silence; with one, other servers on this machine may stay.
    if (kind === 'tcp' || interfaceName !== null) set('SO_REUSEADDR', SO_REUSEADDR, int32(1));
    if (kind === 'udp') set('SO_BROADCAST', SO_BROADCAST, int32(1));
    if (receiveBufferBytes !== undefined) {
      const size = int32(receiveBufferBytes);
      const isForced = libc().setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, size, size.length) === 0;
      if (!isForced) set('SO_RCVBUF', SO_RCVBUF, size);
    }
    if (interfaceName !== null)
      set(`SO_BINDTODEVICE ${interfaceName}`, SO_BINDTODEVICE, Buffer.from(`${interfaceName}\0`));
    if (libc().bind(descriptor, wanted, wanted.length) < 0) {
      const where = `${kind} ${address} port ${port}${interfaceName === null ? '' : ` on ${interfaceName}`}`;
      throw new BenchError('SYSTEM_CALL', `bind to ${where} failed with ${errnoText(errno())}`);
    }
    const got = Buffer.alloc(addressBytes);
    checked('getsockname', libc().getsockname(descriptor, got, int32(got.length)));
    return { descriptor, port: got.readUInt16BE(2) };
  } catch (reason) {
    closeDescriptor(descriptor);
    throw reason;
  }
};

/** linux/filter.h: one instruction, `BPF_RET | BPF_K` with 0, which drops every packet. */
const dropEverything = { code: 0x06, bytes: 8 };
const programBytes = 16;

const MSG_DONTWAIT = 0x40;

/**
 * Sends one datagram at once, a third quicker than `dgram`, which makes a request object and a callback for each. Returns what
 * was sent: false, it would have to wait (EAGAIN). Throws BenchError SYSTEM_CALL, NETWORK_FAILED as above.
 */
export const sendDatagram = (descriptor: number, data: Uint8Array, address: Buffer): boolean => {
  if (libc().sendto(descriptor, data, data.length, MSG_DONTWAIT, address, address.length) >= 0) return true;
  const reason = errno();
  if (reason === errnos.EAGAIN) return false;
  throw systemError('sendto', reason);
};

const longestDatagram = 65_536;
const received = Buffer.alloc(longestDatagram);
const sender = Buffer.alloc(addressBytes);
const senderBytes = int32(addressBytes);

/** A datagram that waits and who sent it, in memory of its own size; undefined: none waits, or the socket is in error. */
export const receiveDatagram = (
  descriptor: number,
): { readonly data: Buffer; readonly address: string; readonly port: number } | undefined => {
  senderBytes.writeInt32LE(addressBytes);
  const length = libc().recvfrom(descriptor, received, longestDatagram, MSG_DONTWAIT, sender, senderBytes);
  if (length < 0) return undefined;
  return {
    data: Buffer.from(received.subarray(0, length)),
    address: `${sender[4]}.${sender[5]}.${sender[6]}.${sender[7]}`,
    port: sender.readUInt16BE(2),
  };
};

/**
 * Takes a TCP port so that the kernel answers nothing at all there, not even RST: whoever wants an answer on that very
 * interface sends it himself. (The kernel's RST for a port without socket is routed by address and knows no interface.)
 * Returns its descriptor, to be closed by the caller. Throws as `openDeviceSocket`.
 */
export const openSilentTcpPort = (place: Omit<DeviceSocketOptions, 'kind'>): number => {
  const { descriptor } = openDeviceSocket({ kind: 'tcp', ...place });
  const program = nativeMemory(programBytes + dropEverything.bytes);
  try {
    program.bytes.fill(0);
    program.bytes.writeUInt16LE(1, 0);
    const instruction = program.address + BigInt(programBytes);
    writePointer(program.bytes, pointerBytes, instruction);
    program.bytes.writeUInt16LE(dropEverything.code, programBytes);
    checked(
      'setsockopt(SO_ATTACH_FILTER)',
      libc().setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, program.bytes, 2 * pointerBytes),
    );
    checked('listen', libc().listen(descriptor, 1));
    return descriptor;
  } catch (reason) {
    closeDescriptor(descriptor);
    throw reason;
  } finally {
    freeNativeMemory(program);
  }
};
