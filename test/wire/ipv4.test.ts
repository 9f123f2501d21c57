import { describe, expect, it } from 'vitest';
import { decodeEthernet, encodeEthernet, etherTypes } from '../../src/wire/ethernet.js';
import {
  completeChecksum,
  decodeArp,
  decodeIpv4,
  decodeTcp,
  decodeUdp,
  encodeArp,
  encodeIpv4,
  encodeTcp,
  encodeUdp,
  internetChecksum,
  ipProtocols,
  ipv4ToNumber,
  numberToIpv4,
} from '../../src/wire/ipv4.js';
import { fromHex, toHex } from './hex.js';
import { survives } from './hostile.js';

const source = '10.0.0.5';
const destination = '10.0.0.1';
const macs = { destination: '02:00:00:00:00:01', source: '00:12:da:db:d3:4e' };
const udp = { sourcePort: 49152, destinationPort: 69, payload: fromHex('0001 41'), source, destination };
const tcp = {
  sourcePort: 49153,
  destinationPort: 2000,
  sequence: 0xfffffff0,
  acknowledgement: 7,
  flags: { ack: true, psh: true },
  payload: fromHex('040000000000000000000000'),
  source,
  destination,
};

/** RFC 1071: a sum taken over data with its sum in place is 0. */
const transportSum = (protocol: number, datagram: Uint8Array): number =>
  internetChecksum(fromHex(`0a000005 0a000001 00${toHex(Uint8Array.of(protocol))}`), lengthOf(datagram), datagram);
const lengthOf = (bytes: Uint8Array) => Uint8Array.of(bytes.length >>> 8, bytes.length & 0xff);

describe('the Internet checksum', () => {
  it('gives the sum of the example in RFC 1071 section 3', () => {
    expect(internetChecksum(fromHex('0001 f203 f4f5 f6f7'))).toBe(~0xddf2 & 0xffff);
  });

  it('treats parts as if they were joined, odd ones too, and pads the end on the right', () => {
    expect(internetChecksum(fromHex('0001f2'), fromHex('03f4f5f6f7'))).toBe(~0xddf2 & 0xffff);
    expect(internetChecksum(fromHex('01'))).toBe(~0x0100 & 0xffff);
  });

  it('folds as often as the carry comes back', () => {
    expect(internetChecksum(new Uint8Array(200_000).fill(0xff))).toBe(0);
  });
});

describe('IPv4', () => {
  it('writes a header whose checksum holds, don’t fragment set', () => {
    const packet = encodeIpv4({ source, destination, protocol: ipProtocols.udp, payload: fromHex('0102') });
    // By hand: 4500+0016+0000+4000+4011+0a00+0005+0a00+0001 = d92d, inverted 26d2.
    expect(toHex(packet)).toBe('45000016000040004011 26d2 0a000005 0a000001 0102'.replaceAll(' ', ''));
    expect(internetChecksum(packet.slice(0, 20))).toBe(0);
  });

  it('reads back what it wrote and leaves the frame’s padding out', () => {
    const packet = encodeIpv4({ source, destination, protocol: 6, ttl: 9, identification: 77, payload: fromHex('01') });
    expect(decodeIpv4(fromHex(`${toHex(packet)}000000`))).toEqual({
      source,
      destination,
      protocol: 6,
      ttl: 9,
      identification: 77,
      moreFragments: false,
      fragmentOffset: 0,
      payload: fromHex('01'),
    });
  });

  it('skips options and tells fragments in bytes', () => {
    const packet = decodeIpv4(fromHex('46000019 0001 2003 40 11 0000 0a000005 0a000001 94040000 ff'));
    expect(packet).toMatchObject({ moreFragments: true, fragmentOffset: 24, payload: fromHex('ff') });
  });

  it('takes the frame’s end where segmentation offload left the total length 0', () => {
    expect(decodeIpv4(fromHex('45000000 0000 0000 40 06 0000 0a000005 0a000001 aabb'))?.payload).toEqual(
      fromHex('aabb'),
    );
  });

  it.each([
    { name: 'version 6', hex: '65000014 0000 0000 40 06 0000 0a000005 0a000001' },
    { name: 'a header length of 16', hex: '44000014 0000 0000 40 06 0000 0a000005 0a000001' },
    { name: 'a total length inside the header', hex: '45000013 0000 0000 40 06 0000 0a000005 0a000001' },
    { name: 'options that are not there', hex: '4f000040 0000 0000 40 06 0000 0a000005 0a000001' },
  ])('refuses $name', ({ hex }) => {
    expect(decodeIpv4(fromHex(hex))).toBeUndefined();
  });

  it('turns addresses into numbers and back', () => {
    expect(ipv4ToNumber('255.0.10.1')).toBe(0xff000a01);
    expect(numberToIpv4(0xff000a01)).toBe('255.0.10.1');
    for (const wrong of ['1.2.3', '1.2.3.256', '1.2.3.4.5', 'a.b.c.d', '', '1.2.3.-4', '1.2.3.4 ']) {
      expect(() => ipv4ToNumber(wrong), wrong).toThrow(/not an IPv4 address/);
    }
  });
});

