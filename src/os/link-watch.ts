/** The carrier of one interface, told by the kernel as it changes. rtnetlink(7), linux/rtnetlink.h, linux/if_link.h. */
import type { Clock } from '../timeline/clock.js';
import { watchReadable } from './epoll.js';
import { interfaceIndex } from './interface-control.js';
import { checked, closeDescriptor, libc } from './libc.js';

const AF_NETLINK = 16;
const SOCK_RAW_NONBLOCK_CLOEXEC = 0o2004003;
const NETLINK_ROUTE = 0;
const RTMGRP_LINK = 1;
const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const RTM_GETLINK = 18;
const NLM_F_REQUEST = 1;
/** Up, and its PHY has link; IFF_RUNNING lags behind it. */
const IFF_UP = 1;
const IFF_LOWER_UP = 0x10000;

const headerBytes = 16;
const linkInfoBytes = 16;
const messageBytes = 32 * 1024;
const messagesPerTurn = 32;

/** RTM_GETLINK for one interface: struct nlmsghdr, struct ifinfomsg. */
const linkRequest = (index: number): Buffer => {
  const request = Buffer.alloc(headerBytes + linkInfoBytes);
  request.writeUInt32LE(request.length, 0);
  request.writeUInt16LE(RTM_GETLINK, 4);
  request.writeUInt16LE(NLM_F_REQUEST, 6);
  request.writeInt32LE(index, headerBytes + 4);
  return request;
};

/** The carrier of interface `index` as the messages tell it, in order. */
export const readCarrier = (messages: Buffer, index: number): readonly boolean[] => {
  const found: boolean[] = [];
  for (let at = 0; at + headerBytes <= messages.length; ) {
    const size = messages.readUInt32LE(at);
    if (size < headerBytes || at + size > messages.length) break;
    const type = messages.readUInt16LE(at + 4);
    if (size >= headerBytes + linkInfoBytes && messages.readInt32LE(at + headerBytes + 4) === index) {
      const flags = messages.readUInt32LE(at + headerBytes + 8);
      if (type === RTM_NEWLINK) found.push((flags & IFF_UP) !== 0 && (flags & IFF_LOWER_UP) !== 0);
      if (type === RTM_DELLINK) found.push(false);
    }
    at += Math.ceil(size / 4) * 4;
  }
  return found;
};

export interface LinkWatch {
  carrier(): boolean;
  close(): void;
}

/** `onEdge` hears changes only; the present state is `carrier()` at once. Throws BenchError INTERFACE_UNKNOWN, SYSTEM_CALL. */
export const watchLink = (
  interfaceName: string,
  clock: Clock,
  onEdge: (up: boolean, atUs: number) => void,
): LinkWatch => {
  const index = interfaceIndex(interfaceName);
  const descriptor = checked('socket(AF_NETLINK)', libc().socket(AF_NETLINK, SOCK_RAW_NONBLOCK_CLOEXEC, NETLINK_ROUTE));
  const memory = Buffer.alloc(messageBytes);
  let carrier = false;

  const readAll = (tell: boolean): void => {
    for (let count = 0; count < messagesPerTurn; count += 1) {
      const length: number = libc().recv(descriptor, memory, memory.length, 0);
      // Nothing more; or ENOBUFS, messages lost: the next one tells the state again.
      if (length <= 0) return;
      for (const up of readCarrier(memory.subarray(0, length), index)) {
        if (up === carrier) continue;
        carrier = up;
        if (tell) onEdge(up, clock.nowUs());
      }
    }
  };

  try {
    const address = Buffer.alloc(12);
    address.writeUInt16LE(AF_NETLINK, 0);
    address.writeUInt32LE(RTMGRP_LINK, 8);
    checked('bind(AF_NETLINK)', libc().bind(descriptor, address, address.length));
    const request = linkRequest(index);
    checked('send(RTM_GETLINK)', libc().send(descriptor, request, request.length, 0));
    // The kernel has answered before send returned.
    readAll(false);
  } catch (reason) {
    closeDescriptor(descriptor);
    throw reason;
  }
  const unwatch = watchReadable(descriptor, () => readAll(true));
  let closed = false;
  return {
    carrier: () => carrier,
    close: () => {
      if (closed) return;
      closed = true;
      unwatch();
      closeDescriptor(descriptor);
    },
  };
};
