/**
 * A phone gone mad that does its work all the same: it fills its wire with broadcasts of hosts that are none, with CDP that
 * breaks off and, once it has an address, with DISCOVERs of ever new clients on its VLAN. Some 4,000 frames a second.
 */
import { dhcpOption, dhcpOptions, encodeDhcp } from '../../wire/dhcp.js';
import { decodeEthernet, encodeEthernet, etherTypes } from '../../wire/ethernet.js';
import { encodeIpv4, encodeUdp, ipProtocols } from '../../wire/ipv4.js';
import type { PhoneWire } from '../contracts.js';
import { isDhcpReplyFrame } from './dhcp-frames.js';
import type { Lifetime } from './lifetime.js';
import { broadcastMac, phoneFrame } from './tagged-frame.js';

const periodMs = 5;
const framesAtOnce = 20;
/** From the OFFER: by then the phone uses its address, and nobody takes these for its own. */
const untilDiscoversMs = 500;
/** IEEE 802 local experimental EtherType 2: nobody's protocol. */
const nobodysEtherType = 0x88b6;
const garbageBytes = 1_400;
/** CDP's group address and head (LLC, SNAP), version 2, TTL 180, a checksum, and a TLV that is longer than the frame. */
const brokenCdp = {
  destination: '01:00:0c:cc:cc:cc',
  payload: Buffer.from('aaaa0300000c200002b4ffff0001ffff534550', 'hex'),
} as const;

/** None of a maker's. */
const madeUpMac = (number: number): string => `02:66${number.toString(16).padStart(8, '0').replace(/../g, ':$&')}`;

const discover = (mac: string, xid: number, vlan: number | null): Uint8Array => {
  const addresses = { source: '0.0.0.0', destination: '255.255.255.255' };
  const payload = encodeDhcp({
    ...{ op: 1, xid, broadcast: true, clientMac: mac, padTo: 300 },
    options: [
      dhcpOption.messageType('DISCOVER'),
      dhcpOption.bytes(dhcpOptions.parameterRequestList, Uint8Array.of(1, 3, 6, 150)),
    ],
  });
  const udp = encodeUdp({ sourcePort: 68, destinationPort: 67, payload, ...addresses });
  const packet = encodeIpv4({ ...addresses, protocol: ipProtocols.udp, ttl: 64, payload: udp });
  return phoneFrame({ vlan, destination: broadcastMac, source: mac, etherType: etherTypes.ipv4, payload: packet });
};

const garbage = (source: string): Uint8Array =>
  encodeEthernet({
    destination: broadcastMac,
    source,
    etherType: nobodysEtherType,
    payload: new Uint8Array(garbageBytes),
  });

const cutCdp = (source: string): Uint8Array => {
  const { destination, payload } = brokenCdp;
  return encodeEthernet({ destination, source, etherType: payload.length, payload });
};

/** From link-up to the end of the power cycle. */
export const flood = (wire: Pick<PhoneWire, 'sendFrame' | 'onFrame'>, life: Lifetime): void => {
  let number = 0;
  let vlan: number | null | undefined;
  life.onEnd(
    wire.onFrame((frame) => {
      if (vlan !== undefined || !isDhcpReplyFrame(frame)) return;
      const answered = decodeEthernet(frame)?.vlans[0]?.id ?? null;
      life.alarm(untilDiscoversMs, () => {
        vlan = answered;
      });
    }),
  );
  const next = (): Uint8Array => {
    number += 1;
    const mac = madeUpMac(number);
    if (number % 3 === 0) return garbage(mac);
    return number % 3 === 1 || vlan === undefined ? cutCdp(mac) : discover(mac, number, vlan);
  };
  life.every(periodMs, () => {
    for (let sent = 0; sent < framesAtOnce; sent += 1) wire.sendFrame(next());
  });
};
