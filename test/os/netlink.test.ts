import { describe, expect, test } from 'vitest';
import {
  addAddress,
  addVeth,
  addVlan,
  deleteAddress,
  deleteLinkGroup,
  readAcknowledgement,
  setDefaultRoute,
  setLink,
  setLinkGroup,
  withoutOwnIpv6,
} from '../../src/os/netlink.js';
import { hex } from '../helpers/frames.js';

/** Written out by hand from rtnetlink(7), one field or attribute a word; little-endian. */
const bytes = (...words: readonly string[]): string => words.join('').replaceAll(' ', '');
const noInterface = '00000000 00000000';

describe('rtnetlink messages', () => {
  test('a veth pair, the peer in the namespace of another process', () => {
    const pair = addVeth({ name: 'ab', mac: '00:0f:24:5a:79:61' }, { name: 'c', namespaceOfPid: 0x1234 });
    expect(hex(pair)).toBe(
      bytes(
        '6c000000 1000 0506 00000000 00000000',
        `${noInterface} 00000000 00000000`,
        '0700 0300 616200 00',
        '0a00 0100 000f245a7961 0000',
        '3800 1200',
        '0900 0100 7665746800 000000',
        '2800 0200',
        '2400 0100',
        `${noInterface} 00000000 00000000`,
        '0600 0300 6300 0000',
        '0800 1300 34120000',
      ),
    );
  });

  test('a VLAN of an interface', () => {
    expect(hex(addVlan('v', 7, 110))).toBe(
      bytes(
        '4c000000 1000 0506 00000000 00000000',
        `${noInterface} 00000000 00000000`,
        '0600 0300 7600 0000',
        '0800 0500 07000000',
        '1c00 1200',
        '0900 0100 766c616e00 000000',
        '0c00 0200 0600 0100 6e00 0000',
      ),
    );
  });

  test.each([
    [{ up: true }, '01000000 01000000'],
    [{ up: false }, '00000000 01000000'],
    [{ arp: false }, '80000000 80000000'],
    [{ up: true, arp: true }, '01000000 81000000'],
    [{}, '00000000 00000000'],
  ])('an interface set to %j: only what is named changes', (state, flagsAndMask) => {
    expect(hex(setLink('v', state))).toBe(
      bytes('28000000 1000 0500 00000000 00000000', noInterface, flagsAndMask, '0600 0300 7600 0000'),
    );
  });

  test('no IPv6 address by itself', () => {
    expect(hex(withoutOwnIpv6('v')).slice(80)).toBe(bytes('1000 1a00 0c00 0a00 0500 0800 01 000000'));
  });

  test('a group for those that go together', () => {
    expect(hex(setLinkGroup('v', 0x4c000007)).slice(80)).toBe(bytes('0800 1b00 0700004c'));
    expect(hex(deleteLinkGroup(0x4c000007))).toBe(
      bytes('28000000 1100 0500 00000000 00000000', `${noInterface} 00000000 00000000`, '0800 1b00 0700004c'),
    );
  });

  test.each([
    [24, '0a6e00ff'],
    [16, '0a6effff'],
    [32, '0a6e0001'],
    [0, 'ffffffff'],
  ])('an address in a network of /%i, with the broadcast address of that', (prefixLength, broadcast) => {
    expect(hex(addAddress(3, { address: '10.110.0.1', prefixLength }))).toBe(
      bytes(
        '30000000 1400 0505 00000000 00000000',
        `02 ${prefixLength.toString(16).padStart(2, '0')} 00 00 03000000`,
        '0800 0200 0a6e0001',
        '0800 0100 0a6e0001',
        `0800 0400 ${broadcast}`,
      ),
    );
  });

  test('an address taken away', () => {
    expect(hex(deleteAddress(3, { address: '10.110.0.1', prefixLength: 24 }))).toBe(
      bytes('28000000 1500 0500 00000000 00000000', '02180000 03000000', '0800 0200 0a6e0001', '0800 0100 0a6e0001'),
    );
  });

  test('a default route of its own metric', () => {
    expect(hex(setDefaultRoute(3, '10.110.0.254', 5))).toBe(
      bytes(
        '34000000 1800 0505 00000000 00000000',
        '02 00 00 00 fe 03 00 01 00000000',
        '0800 0500 0a6e00fe',
        '0800 0400 03000000',
        '0800 0600 05000000',
      ),
    );
  });
});

describe('the answer', () => {
  const quoted = '10000000 1000 0500 00000000 00000000';
  const read = (...words: readonly string[]) => readAcknowledgement(Buffer.from(bytes(...words), 'hex'));

  test('is a number, 0 for done', () => {
    expect(read('24000000 0200 0001 00000000 00000000', '00000000', quoted)).toEqual({ errno: 0, words: undefined });
    expect(read('24000000 0200 0001 00000000 00000000', 'efffffff', quoted)).toEqual({ errno: 17, words: undefined });
  });

  test("may have the kernel's words behind the request, quoted whole or by its header", () => {
    const words = '0b00 0100 426164206964 00 00';
    expect(read('30000000 0200 0003 00000000 00000000', 'eaffffff', quoted, words)).toEqual({
      errno: 22,
      words: 'Bad id',
    });
    const whole = `14000000 1000 0500 00000000 00000000 00000000`;
    expect(read('34000000 0200 0002 00000000 00000000', 'eaffffff', whole, words)).toEqual({
      errno: 22,
      words: 'Bad id',
    });
  });

  test('that is cut or none is none, and never read past its end', () => {
    const whole = Buffer.from(
      bytes('30000000 0200 0003 00000000 00000000', 'eaffffff', quoted, '0b00 0100 426164206964 00 00'),
      'hex',
    );
    for (let length = 0; length < whole.length; length += 1) {
      const answer = readAcknowledgement(whole.subarray(0, length));
      expect(answer === undefined || answer.errno === 22).toBe(true);
    }
    whole.writeUInt16LE(16, 4);
    expect(readAcknowledgement(whole)).toBeUndefined();
  });
});
