import {
  type DhcpMessage,
  type DhcpMessageType,
  type DhcpOption,
  decodeDhcp,
  dhcpOption,
  dhcpOptions,
  encodeDhcp,
} from '../../wire/dhcp.js';
import { decodeEthernet, etherTypes } from '../../wire/ethernet.js';
import { decodeIpv4, decodeUdp, encodeIpv4, encodeUdp, ipProtocols } from '../../wire/ipv4.js';
import type { PhoneIdentity } from './phone-identity.js';
import { broadcastMac, isOnVlan, phoneFrame } from './tagged-frame.js';

export const unspecifiedAddress = '0.0.0.0';
const limitedBroadcast = '255.255.255.255';
const ports = { server: 67, client: 68 } as const;
const op = { request: 1, reply: 2 } as const;
const ttl = 64;
/** 576-byte datagram less the IPv4 and UDP headers. */
const messageBytes = 548;
const ethernetHardware = 1;
const field = { snameBytes: 64, fileBytes: 128, chaddrPaddingStart: 34, chaddrPaddingEnd: 44 } as const;

/** Subnet mask, TFTP name, DNS, router, domain, TFTP addresses, ARP cache time-out: what 31 real phones asked for. */
export const phoneParameterRequestList: readonly number[] = [
  dhcpOptions.subnetMask,
  dhcpOptions.tftpServerName,
  dhcpOptions.dns,
  dhcpOptions.router,
  dhcpOptions.domainName,
  dhcpOptions.tftpServers,
  dhcpOptions.arpTimeout,
];

/** What a load leaves in memory it never cleared: no zero bytes, the same at every boot. */
const leftOverMemory = (bytes: number, seed: number): Uint8Array => {
  let state = seed;
  return Uint8Array.from({ length: bytes }, () => {
    // Linear congruential, Numerical Recipes' constants.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 24) | 1;
  });
};

/** The last four octets of the MAC, at every try and every boot. */
export const phoneXid = (identity: PhoneIdentity): number => {
  const mac = identity.macBytes;
  return new DataView(mac.buffer, mac.byteOffset, mac.byteLength).getUint32(mac.byteLength - 4);
};

export interface DhcpSend {
  readonly identity: PhoneIdentity;
  readonly vlan: number | null;
  readonly parameterRequestList: readonly number[];
  readonly type: DhcpMessageType;
  /** IP source: the previous lease, even in a DISCOVER. */
  readonly sourceAddress: string;
  /** Set in a renewal: `ciaddr`, and unicast to this server. */
  readonly renewal?: { readonly server: string; readonly serverMac: string };
  /** Options 50 and 54 of a REQUEST or DECLINE. */
  readonly chosen?: { readonly address: string; readonly server: string };
}

/**
 * A phone's DHCP frame as protocol facts 5.1 has it: option order 53, 61, 12, (50, 54,) 60, 55, 255, zeros to 548 bytes,
 * secs 0, broadcast flag, left-over memory in chaddr's padding, sname and file, UDP checksum 0.
 */
export const dhcpFrame = (send: DhcpSend): Uint8Array => {
  const { identity, type, sourceAddress, renewal, chosen } = send;
  const destination = renewal?.server ?? limitedBroadcast;
  const options: DhcpOption[] = [
    dhcpOption.messageType(type),
    dhcpOption.bytes(dhcpOptions.clientIdentifier, Uint8Array.of(ethernetHardware, ...identity.macBytes)),
    dhcpOption.text(dhcpOptions.hostName, identity.deviceId),
    ...(chosen === undefined
      ? []
      : [
          dhcpOption.addresses(dhcpOptions.requestedAddress, [chosen.address]),
          dhcpOption.addresses(dhcpOptions.serverIdentifier, [chosen.server]),
        ]),
    dhcpOption.text(dhcpOptions.vendorClass, identity.vendorClass),
    dhcpOption.bytes(dhcpOptions.parameterRequestList, Uint8Array.from(send.parameterRequestList)),
  ];
  const message = encodeDhcp({
    op: op.request,
    xid: phoneXid(identity),
    secs: 0,
    broadcast: renewal === undefined,
    clientAddress: renewal === undefined ? unspecifiedAddress : sourceAddress,
    clientMac: identity.mac,
    sname: leftOverMemory(field.snameBytes, 0x7960),
    file: leftOverMemory(field.fileBytes, 0x1a2b3c),
    options,
    padTo: messageBytes,
  });
  message.set(leftOverMemory(field.chaddrPaddingEnd - field.chaddrPaddingStart, 0xc0ffee), field.chaddrPaddingStart);
  const udp = encodeUdp({
    sourcePort: ports.client,
    destinationPort: ports.server,
    payload: message,
    source: sourceAddress,
    destination,
    checksum: 'none',
  });
  return phoneFrame({
    vlan: send.vlan,
    source: identity.mac,
    destination: renewal?.serverMac ?? broadcastMac,
    etherType: etherTypes.ipv4,
    payload: encodeIpv4({ source: sourceAddress, destination, protocol: ipProtocols.udp, ttl, payload: udp }),
  });
};

/** True for a frame the phone's own DHCP client takes; its IP stack is not to see it. */
export const isDhcpReplyFrame = (frame: Uint8Array): boolean => dhcpPayload(frame) !== undefined;

const dhcpPayload = (frame: Uint8Array) => {
  const ethernet = decodeEthernet(frame);
  if (ethernet?.body.kind !== 'ethertype' || ethernet.body.etherType !== etherTypes.ipv4) return undefined;
  const ip = decodeIpv4(ethernet.payload);
  if (ip?.protocol !== ipProtocols.udp || ip.moreFragments || ip.fragmentOffset !== 0) return undefined;
  const udp = decodeUdp(ip.payload);
  return udp?.destinationPort === ports.client ? { ethernet, udp } : undefined;
};

export interface DhcpReply {
  readonly message: DhcpMessage;
  readonly serverMac: string;
}

/** undefined: not a DHCP answer to this phone on this VLAN. */
export const readDhcpReply = (
  frame: Uint8Array,
  identity: PhoneIdentity,
  vlan: number | null,
): DhcpReply | undefined => {
  const found = dhcpPayload(frame);
  if (found === undefined || !isOnVlan(found.ethernet, vlan)) return undefined;
  const { destination, source } = found.ethernet;
  if (destination !== identity.mac && destination !== broadcastMac) return undefined;
  const message = decodeDhcp(found.udp.payload);
  if (message.op !== op.reply || message.xid !== phoneXid(identity) || message.clientMac !== identity.mac)
    return undefined;
  return { message, serverMac: source };
};
