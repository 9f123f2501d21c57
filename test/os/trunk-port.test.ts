import { describe, expect, it } from 'vitest';
import { asAtTheJack, asOnTheTrunk } from '../../src/os/trunk-port.js';

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const hex = (frame: Uint8Array | undefined) => frame && Buffer.from(frame).toString('hex');
const plain = { vlan: 101, tag: '802.1Q', tunnel: 'plain' } as const;
const cisco = { ...plain, tunnel: 'cisco' } as const;
const macs = 'ffffffffffff 000f245a7960';
const voice = `${macs} 8100 606e 0800 4500`;

describe('a frame of the jack on the trunk', () => {
  it('has the switch’s tag in front of its own, of the kind that the switch takes', () => {
    expect(hex(asOnTheTrunk(bytes(voice), plain))).toBe(`${macs} 8100 0065 8100 606e 0800 4500`.replaceAll(' ', ''));
    expect(hex(asOnTheTrunk(bytes(`${macs} 0800 45`), { ...plain, tag: '802.1ad' }))).toBe(
      `${macs} 88a8 0065 0800 45`.replaceAll(' ', ''),
    );
  });

  it('comes back as it was, with its own tag and without the switch’s', () => {
    for (const frame of [bytes(voice), bytes(`${macs} 0806 0001`)])
      for (const way of [plain, cisco]) expect(asAtTheJack(asOnTheTrunk(frame, way), way.tunnel)).toEqual(frame);
  });

  it('is for the tunnel where it is CDP or LLDP and the switch tunnels, and for the phone when it comes out', () => {
    const cdp = bytes('01000ccccccc 000f245a7960 0024 aaaa03 00000c2000 02b4');
    const lldp = bytes('0180c200000e 000f245a7960 88cc 0207');
    for (const frame of [cdp, lldp]) {
      const travelling = asOnTheTrunk(frame, cisco);
      expect(hex(travelling.subarray(0, 6))).toBe('01000ccdcdd0');
      expect(asAtTheJack(travelling, 'cisco')).toEqual(frame);
      expect(hex(asOnTheTrunk(frame, plain).subarray(0, 6))).toBe(hex(frame.subarray(0, 6)));
    }
  });

  it('is none of the phone’s where the switch speaks for itself', () => {
    const own = ['0180c2000000 001122334455 0026 424203', '01000ccccccd 001122334455 0032 aaaa03', `${macs} 9000 0000`];
    for (const frame of own) expect(asAtTheJack(asOnTheTrunk(bytes(frame), plain), 'plain')).toBeUndefined();
  });

  it('may be of any length', () => {
    for (let length = 16; length < 40; length += 1)
      expect(asAtTheJack(new Uint8Array(length), 'cisco')).toHaveLength(length - 4);
  });
});