describe('UDP', () => {
  it('writes a checksum that holds, and 0 when told to', () => {
    const datagram = encodeUdp(udp);
    expect(toHex(datagram.slice(0, 6))).toBe('c0000045000b');
    expect(transportSum(ipProtocols.udp, datagram)).toBe(0);
    expect(decodeUdp(encodeUdp({ ...udp, checksum: 'none' }))?.checksum).toBe(0);
  });

  it('sends a sum of 0 as ffff (RFC 768)', () => {
    const plain = decodeUdp(encodeUdp({ ...udp, payload: fromHex('0000') }))?.checksum ?? 0;
    const payload = Uint8Array.of(plain >>> 8, plain & 0xff);
    expect(decodeUdp(encodeUdp({ ...udp, payload }))?.checksum).toBe(0xffff);
  });

  it('reads what it wrote, cut to the length field', () => {
    const { sourcePort, destinationPort, payload } = udp;
    const datagram = fromHex(`${toHex(encodeUdp(udp))}ffff`);
    expect(decodeUdp(datagram)).toMatchObject({ sourcePort, destinationPort, payload });
    expect(decodeUdp(fromHex('0001 0002 0007 0000 00'))).toBeUndefined();
  });
});

describe('TCP', () => {
  it('writes a checksum that holds and reads back what it wrote', () => {
    const segment = encodeTcp(tcp);
    expect(transportSum(ipProtocols.tcp, segment)).toBe(0);
    expect(decodeTcp(segment)).toEqual({
      sourcePort: 49153,
      destinationPort: 2000,
      sequence: 0xfffffff0,
      acknowledgement: 7,
      flags: { syn: false, ack: true, fin: false, rst: false, psh: true },
      window: 0xffff,
      payload: tcp.payload,
    });
  });

  it.each(['syn', 'ack', 'fin', 'rst', 'psh'] as const)('tells the flag %s from the others', (flag) => {
    const none = { syn: false, ack: false, fin: false, rst: false, psh: false };
    expect(decodeTcp(encodeTcp({ ...tcp, flags: { [flag]: true } }))?.flags).toEqual({ ...none, [flag]: true });
  });

  it('skips options and refuses a data offset outside the segment', () => {
    const header = 'c001 07d0 00000001 00000000';
    expect(decodeTcp(fromHex(`${header} 6002 ffff 0000 0000 020405b4 aa`))?.payload).toEqual(fromHex('aa'));
    expect(decodeTcp(fromHex(`${header} 4002 ffff 0000 0000`))).toBeUndefined();
    expect(decodeTcp(fromHex(`${header} f002 ffff 0000 0000`))).toBeUndefined();
  });
});

