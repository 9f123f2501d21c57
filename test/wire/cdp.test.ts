import { describe, expect, it } from 'vitest';
import { cdpFrame, cdpMulticast, cdpTlv, decodeCdp, encodeCdp, isCdpBody } from '../../src/wire/cdp.js';
import { decodeEthernet } from '../../src/wire/ethernet.js';
import { internetChecksum } from '../../src/wire/ipv4.js';
import { fromHex, toHex } from './hex.js';
import { survives } from './hostile.js';

/** Our own vectors; tshark 4.0.17 calls each checksum correct. `rfc1071` is what a plain checksum would have put there. */
const vectors = [
  {
    name: 'a 7960 asking for its voice VLAN (even length)',
    hex: `02b4b229 00010013 534550303031313232333334343535 00020011 00000001 0101cc0004 0a000005 0003000a 506f72742031
      00040008 00000090 00050010 503030333038303130323030 00060017 436973636f2049502050686f6e652037393630
      000f0008 20020001 000b0005 01 00100006 189c`,
    tlvs: [
      cdpTlv.deviceId('SEP001122334455'),
      cdpTlv.addresses(['10.0.0.5']),
      cdpTlv.portId('Port 1'),
      cdpTlv.capabilities(0x90),
      cdpTlv.softwareVersion('P00308010200'),
      cdpTlv.platform('Cisco IP Phone 7960'),
      cdpTlv.voiceVlanQuery(fromHex('20020001')),
      cdpTlv.duplex(true),
      cdpTlv.powerConsumption(6300),
    ],
    value: {
      deviceId: 'SEP001122334455',
      addresses: ['10.0.0.5'],
      portId: 'Port 1',
      capabilities: 0x90,
      softwareVersion: 'P00308010200',
      platform: 'Cisco IP Phone 7960',
      voiceVlanQuery: { data: fromHex('20'), vlan: 0x0200 },
      duplex: 'full',
      powerConsumptionMilliwatts: 6300,
    },
  },
  {
    name: 'a 7912 (odd length, last byte 9c)',
    hex: `02b41e92 00010013 534550303031313232333334343535 00020011 00000001 0101cc0004 0a000005 0003000a 506f72742031
      00040008 00000090 00060017 436973636f2049502050686f6e652037393132 00100006 189c`,
    tlvs: [
      cdpTlv.deviceId('SEP001122334455'),
      cdpTlv.addresses(['10.0.0.5']),
      cdpTlv.portId('Port 1'),
      cdpTlv.capabilities(0x90),
      cdpTlv.platform('Cisco IP Phone 7912'),
      cdpTlv.powerConsumption(6300),
    ],
    rfc1071: 0x822d,
    value: {
      deviceId: 'SEP001122334455',
      addresses: ['10.0.0.5'],
      portId: 'Port 1',
      capabilities: 0x90,
      platform: 'Cisco IP Phone 7912',
      powerConsumptionMilliwatts: 6300,
    },
  },
  {
    name: 'a switch with voice VLAN 110 and 15.4 W (odd length, last byte 00)',
    hex: `02b4af6d 0001000c 68696c62656e6368 00020011 00000001 0101cc0004 0a000001 0003000a 506f72742031 00040008 00000028
      0005000b 62656e63682031 00060007 48494c 000a0006 0001 000b0005 01 000e0007 01006e
      001a0010 0000 0001 00003c28 ffffffff 00120005 00 00130005 00`,
    tlvs: [
      cdpTlv.deviceId('hilbench'),
      cdpTlv.addresses(['10.0.0.1']),
      cdpTlv.portId('Port 1'),
      cdpTlv.capabilities(0x28),
      cdpTlv.softwareVersion('bench 1'),
      cdpTlv.platform('HIL'),
      cdpTlv.nativeVlan(1),
      cdpTlv.duplex(true),
      cdpTlv.voiceVlanReply(110),
      cdpTlv.powerAvailable(0, 1, 15400, 0xffffffff),
      cdpTlv.trustBitmap(0),
      cdpTlv.untrustedCos(0),
    ],
    value: {
      deviceId: 'hilbench',
      addresses: ['10.0.0.1'],
      portId: 'Port 1',
      capabilities: 0x28,
      softwareVersion: 'bench 1',
      platform: 'HIL',
      nativeVlan: 1,
      duplex: 'full',
      voiceVlanReply: { data: fromHex('01'), vlan: 110 },
      powerAvailable: { requestId: 0, managementId: 1, milliwatts: [15400, 0xffffffff] },
      trustBitmap: 0,
      untrustedCos: 0,
    },
  },
  {
    name: 'the smallest with last byte 80',
    hex: '02b4bc43 00010007 418080',
    tlvs: [cdpTlv.deviceId('A\x80\x80')],
    rfc1071: 0x3bc3,
    value: { deviceId: 'A\x80\x80' },
  },
  {
    name: 'the smallest with last byte 41',
    hex: '02b4bbc0 00010007 414241',
    tlvs: [cdpTlv.deviceId('ABA')],
    rfc1071: 0x7b01,
    value: { deviceId: 'ABA' },
  },
];

