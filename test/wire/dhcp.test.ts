import { describe, expect, it } from 'vitest';
import {
  type DhcpMessageType,
  type DhcpOption,
  decodeDhcp,
  dhcpOption,
  dhcpOptions,
  encodeDhcp,
} from '../../src/wire/dhcp.js';
import { fromHex, toHex } from './hex.js';
import { survives } from './hostile.js';

const mac = 'a8:b1:d4:1f:4e:c9';
const zeros = (count: number) => '00'.repeat(count);
const fixedPart = (addresses: string, sname: string, file: string, flags = '8000') =>
  `01010600 d41f4ec9 0000 ${flags} ${addresses} a8b1d41f4ec9 ${zeros(10)} ${sname} ${file} 63825363`;
const noAddresses = zeros(16);

/** As 79x1 phones send it: garbage in sname and file, MAC as xid, vendor class with its NUL, 548 bytes in all. */
const garbage = { sname: '350104ff'.repeat(16), file: `${'96040a0a0a0a'.repeat(21)}beef` };
const discoverOptions = `350101 3d0701a8b1d41f4ec9 0c0f534550413842314434314634454339
  3c26436973636f2053797374656d732c20496e632e2049502050686f6e652043502d373931314700 3707014206030f9623 ff`;
const discover = fromHex(`${fixedPart(noAddresses, garbage.sname, garbage.file)} ${discoverOptions}`);

const plain = { op: 2, xid: 1, clientMac: mac } as const;
const offerWith = (options: readonly DhcpOption[], rest: object = {}) =>
  decodeDhcp(encodeDhcp({ ...plain, options, ...rest }));