describe('completing checksums that offload left', () => {
  const frameOf = (protocol: number, payload: Uint8Array, vlan?: { id: number; priority: number }) =>
    encodeEthernet({
      ...macs,
      ...(vlan && { vlan }),
      etherType: etherTypes.ipv4,
      payload: encodeIpv4({ source, destination, protocol, payload }),
    });

  it.each([
    { name: 'UDP', protocol: ipProtocols.udp, whole: encodeUdp(udp), at: 6 },
    { name: 'TCP', protocol: ipProtocols.tcp, whole: encodeTcp(tcp), at: 16 },
  ])('computes $name, tagged or not, and leaves the given frame alone', ({ protocol, whole, at }) => {
    for (const vlan of [undefined, { id: 110, priority: 5 }]) {
      const broken = whole.slice();
      broken.set([0xbe, 0xef], at);
      const frame = frameOf(protocol, broken, vlan);
      const before = toHex(frame);
      expect(toHex(completeChecksum(frame))).toBe(toHex(frameOf(protocol, whole, vlan)));
      expect(toHex(frame)).toBe(before);
    }
  });

  it('works on a view into a larger buffer', () => {
    const frame = frameOf(ipProtocols.udp, encodeUdp({ ...udp, checksum: 'none' }));
    const view = Buffer.concat([Buffer.alloc(5), Buffer.from(frame)]).subarray(5);
    expect(toHex(completeChecksum(view))).toBe(toHex(frameOf(ipProtocols.udp, encodeUdp(udp))));
  });

  it('leaves fragments, cut datagrams and other protocols as they are', () => {
    const fragment = frameOf(ipProtocols.udp, encodeUdp({ ...udp, checksum: 'none' }));
    fragment.set([0x20, 0x00], 20);
    const cut = frameOf(ipProtocols.udp, encodeUdp({ ...udp, checksum: 'none' }).slice(0, 9));
    const icmp = frameOf(1, fromHex('0800000000000000'));
    const arp = encodeEthernet({ ...macs, etherType: etherTypes.arp, payload: fromHex('00') });
    for (const frame of [fragment, cut, icmp, arp, fromHex('00')]) expect(completeChecksum(frame)).toEqual(frame);
  });
});

describe('ARP', () => {
  const request = {
    operation: 'request',
    senderMac: macs.source,
    senderAddress: source,
    targetMac: '00:00:00:00:00:00',
    targetAddress: destination,
  } as const;

  it('writes the request of RFC 826 and reads it back', () => {
    const hex = '0001 0800 06 04 0001 0012dadbd34e 0a000005 000000000000 0a000001';
    expect(toHex(encodeArp(request))).toBe(hex.replaceAll(' ', ''));
    expect(decodeArp(fromHex(`${hex} 0000`))).toEqual(request);
    expect(decodeArp(encodeArp({ ...request, operation: 'reply' }))?.operation).toBe('reply');
  });

  it('knows nothing but requests and replies for IPv4 over Ethernet', () => {
    const body = '0012dadbd34e 0a000005 000000000000 0a000001';
    for (const head of ['0006080006040001', '000186dd06040001', '0001080006060001', '0001080006040003']) {
      expect(decodeArp(fromHex(head + body)), head).toBeUndefined();
    }
  });
});

describe('hostile bytes', () => {
  it('never make the network layers throw', () => {
    const payload = encodeIpv4({ source, destination, protocol: ipProtocols.tcp, payload: encodeTcp(tcp) });
    survives(decodeIpv4, payload);
    survives(decodeTcp, encodeTcp(tcp));
    survives(decodeUdp, encodeUdp(udp));
    survives(completeChecksum, encodeEthernet({ ...macs, etherType: etherTypes.ipv4, payload }));
    const datagram = encodeIpv4({ source, destination, protocol: ipProtocols.udp, payload: encodeUdp(udp) });
    survives(completeChecksum, encodeEthernet({ ...macs, etherType: etherTypes.ipv4, payload: datagram }));
    expect(decodeEthernet(new Uint8Array())).toBeUndefined();
  });
});