const messageWith = (tlvs: string): ReturnType<typeof decodeCdp> => decodeCdp(fromHex(`02b40000${tlvs}`));

describe('CDP', () => {
  it.each(vectors)('reads $name', ({ hex, tlvs, value }) => {
    const head = { version: 2, ttlSeconds: 180, checksumOk: true };
    expect(decodeCdp(fromHex(hex))).toEqual({ ...head, ...value, tlvs });
  });

  it.each(vectors)('writes $name, byte for byte', ({ hex, tlvs, rfc1071 }) => {
    const bytes = encodeCdp({ ttlSeconds: 180, tlvs });
    expect(toHex(bytes)).toBe(toHex(fromHex(hex)));
    if (rfc1071 === undefined) return;
    const plain = bytes.slice();
    plain.set([0, 0], 2);
    expect(internetChecksum(plain)).toBe(rfc1071);
  });

  it('writes the power request of a 7970, highest level first', () => {
    const power = { requestId: 0xd34e, managementId: 0, milliwatts: [10250, 6300] };
    const tlv = cdpTlv.powerRequested(power);
    expect(toHex(tlv.value)).toBe('d34e00000000280a0000189c');
    expect(decodeCdp(encodeCdp({ ttlSeconds: 180, tlvs: [tlv] })).powerRequested).toEqual(power);
  });

  it('tells a wrong checksum and reads on', () => {
    for (const { hex } of vectors) {
      const bytes = fromHex(hex);
      bytes.set([0x12, 0x34], 2);
      const message = decodeCdp(bytes);
      expect(message.checksumOk).toBe(false);
      expect(message.deviceId).toBe(decodeCdp(fromHex(hex)).deviceId);
      expect(message.malformed).toBeUndefined();
    }
  });

  it('takes every single flipped bit as a wrong checksum', () => {
    for (const { hex } of vectors) {
      const good = fromHex(hex);
      good.forEach((byte, at) => {
        const bad = good.slice();
        bad.set([byte ^ 0x04], at);
        expect(decodeCdp(bad).checksumOk, `byte ${at} of ${hex}`).toBe(false);
      });
    }
  });

  it.each([
    { name: '1 byte', hex: '000e0005 01', value: { data: fromHex('01') } },
    { name: '2 bytes', hex: '000e0006 2000', value: { data: fromHex('20') } },
    { name: '3 bytes', hex: '000e0007 01006e', value: { data: fromHex('01'), vlan: 110 } },
  ])('reads a voice VLAN value of $name', ({ hex, value }) => {
    expect(messageWith(hex).voiceVlanReply).toEqual(value);
    expect(messageWith(hex.replace('000e', '000f')).voiceVlanQuery).toEqual(value);
  });

  it('reads IPv6 addresses in their short form and passes unknown protocols over', () => {
    const ipv6 = (address: string) => `02 08 aaaa0300000086dd 0010 ${address}`;
    const list = [
      ipv6('fe80 0000 0000 0000 0212 daff fedb d34e'),
      '01 01 81 0002 0102',
      ipv6('0000 0000 0000 0000 0000 0000 0000 0000'),
      ipv6('0000 0000 0000 0000 0000 0000 0000 0001'),
      ipv6('2001 0db8 0000 0001 0000 0000 0000 0000'),
      ipv6('2001 0db8 0000 0001 0001 0001 0001 0001'),
      '01 01 cc 0004 0a000005',
    ].join('');
    const value = fromHex(`0000 0007 ${list}`);
    const message = decodeCdp(encodeCdp({ ttlSeconds: 1, tlvs: [{ type: 0x16, value }] }));
    expect(message.malformed).toBeUndefined();
    expect(message.managementAddresses).toEqual([
      'fe80::212:daff:fedb:d34e',
      '::',
      '::1',
      '2001:db8:0:1::',
      '2001:db8:0:1:1:1:1:1',
      '10.0.0.5',
    ]);
  });

  it('reads what other neighbours add: VTP domain, MTU, system name', () => {
    const message = messageWith('0009 0004 0011 0008 000005dc 0014 0006 5331 0009 0006 4142');
    expect(message).toMatchObject({ vtpDomain: 'AB', mtu: 1500, systemName: 'S1' });
    expect(message.tlvs.map(({ type }) => type)).toEqual([9, 0x11, 0x14, 9]);
  });

  it.each([
    { name: 'a TLV length of 3', hex: '0001 0005 41 0003 0003 00', types: [1], offset: 13 },
    { name: 'a TLV length of 0', hex: '0001 0000 00000000', types: [], offset: 8 },
    { name: 'a TLV longer than the rest', hex: '0001 0005 41 0003 000a 5050', types: [1], offset: 13 },
    { name: 'half a TLV header', hex: '0001 0005 41 0003', types: [1], offset: 11 },
  ])('stops at $name and keeps what came before', ({ hex, types, offset }) => {
    const message = messageWith(hex);
    expect(message.tlvs.map(({ type }) => type)).toEqual(types);
    expect(message.malformed?.offset).toBe(offset);
    expect(message.deviceId).toBe(types.length > 0 ? 'A' : undefined);
  });

  it.each([
    { name: 'capabilities of 2 bytes', hex: '0004 0006 0090', reason: 'capabilities needs 4 bytes' },
    { name: 'an address count nobody keeps', hex: '0002 0008 ffffffff', reason: 'address protocol type needs' },
    { name: 'an empty duplex', hex: '000b 0004', reason: 'duplex needs 1 bytes' },
    { name: 'half a power level', hex: '0019 000a 0001 0001 0000', reason: 'power needs 4 bytes' },
  ])('tells $name as malformed and reads the TLVs behind it', ({ hex, reason }) => {
    const message = messageWith(`${hex} 0003 0005 50`);
    expect(message.portId).toBe('P');
    expect(message.tlvs).toHaveLength(2);
    expect(message.malformed?.reason).toContain(reason);
  });

  it('carries every TLV of a switch and a router both ways', () => {
    const tlvs = [
      cdpTlv.addresses(['10.0.0.1', 'fe80::212:daff:fedb:d34e']),
      cdpTlv.ipPrefixes(['10.0.0.0/8', '192.168.7.0/24']),
      cdpTlv.protocolHello({ oui: 0x00000c, protocol: 0x0112, data: fromHex('00000000ffffffff') }),
      cdpTlv.vtpDomain(''),
      cdpTlv.mtu(1500),
      cdpTlv.systemName('sw1'),
      cdpTlv.systemObjectId(fromHex('06082b0601040109')),
      cdpTlv.managementAddresses(['2001:db8::1']),
      cdpTlv.location({ kind: 0, text: 'shelf 3' }),
      cdpTlv.externalPort(fromHex('01')),
      cdpTlv.unidirectional(fromHex('00')),
      cdpTlv.secondPort(fromHex('000200')),
      cdpTlv.energyWise(fromHex('0102')),
      cdpTlv.sparePairPower(fromHex('03')),
    ];
    const message = decodeCdp(encodeCdp({ ttlSeconds: 180, tlvs }));
    expect(message).toEqual({
      version: 2,
      ttlSeconds: 180,
      checksumOk: true,
      addresses: ['10.0.0.1', 'fe80::212:daff:fedb:d34e'],
      ipPrefixes: ['10.0.0.0/8', '192.168.7.0/24'],
      protocolHello: { oui: 0x00000c, protocol: 0x0112, data: fromHex('00000000ffffffff') },
      vtpDomain: '',
      mtu: 1500,
      systemName: 'sw1',
      systemObjectId: fromHex('06082b0601040109'),
      managementAddresses: ['2001:db8::1'],
      location: { kind: 0, text: 'shelf 3' },
      externalPort: fromHex('01'),
      unidirectional: fromHex('00'),
      secondPort: fromHex('000200'),
      energyWise: fromHex('0102'),
      sparePairPower: fromHex('03'),
      tlvs,
    });
    survives(decodeCdp, encodeCdp({ ttlSeconds: 180, tlvs }));
    const gateway = decodeCdp(encodeCdp({ ttlSeconds: 180, tlvs: [cdpTlv.defaultGateway('10.0.0.254')] }));
    expect(gateway).toMatchObject({ defaultGateway: '10.0.0.254' });
    expect(gateway.ipPrefixes).toBeUndefined();
  });

  it('keeps the networks before one that is cut', () => {
    expect(messageWith('0007 000d 0a000000 08 0a010000')).toMatchObject({
      ipPrefixes: ['10.0.0.0/8'],
      malformed: { reason: 'prefix length needs 1 bytes, 0 are left' },
    });
  });

  it('tells the first of several faults', () => {
    expect(messageWith('0004 0006 0090 000b 0004 0003 0003').malformed).toEqual({
      offset: 8,
      reason: 'capabilities needs 4 bytes, 2 are left',
    });
  });

  it('keeps of a list that is cut what it did hold', () => {
    const addresses = messageWith('0002 0011 00000002 0101cc0004 0a000005');
    expect(addresses).toMatchObject({ addresses: ['10.0.0.5'], malformed: { offset: 21 } });
    const power = messageWith('001a 000e 0001 0002 00003c28 ffff');
    const powerAvailable = { requestId: 1, managementId: 2, milliwatts: [15400] };
    expect(power).toMatchObject({ powerAvailable, malformed: { offset: 16 } });
  });

  it('is malformed when even its header is cut', () => {
    expect(decodeCdp(fromHex('02'))).toMatchObject({
      version: 2,
      checksumOk: false,
      tlvs: [],
      malformed: { offset: 1 },
    });
    expect(decodeCdp(fromHex('02b4'))).toMatchObject({ ttlSeconds: 180, malformed: { offset: 2 } });
  });

  it('travels in an 802.3 frame to Cisco’s group address, its length without padding', () => {
    const payload = encodeCdp({ ttlSeconds: 180, tlvs: [cdpTlv.deviceId('A')] });
    const frame = decodeEthernet(cdpFrame('00:12:da:db:d3:4e', payload));
    expect(cdpFrame('00:12:da:db:d3:4e', payload)).toHaveLength(60);
    expect(frame).toMatchObject({ destination: cdpMulticast, body: { lengthField: 8 + payload.length }, payload });
    expect(frame && isCdpBody(frame.body)).toBe(true);
    expect(isCdpBody({ kind: 'snap', oui: 0x0c, protocol: 0x2004 })).toBe(false);
    expect(isCdpBody({ kind: 'ethertype' })).toBe(false);
  });

  it.each(vectors)('survives every prefix and any corruption of $name', ({ hex }) => {
    survives(decodeCdp, fromHex(hex));
  });
});
