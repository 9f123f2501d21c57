/**
 * The carriers of interfaces, told by the kernel as they change. rtnetlink(7), linux/rtnetlink.h, linux/if_link.h.
 *
 * One socket for all who watch: the kernel tells each socket of every interface, and with one for each of many ports most of
 * what is read would be of others.
 */
import type { Clock } from '../timeline/clock.js';
import { watchReadable } from './epoll.js';
import { interfaceIndex } from './interface-control.js';
import { checked, closeDescriptor, errno, errnos, libc } from './libc.js';
import { currentNetworkNamespace } from './network-namespace.js';

const AF_NETLINK = 16;
const SOCK_RAW_NONBLOCK_CLOEXEC = 0o2004003;
const NETLINK_ROUTE = 0;
const RTMGRP_LINK = 1;
const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const RTM_GETLINK = 18;
const NLM_F_REQUEST = 1;
const NLM_F_DUMP = 0x300;
/** Up, and its PHY has link; IFF_RUNNING lags behind it. */
const IFF_UP = 1;
const IFF_LOWER_UP = 0x10000;

const headerBytes = 16;
const linkInfoBytes = 16;
const messageBytes = 32 * 1024;
const messagesPerTurn = 32;

/** RTM_GETLINK for all interfaces: struct nlmsghdr, struct ifinfomsg. */
const everyLink = (): Buffer => {
  const request = Buffer.alloc(headerBytes + linkInfoBytes);
  request.writeUInt32LE(request.length, 0);
  request.writeUInt16LE(RTM_GETLINK, 4);
  request.writeUInt16LE(NLM_F_REQUEST | NLM_F_DUMP, 6);
  return request;
};

export interface Carrier {
  /** The kernel's number of the interface. */
  readonly index: number;
  readonly up: boolean;
}

/** The carriers that the messages tell, in order; an interface that goes has none. */
export const readCarriers = (messages: Buffer): readonly Carrier[] => {
  const found: Carrier[] = [];
  for (let at = 0; at + headerBytes <= messages.length; ) {
    const size = messages.readUInt32LE(at);
    if (size < headerBytes || at + size > messages.length) break;
    const type = messages.readUInt16LE(at + 4);
    if (size >= headerBytes + linkInfoBytes && (type === RTM_NEWLINK || type === RTM_DELLINK)) {
      const index = messages.readInt32LE(at + headerBytes + 4);
      const flags = messages.readUInt32LE(at + headerBytes + 8);
      found.push({ index, up: type === RTM_NEWLINK && (flags & IFF_UP) !== 0 && (flags & IFF_LOWER_UP) !== 0 });
    }
    at += Math.ceil(size / 4) * 4;
  }
  return found;
};

export interface LinkWatch {
  carrier(): boolean;
  close(): void;
}

type Listener = (up: boolean) => void;

interface Monitor {
  readonly up: Set<number>;
  readonly listeners: Map<number, Set<Listener>>;
  /** What has been told so far. */
  catchUp(): void;
  close(): void;
}

const messages = Buffer.alloc(messageBytes);

const openMonitor = (): Monitor => {
  const descriptor = checked('socket(AF_NETLINK)', libc().socket(AF_NETLINK, SOCK_RAW_NONBLOCK_CLOEXEC, NETLINK_ROUTE));
  const up = new Set<number>();
  const listeners = new Map<number, Set<Listener>>();

  const hear = (carrier: Carrier) => {
    if (up.has(carrier.index) === carrier.up) return;
    if (carrier.up) up.add(carrier.index);
    else up.delete(carrier.index);
    for (const listener of listeners.get(carrier.index) ?? []) listener(carrier.up);
  };
  const askAll = () => {
    const request = everyLink();
    checked('send(RTM_GETLINK)', libc().send(descriptor, request, request.length, 0));
  };
  const read = (most: number) => {
    for (let count = 0; count < most; count += 1) {
      const length: number = libc().recv(descriptor, messages, messages.length, 0);
      if (length > 0) for (const carrier of readCarriers(messages.subarray(0, length))) hear(carrier);
      else if (length < 0 && errno() === errnos.ENOBUFS) askAll();
      else return;
    }
  };
  const catchUp = () => read(Number.POSITIVE_INFINITY);

  try {
    const address = Buffer.alloc(12);
    address.writeUInt16LE(AF_NETLINK, 0);
    address.writeUInt32LE(RTMGRP_LINK, 8);
    checked('bind(AF_NETLINK)', libc().bind(descriptor, address, address.length));
    askAll();
    catchUp();
  } catch (reason) {
    closeDescriptor(descriptor);
    throw reason;
  }
  const unwatch = watchReadable(descriptor, () => read(messagesPerTurn));
  return {
    up,
    listeners,
    catchUp,
    close: () => {
      unwatch();
      closeDescriptor(descriptor);
    },
  };
};

/** One for each network namespace that somebody watches from. */
const monitors = new Map<string, Monitor>();

/** `onEdge` hears changes only; the present state is `carrier()` at once. Throws BenchError INTERFACE_UNKNOWN, SYSTEM_CALL. */
export const watchLink = (
  interfaceName: string,
  clock: Clock,
  onEdge: (up: boolean, atUs: number) => void,
): LinkWatch => {
  const index = interfaceIndex(interfaceName);
  const namespace = currentNetworkNamespace();
  const monitor = monitors.get(namespace) ?? openMonitor();
  monitors.set(namespace, monitor);
  monitor.catchUp();
  const listener: Listener = (up) => onEdge(up, clock.nowUs());
  const ofInterface = monitor.listeners.get(index) ?? new Set();
  monitor.listeners.set(index, ofInterface.add(listener));
  let closed = false;
  return {
    carrier: () => monitor.up.has(index),
    close: () => {
      if (closed) return;
      closed = true;
      ofInterface.delete(listener);
      if (ofInterface.size === 0) monitor.listeners.delete(index);
      if (monitor.listeners.size > 0) return;
      monitors.delete(namespace);
      monitor.close();
    },
  };
};
