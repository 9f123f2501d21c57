import { isCdpBody } from '../wire/cdp.js';
import { decodeEthernet, type EthernetFrame, etherTypes } from '../wire/ethernet.js';
import {
  type ArpPacket,
  decodeArp,
  decodeIpv4,
  decodeTcp,
  decodeUdp,
  type Ipv4Packet,
  ipProtocols,
  type TcpSegment,
  type UdpDatagram,
} from '../wire/ipv4.js';

/** A frame taken apart as far as it could be read. */
export interface Layers {
  readonly ethernet: EthernetFrame;
  readonly cdp?: Uint8Array;
  readonly lldp?: Uint8Array;
  readonly arp?: ArpPacket;
  readonly ipv4?: Ipv4Packet;
  readonly udp?: UdpDatagram;
  readonly tcp?: TcpSegment;
  /** The layer that should have been there and could not be read. */
  readonly unreadable?: string;
}

/** undefined: too short to be a frame. Fragments of IPv4 keep no further layer: none of our protocols needs them. */
export const takeApart = (bytes: Uint8Array): Layers | undefined => {
  const ethernet = decodeEthernet(bytes);
  if (ethernet === undefined) return undefined;
  const { body, payload } = ethernet;
  if (isCdpBody(body)) return { ethernet, cdp: payload };
  if (body.kind !== 'ethertype') return { ethernet };
  if (body.etherType === etherTypes.lldp) return { ethernet, lldp: payload };
  if (body.etherType === etherTypes.arp) {
    const arp = decodeArp(payload);
    return arp === undefined ? { ethernet, unreadable: 'arp' } : { ethernet, arp };
  }
  return body.etherType === etherTypes.ipv4 ? withIpv4(ethernet, payload) : { ethernet };
};

const withIpv4 = (ethernet: EthernetFrame, payload: Uint8Array): Layers => {
  const ipv4 = decodeIpv4(payload);
  if (ipv4 === undefined) return { ethernet, unreadable: 'ipv4' };
  if (ipv4.moreFragments || ipv4.fragmentOffset > 0) return { ethernet, ipv4 };
  if (ipv4.protocol === ipProtocols.udp) {
    const udp = decodeUdp(ipv4.payload);
    return udp === undefined ? { ethernet, ipv4, unreadable: 'udp' } : { ethernet, ipv4, udp };
  }
  if (ipv4.protocol === ipProtocols.tcp) {
    const tcp = decodeTcp(ipv4.payload);
    return tcp === undefined ? { ethernet, ipv4, unreadable: 'tcp' } : { ethernet, ipv4, tcp };
  }
  return { ethernet, ipv4 };
};