describe('DHCP', () => {
  it('reads the DISCOVER of a phone, its garbage left alone', () => {
    expect(decodeDhcp(discover)).toEqual({
      op: 1,
      xid: 0xd41f4ec9,
      secs: 0,
      broadcast: true,
      clientAddress: '0.0.0.0',
      yourAddress: '0.0.0.0',
      serverAddress: '0.0.0.0',
      relayAddress: '0.0.0.0',
      clientMac: mac,
      messageType: 'DISCOVER',
      clientIdentifier: fromHex('01a8b1d41f4ec9'),
      hostName: 'SEPA8B1D41F4EC9',
      vendorClass: 'Cisco Systems, Inc. IP Phone CP-7911G',
      parameterRequestList: [1, 66, 6, 3, 15, 150, 35],
      options: [
        { code: 53, value: fromHex('01') },
        { code: 61, value: fromHex('01a8b1d41f4ec9') },
        { code: 12, value: new TextEncoder().encode('SEPA8B1D41F4EC9') },
        { code: 60, value: new TextEncoder().encode('Cisco Systems, Inc. IP Phone CP-7911G\0') },
        { code: 55, value: fromHex('014206030f9623') },
      ],
    });
  });

  it('writes that DISCOVER byte for byte, padded to 548', () => {
    const bytes = encodeDhcp({
      op: 1,
      xid: 0xd41f4ec9,
      broadcast: true,
      clientMac: mac,
      sname: fromHex(garbage.sname),
      file: fromHex(garbage.file),
      options: [
        dhcpOption.messageType('DISCOVER'),
        dhcpOption.bytes(dhcpOptions.clientIdentifier, fromHex('01a8b1d41f4ec9')),
        dhcpOption.text(dhcpOptions.hostName, 'SEPA8B1D41F4EC9'),
        dhcpOption.text(dhcpOptions.vendorClass, 'Cisco Systems, Inc. IP Phone CP-7911G\0'),
        dhcpOption.bytes(dhcpOptions.parameterRequestList, Uint8Array.of(1, 66, 6, 3, 15, 150, 35)),
      ],
      padTo: 548,
    });
    expect(toHex(bytes)).toBe(toHex(discover) + zeros(548 - discover.length));
    expect(decodeDhcp(bytes)).toEqual(decodeDhcp(discover));
  });

  it('writes and reads an OFFER with everything a phone needs', () => {
    const message = encodeDhcp({
      op: 2,
      xid: 0xd41f4ec9,
      secs: 0x0102,
      clientAddress: '10.0.0.9',
      yourAddress: '10.0.0.5',
      serverAddress: '10.0.0.1',
      relayAddress: '10.0.0.254',
      clientMac: mac,
      options: [
        dhcpOption.messageType('OFFER'),
        dhcpOption.addresses(dhcpOptions.serverIdentifier, ['10.0.0.1']),
        dhcpOption.seconds(dhcpOptions.leaseTime, 86400),
        dhcpOption.addresses(dhcpOptions.subnetMask, ['255.255.255.0']),
        dhcpOption.addresses(dhcpOptions.router, ['10.0.0.1', '10.0.0.2']),
        dhcpOption.addresses(dhcpOptions.dns, ['10.0.0.3']),
        dhcpOption.text(dhcpOptions.tftpServerName, '10.0.0.1'),
        dhcpOption.addresses(dhcpOptions.tftpServers, ['10.0.0.1', '10.0.0.4']),
        dhcpOption.addresses(dhcpOptions.requestedAddress, ['10.0.0.5']),
      ],
    });
    expect(toHex(message.slice(8, 28))).toBe('010200000a0000090a0000050a0000010a0000fe');
    expect(decodeDhcp(message)).toMatchObject({
      op: 2,
      secs: 0x0102,
      broadcast: false,
      clientAddress: '10.0.0.9',
      yourAddress: '10.0.0.5',
      serverAddress: '10.0.0.1',
      relayAddress: '10.0.0.254',
      messageType: 'OFFER',
      serverIdentifier: '10.0.0.1',
      leaseSeconds: 86400,
      subnetMask: '255.255.255.0',
      routers: ['10.0.0.1', '10.0.0.2'],
      dnsServers: ['10.0.0.3'],
      tftpServerName: '10.0.0.1',
      tftpServers: ['10.0.0.1', '10.0.0.4'],
      requestedAddress: '10.0.0.5',
    });
  });

  it.each([
    [1, 'DISCOVER'],
    [2, 'OFFER'],
    [3, 'REQUEST'],
    [4, 'DECLINE'],
    [5, 'ACK'],
    [6, 'NAK'],
    [7, 'RELEASE'],
    [8, 'INFORM'],
  ] as const)('numbers message type %i as %s (RFC 2132)', (number, name: DhcpMessageType) => {
    expect(dhcpOption.messageType(name).value).toEqual(Uint8Array.of(number));
    expect(offerWith([dhcpOption.messageType(name)]).messageType).toBe(name);
  });

  it('does not take option 150 as a text for addresses', () => {
    expect(offerWith([dhcpOption.text(dhcpOptions.tftpServers, '192.168.100.10')]).tftpServers).toBeUndefined();
    expect(offerWith([dhcpOption.bytes(dhcpOptions.tftpServers, fromHex(''))]).tftpServers).toBeUndefined();
  });

  it('gives no field for a value of a wrong length, and keeps its bytes', () => {
    const options = [50, 51, 53, 54, 1, 3, 6].map((code) => dhcpOption.bytes(code, fromHex('0102030405')));
    const message = offerWith(options);
    expect(message.options).toEqual(options);
    for (const field of [
      'requestedAddress',
      'leaseSeconds',
      'messageType',
      'serverIdentifier',
      'subnetMask',
      'routers',
    ]) {
      expect(message).not.toHaveProperty(field);
    }
    expect(offerWith([dhcpOption.bytes(53, fromHex('09'))]).messageType).toBeUndefined();
  });

  it('splits a value over 255 bytes and joins it again (RFC 3396), listing each part', () => {
    const long = 'a'.repeat(300);
    const message = offerWith([dhcpOption.text(dhcpOptions.hostName, long), dhcpOption.seconds(51, 9)]);
    expect(message.hostName).toBe(long);
    expect(message.options.map(({ code, value }) => [code, value.length])).toEqual([
      [12, 255],
      [12, 45],
      [51, 4],
    ]);
  });

  it('keeps an option that has no value', () => {
    expect(offerWith([dhcpOption.bytes(80, fromHex(''))]).options).toEqual([{ code: 80, value: fromHex('') }]);
    expect(() => dhcpOption.bytes(255, fromHex(''))).toThrow(/has no value/);
  });

  it.each([
    { name: 'not without option 52', overload: undefined, names: [] },
    { name: 'file for 1', overload: 1, names: ['f'] },
    { name: 'sname for 2', overload: 2, names: ['s'] },
    { name: 'file, then sname for 3', overload: 3, names: ['f', 's'] },
  ])('looks for options in the fixed fields: $name', ({ overload, names }) => {
    const fields = { sname: fromHex('0c0173ff ffff'), file: fromHex('00000c0166ff') };
    const options = overload === undefined ? [] : [dhcpOption.bytes(dhcpOptions.overload, Uint8Array.of(overload))];
    const message = offerWith([...options, dhcpOption.text(12, 'm')], fields);
    expect(message.hostName).toBe(['m', ...names].join(''));
    expect(message.malformed).toBeUndefined();
  });

  it.each([
    ['0000', 0],
    ['0002', 2],
    ['0200', 2],
    ['0102', 0x0102],
  ])('takes the seconds %s, little-endian as some phones write them, for %i', (hex, secs) => {
    const bytes = discover.slice();
    bytes.set(fromHex(hex), 8);
    expect(decodeDhcp(bytes).secs).toBe(secs);
  });

  it('lists an option the message ends in, and takes no value from it', () => {
    const message = decodeDhcp(fromHex(`${fixedPart(noAddresses, zeros(64), zeros(128))} 0c0141 0c0542`));
    expect(message.options).toEqual([
      { code: 12, value: fromHex('41') },
      { code: 12, value: fromHex('42') },
    ]);
    expect(message).toMatchObject({ hostName: 'A', malformed: { offset: 245 } });
  });

  it('lists options of sname and file behind the option 52 that points there', () => {
    const overload = dhcpOption.bytes(dhcpOptions.overload, Uint8Array.of(3));
    const fields = { sname: fromHex('0c0173ff'), file: fromHex('0f0166ff') };
    const message = offerWith([dhcpOption.seconds(51, 9), overload, dhcpOption.seconds(58, 9)], fields);
    expect(message.options.map(({ code }) => code)).toEqual([51, 52, 12, 15, 58]);
  });

  it('stops at option 255 and passes padding over', () => {
    const message = decodeDhcp(fromHex(`${fixedPart(noAddresses, zeros(64), zeros(128))} 00 0c0141 00 ff 0c0142`));
    expect(message.options).toEqual([{ code: 12, value: fromHex('41') }]);
  });

  it.each([
    { name: 'an option longer than the rest', tail: '350101 0c0541', offset: 245, type: 'DISCOVER' },
    { name: 'an option without a length', tail: '350101 0c', offset: 244, type: 'DISCOVER' },
  ])('tells $name as malformed and keeps what came before', ({ tail, offset, type }) => {
    const message = decodeDhcp(fromHex(`${fixedPart(noAddresses, zeros(64), zeros(128))} ${tail}`));
    expect(message).toMatchObject({ messageType: type, clientMac: mac, malformed: { offset } });
  });

  it('is malformed without the magic cookie, and when cut in the fixed part', () => {
    const bootp = fromHex(`${fixedPart(noAddresses, zeros(64), zeros(128)).replace('63825363', '00000000')}`);
    expect(decodeDhcp(bootp)).toMatchObject({ op: 1, options: [], malformed: { reason: 'no DHCP magic cookie' } });
    expect(decodeDhcp(discover.slice(0, 30))).toMatchObject({ op: 1, xid: 0xd41f4ec9, malformed: { offset: 28 } });
  });

  it('reads a message that ends without option 255', () => {
    expect(decodeDhcp(discover.slice(0, -1))).toEqual(decodeDhcp(discover));
  });

  it('survives every prefix and any corruption', () => {
    survives(decodeDhcp, discover);
    const options = [dhcpOption.bytes(dhcpOptions.overload, Uint8Array.of(3))];
    survives(decodeDhcp, encodeDhcp({ ...plain, options, sname: discover.slice(240), file: discover.slice(240) }));
  });
});
