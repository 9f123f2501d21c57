import { dhcpOption, dhcpOptions, encodeDhcp } from '../../src/wire/dhcp.js';
import { encodeEthernet, etherTypes } from '../../src/wire/ethernet.js';
import { encodeIpv4, encodeUdp, ipProtocols } from '../../src/wire/ipv4.js';

/** Another MAC for each number, none of a maker's. */
export const randomMac = (number: number): string =>
  `02:${number.toString(16).padStart(10, '0').match(/../g)?.join(':')}`;

/** A DISCOVER as a phone broadcasts it. */
export const discover = (number: number): Uint8Array => {
  const mac = randomMac(number);
  const addresses = { source: '0.0.0.0', destination: '255.255.255.255' };
  const payload = encodeDhcp({
    op: 1,
    xid: number,
    broadcast: true,
    clientMac: mac,
    options: [
      dhcpOption.messageType('DISCOVER'),
      dhcpOption.bytes(dhcpOptions.parameterRequestList, Uint8Array.of(1, 3, 6, 150)),
    ],
    padTo: 300,
  });
  const udp = encodeUdp({ sourcePort: 68, destinationPort: 67, payload, ...addresses });
  return encodeEthernet({
    destination: 'ff:ff:ff:ff:ff:ff',
    source: mac,
    etherType: etherTypes.ipv4,
    payload: encodeIpv4({ ...addresses, protocol: ipProtocols.udp, ttl: 64, payload: udp }),
  });
};
