/** Asks an interface's wire for DHCP servers, as a client would, and takes nothing of what they offer. */
import type { FrameLink } from '../network/frame-link.js';
import type { Clock } from '../timeline/clock.js';
import { sleep } from '../timeline/wait.js';
import { decodeDhcp, dhcpOption, dhcpOptions, encodeDhcp } from '../wire/dhcp.js';
import { decodeEthernet, encodeEthernet, etherTypes, macToBytes } from '../wire/ethernet.js';
import { decodeIpv4, decodeUdp, encodeIpv4, encodeUdp, ipProtocols } from '../wire/ipv4.js';
import type { DhcpServerHeard } from './facts.js';

const ports = { server: 67, client: 68 } as const;
const op = { request: 1, reply: 2 } as const;
const unspecifiedAddress = '0.0.0.0';
const broadcastAddress = '255.255.255.255';
const broadcastMac = 'ff:ff:ff:ff:ff:ff';
const ttl = 64;
const shortestMessageBytes = 300;
const ethernetHardware = 1;

export interface HearOptions {
  readonly seconds: number;
  readonly clock: Clock;
  /** Asked on each; null: untagged, the only one where left out. */
  readonly vlans?: readonly (number | null)[];
  readonly signal?: AbortSignal;
}

/** dnsmasq and Windows ping an address for up to 3 s before they offer it. */
export const longEnoughSeconds = 4;

/** Sends DISCOVERs each second; resolves with every server whose DHCP was heard, asked or not. Rejects when aborted. */
export const hearDhcpServers = async (
  link: FrameLink,
  { seconds, clock, vlans = [null], signal }: HearOptions,
): Promise<readonly DhcpServerHeard[]> => {
  const heard = new Map<string, DhcpServerHeard>();
  const leave = link.onFrame(({ bytes, direction }) => {
    const server = direction === 'in' ? serverOf(bytes) : undefined;
    if (server !== undefined) heard.set(server.mac, server);
  });
  try {
    for (let second = 0; second < seconds; second += 1) {
      const xid = (clock.nowUs() + second) >>> 0;
      for (const vlan of vlans) link.send(discoverFrame(link.macAddress, xid, vlan));
      await sleep(clock, 1000, signal);
    }
  } finally {
    leave();
  }
  return [...heard.values()];
};

const discoverFrame = (mac: string, xid: number, vlan: number | null): Uint8Array => {
  const message = encodeDhcp({
    op: op.request,
    xid,
    secs: 0,
    broadcast: true,
    clientAddress: unspecifiedAddress,
    clientMac: mac,
    options: [
      dhcpOption.messageType('DISCOVER'),
      dhcpOption.bytes(dhcpOptions.clientIdentifier, Uint8Array.of(ethernetHardware, ...macToBytes(mac))),
    ],
    padTo: shortestMessageBytes,
  });
  const addresses = { source: unspecifiedAddress, destination: broadcastAddress };
  const udp = encodeUdp({ sourcePort: ports.client, destinationPort: ports.server, payload: message, ...addresses });
  return encodeEthernet({
    destination: broadcastMac,
    source: mac,
    ...(vlan === null ? {} : { vlan: { id: vlan, priority: 0 } }),
    etherType: etherTypes.ipv4,
    payload: encodeIpv4({ ...addresses, protocol: ipProtocols.udp, ttl, payload: udp }),
  });
};

const serverOf = (frame: Uint8Array): DhcpServerHeard | undefined => {
  const ethernet = decodeEthernet(frame);
  if (ethernet?.body.kind !== 'ethertype' || ethernet.body.etherType !== etherTypes.ipv4) return undefined;
  const ip = decodeIpv4(ethernet.payload);
  const udp = ip?.protocol === ipProtocols.udp && ip.fragmentOffset === 0 ? decodeUdp(ip.payload) : undefined;
  if (ip === undefined || udp?.sourcePort !== ports.server || udp.destinationPort !== ports.client) return undefined;
  return decodeDhcp(udp.payload).op === op.reply ? { address: ip.source, mac: ethernet.source } : undefined;
};
