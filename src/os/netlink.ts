/**
 * Bytes of rtnetlink(7) messages that change interfaces, their addresses and routes: built and read here, sent nowhere.
 * In this machine's byte order, which is little-endian wherever this runs. Numbers: linux/netlink.h, linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h, linux/veth.h.
 */

const messageTypes = {
  newLink: 16,
  deleteLink: 17,
  getLink: 18,
  newAddress: 20,
  deleteAddress: 21,
  newRoute: 24,
} as const;
const NLMSG_ERROR = 2;
const flags = { request: 0x1, acknowledge: 0x4, replace: 0x100, exclusive: 0x200, create: 0x400 } as const;
/** On an answer: the request is quoted by its header alone, and attributes follow. */
const NLM_F_CAPPED = 0x100;
const NLM_F_ACK_TLVS = 0x200;
const NLMSGERR_ATTR_MSG = 1;

const link = {
  address: 1,
  name: 3,
  mtu: 4,
  link: 5,
  info: 18,
  namespaceOfPid: 19,
  familySettings: 26,
  group: 27,
} as const;
const linkInfo = { kind: 1, data: 2 } as const;
const VETH_INFO_PEER = 1;
const IFLA_VLAN_ID = 1;
const IFLA_INET6_ADDR_GEN_MODE = 8;
const IN6_ADDR_GEN_MODE_NONE = 1;
const address = { address: 1, local: 2, broadcast: 4 } as const;
const route = { outInterface: 4, gateway: 5, priority: 6 } as const;

const AF_INET = 2;
const AF_INET6 = 10;
const IFF_UP = 0x1;
const IFF_NOARP = 0x80;
const RT_TABLE_MAIN = 254;
const RTPROT_BOOT = 3;
const RTN_UNICAST = 1;

const headerBytes = 16;
const attributeHeaderBytes = 4;
const alignment = 4;
const addressBits = 32;

const aligned = (length: number) => Math.ceil(length / alignment) * alignment;

const attribute = (type: number, ...parts: readonly Buffer[]): Buffer => {
  const length = attributeHeaderBytes + parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = Buffer.alloc(aligned(length));
  bytes.writeUInt16LE(length, 0);
  bytes.writeUInt16LE(type, 2);
  Buffer.concat(parts).copy(bytes, attributeHeaderBytes);
  return bytes;
};

const text = (value: string) => Buffer.from(`${value}\0`);
const uint16 = (value: number) => Buffer.from(Uint16Array.of(value).buffer);
const uint32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
const macBytes = (mac: string) => Buffer.from(mac.replaceAll(':', ''), 'hex');
const ipv4Bytes = (ipv4: string) => Buffer.from(ipv4.split('.').map(Number));

