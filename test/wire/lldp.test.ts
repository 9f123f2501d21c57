import { describe, expect, it } from 'vitest';
import { decodeEthernet } from '../../src/wire/ethernet.js';
import { decodeLldp, encodeLldp, type LldpTlv, lldpFrame, lldpMulticast, lldpTlv } from '../../src/wire/lldp.js';
import { fromHex, toHex } from './hex.js';
import { survives } from './hostile.js';

const phone = [
  lldpTlv.chassisAddress('172.16.10.109'),
  lldpTlv.portLocal('001122334455:P1'),
  lldpTlv.ttl(180),
  lldpTlv.portDescription('SW Port'),
  lldpTlv.systemName('SEP001122334455'),
  lldpTlv.systemDescription('Cisco IP Phone CP-7911G,V2, SCCP11.8-4-3S'),
  lldpTlv.capabilities(0x24, 0x24),
  lldpTlv.managementAddress('172.16.10.109'),
  lldpTlv.macPhy({ autoNegotiation: 3, advertised: 0x6c01, mau: 0x10 }),
  lldpTlv.medCapabilities(0x33, 3),
  lldpTlv.medPolicy({ application: 1, unknown: false, tagged: true, vlan: 50, priority: 6, dscp: 46 }),
  lldpTlv.medPower({ type: 1, source: 3, priority: 0, deciwatts: 63 }),
  lldpTlv.inventory('firmware', 'tnp11.8-3-1-21a.bin'),
  lldpTlv.inventory('model', 'CP-7911G'),
];
const whole = encodeLldp({ tlvs: phone });
const start = [lldpTlv.chassisMac('00:11:22:33:44:55'), lldpTlv.portInterface('1/3'), lldpTlv.ttl(120)];
const read = (...tlvs: LldpTlv[]) => decodeLldp(encodeLldp({ tlvs: [...start, ...tlvs] }));
const raw = (type: number, hex: string): LldpTlv => ({ type, value: fromHex(hex) });

describe('LLDP', () => {
  it('reads what it wrote', () => {
    expect(decodeLldp(whole)).toMatchObject({
      chassisIdSubtype: 5,
      chassisId: '172.16.10.109',
      portIdSubtype: 7,
      portId: '001122334455:P1',
      ttlSeconds: 180,
      portDescription: 'SW Port',
      systemName: 'SEP001122334455',
      systemDescription: 'Cisco IP Phone CP-7911G,V2, SCCP11.8-4-3S',
      capabilities: 0x24,
      enabledCapabilities: 0x24,
      managementAddresses: ['172.16.10.109'],
      macPhy: { autoNegotiation: 3, advertised: 0x6c01, mau: 0x10 },
      med: {
        capabilities: 0x33,
        deviceClass: 3,
        policies: [{ application: 1, unknown: false, tagged: true, vlan: 50, priority: 6, dscp: 46 }],
        power: { type: 1, source: 3, priority: 0, deciwatts: 63 },
        inventory: { firmware: 'tnp11.8-3-1-21a.bin', model: 'CP-7911G' },
      },
    });
    expect(decodeLldp(whole).malformed).toBeUndefined();
    expect(decodeLldp(whole).tlvs.map(({ type }) => type)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 127, 127, 127, 127, 127, 127, 0,
    ]);
  });

  // Bytes of protocol facts 4, seen on real switches and phones.
  it.each([
    ['a voice policy', lldpTlv.medPolicy(policy(50, 6, 46)), 'fe080012bb02014065ae'],
    ['power of a switch', lldpTlv.medPower({ type: 0, source: 0, priority: 3, deciwatts: 65 }), 'fe070012bb04030041'],
    ['the chassis of a 7911', lldpTlv.chassisAddress('172.16.10.109'), '02060501ac100a6d'],
  ])('writes %s', (_, tlv, hex) => {
    expect(toHex(encodeLldp({ tlvs: [tlv] }))).toBe(`${hex}0000`);
  });

  it('reads padding behind the end as padding', () => {
    const frame = lldpFrame('00:11:22:33:44:55', encodeLldp({ tlvs: start }));
    expect(frame.length).toBe(60);
    expect(decodeEthernet(frame)?.destination).toBe(lldpMulticast);
    const message = decodeLldp(decodeEthernet(frame)?.payload ?? new Uint8Array());
    expect(message).toMatchObject({ chassisId: '00:11:22:33:44:55', portId: '1/3', ttlSeconds: 120 });
    expect(message.malformed).toBeUndefined();
  });

  it('needs chassis, port and time to live, in this order', () => {
    const [chassis, port, ttl] = start;
    const cut = decodeLldp(encodeLldp({ tlvs: [chassis, ttl, port].filter((tlv) => tlv !== undefined) }));
    expect(cut).toMatchObject({ chassisId: '00:11:22:33:44:55', malformed: { offset: 9 } });
    expect(cut.ttlSeconds).toBeUndefined();
    expect(read(...start.slice(2)).malformed?.reason).toMatch(/second TLV 3/);
  });

  it.each([
    ['a MAC of five bytes', raw(1, '040011223344'), 0],
    ['an id without an id', raw(1, '04'), 0],
    ['an IPv4 address of three bytes', raw(1, '05010a0000'), 0],
  ])('ends at %s', (_, chassis, kept) => {
    const message = decodeLldp(encodeLldp({ tlvs: [chassis, ...start.slice(1)] }));
    expect(message.malformed).toBeDefined();
    expect(message.chassisId).toBeUndefined();
    expect(message.tlvs.length).toBe(kept + 1);
  });

  it('keeps what stood before a TLV that is cut', () => {
    const message = decodeLldp(encodeLldp({ tlvs: [...start, lldpTlv.systemName('kept')] }).slice(0, -4));
    expect(message).toMatchObject({ ttlSeconds: 120, malformed: { reason: expect.stringContaining('TLV 5') } });
    expect(message.systemName).toBeUndefined();
  });

  it('keeps management addresses of both families, in order', () => {
    const v6 = raw(8, '1102 20010db8000000000000000000000001 02 00000001 00');
    const message = read(lldpTlv.managementAddress('10.0.0.1'), v6);
    expect(message.managementAddresses).toEqual(['10.0.0.1', '2001:db8::1']);
    expect(message.malformed).toBeUndefined();
  });

  it('reads the power TLV of 802.3 before and after 802.3at', () => {
    const old = { support: 7, pairs: 1, class: 4 };
    expect(read(lldpTlv.mdiPower(old)).mdiPower).toEqual(old);
    const at = { ...old, typeSourcePriority: 0x13, requestedDeciwatts: 130, allocatedDeciwatts: 130 };
    expect(read(lldpTlv.mdiPower(at)).mdiPower).toEqual(at);
  });

  it('survives hostile bytes', () => {
    survives(decodeLldp, whole);
  });
});

function policy(vlan: number, priority: number, dscp: number) {
  return { application: 1, unknown: false, tagged: true, vlan, priority, dscp };
}
