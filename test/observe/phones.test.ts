import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ethernetFrames } from '../../src/decode/ethernet-frames.js';
import { PhoneList, sideOf } from '../../src/observe/phones.js';
import { cdpFrame, cdpTlv, encodeCdp } from '../../src/wire/cdp.js';
import { dhcpOption, encodeDhcp } from '../../src/wire/dhcp.js';
import { encodeEthernet, etherTypes } from '../../src/wire/ethernet.js';
import { encodeIpv4, encodeUdp } from '../../src/wire/ipv4.js';
import { encodeTftp } from '../../src/wire/tftp.js';
import { classicFile } from '../decode/classic-file.js';

const one = '00:11:22:33:44:55';
const other = '00:11:22:33:44:66';
const serverMac = '02:00:00:00:00:01';
const everybody = 'ff:ff:ff:ff:ff:ff';
const cdpOf = (mac: string, name: string) =>
  cdpFrame(mac, encodeCdp({ ttlSeconds: 180, tlvs: [cdpTlv.deviceId(name), cdpTlv.platform('Cisco IP Phone 7960')] }));
const ip = (source: string, destination: string, ports: readonly [number, number], payload: Uint8Array) => {
  const ends = { source, destination };
  const datagram = encodeUdp({ ...ends, sourcePort: ports[0], destinationPort: ports[1], payload });
  return encodeIpv4({ ...ends, protocol: 17, payload: datagram });
};
const offerTo = (mac: string) =>
  encodeEthernet({
    destination: everybody,
    source: serverMac,
    etherType: etherTypes.ipv4,
    payload: ip(
      '10.0.0.1',
      '255.255.255.255',
      [67, 68],
      encodeDhcp({ op: 2, xid: 1, clientMac: mac, options: [dhcpOption.messageType('OFFER')] }),
    ),
  });

describe('phones of a capture', () => {
  it('are listed with their names, switches are not', () => {
    const list = new PhoneList();
    for (const frame of [
      cdpOf(one, 'SEP001122334455'),
      cdpOf(other, 'SEP001122334466'),
      cdpOf(serverMac, 'switch'),
      offerTo(one),
    ])
      list.note(frame);
    expect(list.phones).toEqual([
      { mac: one, name: 'SEP001122334455', platform: 'Cisco IP Phone 7960', frames: 1 },
      { mac: other, name: 'SEP001122334466', platform: 'Cisco IP Phone 7960', frames: 1 },
    ]);
  });

  it('each have their own story: what the other says, and is offered, is not in it', () => {
    const others = new Set([other]);
    expect(sideOf(cdpOf(one, 'x'), one, others)).toBe('in');
    expect(sideOf(cdpOf(serverMac, 'switch'), one, others)).toBe('out');
    expect(sideOf(offerTo(one), one, others)).toBe('out');
    expect(sideOf(offerTo(other), one, others)).toBeUndefined();
    expect(sideOf(cdpOf(other, 'y'), one, others)).toBeUndefined();
  });
});

describe('frames without MACs', () => {
  it('of Linux cooked captures become Ethernet with the MACs that were seen', () => {
    const cooked = (mac: string, packet: Uint8Array) =>
      Buffer.concat([Buffer.from(`000000010006${mac.replaceAll(':', '')}00000800`, 'hex'), packet]);
    const request = ip(
      '10.0.0.5',
      '10.0.0.1',
      [50000, 69],
      encodeTftp({ opcode: 'RRQ', fileName: 'a', mode: 'octet', options: {} }),
    );
    const answer = ip(
      '10.0.0.1',
      '10.0.0.5',
      [40000, 50000],
      encodeTftp({ opcode: 'DATA', block: 1, data: new Uint8Array() }),
    );
    const folder = mkdtempSync(join(tmpdir(), 'linkpulse-frames-'));
    try {
      const path = join(folder, 'cooked.pcap');
      const frames = [cooked(one, request), cooked(serverMac, answer)];
      writeFileSync(
        path,
        classicFile(
          113,
          frames.map((bytes, index) => ({ bytes, timestampUs: index })),
        ),
      );
      const list = new PhoneList();
      const sides = [...ethernetFrames(path)].map(({ bytes }) => {
        list.note(bytes);
        return sideOf(bytes, one, new Set());
      });
      expect(list.phones.map(({ mac }) => mac)).toEqual([one]);
      expect(sides).toEqual(['in', 'out']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