const message = (type: number, messageFlags: number, ...parts: readonly Buffer[]): Buffer => {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(headerBytes + parts.reduce((sum, part) => sum + part.length, 0), 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(flags.request | flags.acknowledge | messageFlags, 6);
  return Buffer.concat([header, ...parts]);
};

/** What an interface is set to; what is left out stays (a new one is down, and answers ARP). */
export interface LinkState {
  readonly up?: boolean;
  readonly arp?: boolean;
  /** Bytes behind the Ethernet header. */
  readonly mtu?: number;
}

/** struct ifinfomsg, of the interface that an attribute names. */
const interfaceInfo = ({ up, arp }: LinkState = {}): Buffer => {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32LE((up === true ? IFF_UP : 0) | (arp === false ? IFF_NOARP : 0), 8);
  bytes.writeUInt32LE((up === undefined ? 0 : IFF_UP) | (arp === undefined ? 0 : IFF_NOARP), 12);
  return bytes;
};

/** One end of a pair as it is to be made. */
export interface VethEnd {
  readonly name: string;
  /** Left out: the kernel takes one by chance. */
  readonly mac?: string;
  /** A process in whose network namespace it shall be; left out: here. */
  readonly namespaceOfPid?: number;
}

const vethEnd = ({ name, mac, namespaceOfPid }: VethEnd): Buffer =>
  Buffer.concat([
    attribute(link.name, text(name)),
    ...(mac === undefined ? [] : [attribute(link.address, macBytes(mac))]),
    ...(namespaceOfPid === undefined ? [] : [attribute(link.namespaceOfPid, uint32(namespaceOfPid))]),
  ]);

export const addVeth = (end: VethEnd, peer: VethEnd): Buffer =>
  message(
    messageTypes.newLink,
    flags.create | flags.exclusive,
    interfaceInfo(),
    vethEnd(end),
    attribute(
      link.info,
      attribute(linkInfo.kind, text('veth')),
      attribute(linkInfo.data, attribute(VETH_INFO_PEER, interfaceInfo(), vethEnd(peer))),
    ),
  );

/** `parentIndex`: of the interface that carries the tagged frames. */
export const addVlan = (name: string, parentIndex: number, vlan: number): Buffer =>
  message(
    messageTypes.newLink,
    flags.create | flags.exclusive,
    interfaceInfo(),
    attribute(link.name, text(name)),
    attribute(link.link, uint32(parentIndex)),
    attribute(
      link.info,
      attribute(linkInfo.kind, text('vlan')),
      attribute(linkInfo.data, attribute(IFLA_VLAN_ID, uint16(vlan))),
    ),
  );

export const setLink = (name: string, state: LinkState): Buffer =>
  message(
    messageTypes.newLink,
    0,
    interfaceInfo(state),
    attribute(link.name, text(name)),
    ...(state.mtu === undefined ? [] : [attribute(link.mtu, uint32(state.mtu))]),
  );

/** IPv6 gives it no address of its own. */
export const withoutOwnIpv6 = (name: string): Buffer =>
  message(
    messageTypes.newLink,
    0,
    interfaceInfo(),
    attribute(link.name, text(name)),
    attribute(
      link.familySettings,
      attribute(AF_INET6, attribute(IFLA_INET6_ADDR_GEN_MODE, Buffer.of(IN6_ADDR_GEN_MODE_NONE))),
    ),
  );

/** Answered by the interface's state; asking alone makes a carrier count that has just come (the kernel's linkwatch_sync_dev). */
export const getLink = (name: string): Buffer =>
  message(messageTypes.getLink, 0, interfaceInfo(), attribute(link.name, text(name)));

export const deleteLink = (name: string): Buffer =>
  message(messageTypes.deleteLink, 0, interfaceInfo(), attribute(link.name, text(name)));

export const setLinkGroup = (name: string, group: number): Buffer =>
  message(
    messageTypes.newLink,
    0,
    interfaceInfo(),
    attribute(link.name, text(name)),
    attribute(link.group, uint32(group)),
  );

export const deleteLinkGroup = (group: number): Buffer =>
  message(messageTypes.deleteLink, 0, interfaceInfo(), attribute(link.group, uint32(group)));

export interface InterfaceAddress {
  readonly address: string;
  readonly prefixLength: number;
}

const broadcastOf = ({ address: text4, prefixLength }: InterfaceAddress): Buffer => {
  const bytes = ipv4Bytes(text4);
  const hosts = prefixLength === 0 ? 0xffffffff : 2 ** (addressBits - prefixLength) - 1;
  bytes.writeUInt32BE((bytes.readUInt32BE(0) | hosts) >>> 0, 0);
  return bytes;
};

/** struct ifaddrmsg */
const addressInfo = (index: number, { address: text4, prefixLength }: InterfaceAddress): Buffer =>
  Buffer.concat([
    Buffer.of(AF_INET, prefixLength, 0, 0),
    uint32(index),
    attribute(address.local, ipv4Bytes(text4)),
    attribute(address.address, ipv4Bytes(text4)),
  ]);

/** One that is there already stays. */
export const addAddress = (index: number, of: InterfaceAddress): Buffer =>
  message(
    messageTypes.newAddress,
    flags.create | flags.replace,
    addressInfo(index, of),
    attribute(address.broadcast, broadcastOf(of)),
  );

export const deleteAddress = (index: number, of: InterfaceAddress): Buffer =>
  message(messageTypes.deleteAddress, 0, addressInfo(index, of));

/** The default route of its metric: the one before gives way. */
export const setDefaultRoute = (index: number, gateway: string, metric: number): Buffer =>
  message(
    messageTypes.newRoute,
    flags.create | flags.replace,
    // struct rtmsg
    Buffer.of(AF_INET, 0, 0, 0, RT_TABLE_MAIN, RTPROT_BOOT, 0, RTN_UNICAST, 0, 0, 0, 0),
    attribute(route.gateway, ipv4Bytes(gateway)),
    attribute(route.outInterface, uint32(index)),
    attribute(route.priority, uint32(metric)),
  );

export interface Acknowledgement {
  /** Of errno(3); 0: done. */
  readonly errno: number;
  /** The kernel's own words, where it has some. */
  readonly words: string | undefined;
}

/** The kernel's answer to one request; undefined: these bytes are none. */
export const readAcknowledgement = (bytes: Buffer): Acknowledgement | undefined => {
  const quotedAt = headerBytes + 4;
  if (bytes.length < quotedAt + headerBytes || bytes.readUInt16LE(4) !== NLMSG_ERROR) return undefined;
  const answerFlags = bytes.readUInt16LE(6);
  const errno = Math.abs(bytes.readInt32LE(headerBytes));
  const quotedBytes =
    (answerFlags & NLM_F_CAPPED) !== 0 || errno === 0 ? headerBytes : aligned(bytes.readUInt32LE(quotedAt));
  const end = Math.min(bytes.length, bytes.readUInt32LE(0));
  let words: string | undefined;
  if ((answerFlags & NLM_F_ACK_TLVS) !== 0)
    for (let at = quotedAt + quotedBytes; at + attributeHeaderBytes <= end; ) {
      const length = bytes.readUInt16LE(at);
      if (length < attributeHeaderBytes || at + length > end) break;
      if (bytes.readUInt16LE(at + 2) === NLMSGERR_ATTR_MSG)
        words = bytes.toString('utf8', at + attributeHeaderBytes, at + length).replace(/\0.*$/s, '');
      at += aligned(length);
    }
  return { errno, words };
};
