import { describe, expect, it } from 'vitest';
import {
  addVlanTag,
  decodeEthernet,
  encodeEthernet,
  encodeSnap,
  etherTypes,
  macToBytes,
  macToText,
  stripVlanTag,
} from '../../src/wire/ethernet.js';
import { fromHex, toHex } from './hex.js';
import { survives } from './hostile.js';

const destination = '01:00:0c:cc:cc:cc';
const source = '00:12:da:db:d3:4e';
const addresses = '01000ccccccc 0012dadbd34e';

describe('Ethernet', () => {
  it.each([
    {
      name: 'Ethernet II, its padding kept',
      hex: `${addresses} 0806 0102`,
      vlans: [],
      body: { kind: 'ethertype', etherType: 0x0806 },
      payload: '0102',
    },
    {
      name: 'one 802.1Q tag with priority 5 on VLAN 110',
      hex: `${addresses} 8100 a06e 0800 45`,
      vlans: [{ id: 110, priority: 5, tpid: 0x8100 }],
      body: { kind: 'ethertype', etherType: 0x0800 },
      payload: '45',
    },
    {
      name: 'three tags, outermost first',
      hex: `${addresses} 88a8 0001 9100 0002 8100 6003 88cc`,
      vlans: [
        { id: 1, priority: 0, tpid: 0x88a8 },
        { id: 2, priority: 0, tpid: 0x9100 },
        { id: 3, priority: 3, tpid: 0x8100 },
      ],
      body: { kind: 'ethertype', etherType: 0x88cc },
      payload: '',
    },
    {
      name: '802.3 with SNAP, cut to its length field',
      hex: `${addresses} 000a aaaa03 00000c 2000 0102 eeeeee`,
      vlans: [],
      body: { kind: 'snap', oui: 0x0c, protocol: 0x2000, lengthField: 10 },
      payload: '0102',
    },
    {
      name: '802.3 with SNAP behind a tag',
      hex: `${addresses} 8100 006e 0009 aaaa03 00000c 2000 01 ff`,
      vlans: [{ id: 110, priority: 0, tpid: 0x8100 }],
      body: { kind: 'snap', oui: 0x0c, protocol: 0x2000, lengthField: 9 },
      payload: '01',
    },
    {
      name: '802.3 with another LLC (spanning tree)',
      hex: `${addresses} 0004 424203 00 ff`,
      vlans: [],
      body: { kind: 'llc', dsap: 0x42, ssap: 0x42, control: 3, lengthField: 4 },
      payload: '00',
    },
    {
      name: 'a length field that promises more than there is',
      hex: `${addresses} 05dc aaaa03 00000c 2000 01`,
      vlans: [],
      body: { kind: 'snap', oui: 0x0c, protocol: 0x2000, lengthField: 1500 },
      payload: '01',
    },
  ])('reads $name', ({ hex, vlans, body, payload }) => {
    expect(decodeEthernet(fromHex(hex))).toEqual({ destination, source, vlans, body, payload: fromHex(payload) });
  });

  it.each([
    { name: 'thirteen bytes', hex: '01000ccccccc 0012dadbd34e 08' },
    { name: 'a tag with nothing behind it', hex: `${addresses} 8100 006e` },
    { name: '802.3 without room for an LLC', hex: `${addresses} 0002 aaaa` },
  ])('does not call $name a frame', ({ hex }) => {
    expect(decodeEthernet(fromHex(hex))).toBeUndefined();
  });

  it('pads to 60 bytes, and to 64 with a tag', () => {
    const frame = { destination, source, etherType: etherTypes.ipv4, payload: fromHex('01') };
    expect(encodeEthernet(frame).length).toBe(60);
    const tagged = encodeEthernet({ ...frame, vlan: { id: 110, priority: 5 } });
    expect(tagged.length).toBe(64);
    expect(toHex(tagged.slice(12, 19))).toBe('8100a06e080001');
  });

  it('writes the 802.3 length without the padding', () => {
    const frame = encodeSnap({ destination, source, oui: 0x0c, protocol: 0x2000, payload: fromHex('0102') });
    expect(frame.length).toBe(60);
    expect(toHex(frame.slice(12, 24))).toBe('000aaaaa0300000c20000102');
    expect(decodeEthernet(frame)?.payload).toEqual(fromHex('0102'));
  });

  it('puts a tag in and takes the outermost out', () => {
    const frame = encodeEthernet({ destination, source, etherType: etherTypes.arp, payload: fromHex('0102') });
    const tagged = addVlanTag(addVlanTag(frame, { id: 5, priority: 0 }), { id: 4094, priority: 7 });
    expect(decodeEthernet(tagged)?.vlans.map(({ id, priority }) => [id, priority])).toEqual([
      [4094, 7],
      [5, 0],
    ]);
    expect(decodeEthernet(stripVlanTag(tagged))?.vlans.map(({ id }) => id)).toEqual([5]);
    expect(stripVlanTag(stripVlanTag(tagged))).toEqual(frame);
    expect(stripVlanTag(frame)).toEqual(frame);
  });

  it('writes MAC addresses in lower case and refuses what is none', () => {
    expect(macToText(macToBytes('00:12:DA:DB:D3:4E'))).toBe(source);
    expect(() => macToBytes('00:12:da:db:d3')).toThrow(/not a MAC address/);
    expect(() => macToBytes('0012dadbd34e')).toThrow(/not a MAC address/);
  });

  it('survives every prefix and any corruption', () => {
    const frame = fromHex(`${addresses} 8100 006e 0012 aaaa03 00000c 2000 02b4b229000100075345 50`);
    survives(decodeEthernet, frame);
    survives(stripVlanTag, frame);
    survives((bytes) => addVlanTag(bytes, { id: 1, priority: 0 }), frame);
  });
});
