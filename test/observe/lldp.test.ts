import { describe, expect, it } from 'vitest';
import { PhoneList } from '../../src/observe/phones.js';
import { describeFact } from '../../src/reports/describe-fact.js';
import { encodeLldp, type LldpTlv, lldpFrame, lldpTlv } from '../../src/wire/lldp.js';
import { kinds, macs, only, watch } from './wire.js';

const frame = (mac: string, tlvs: readonly LldpTlv[]): Uint8Array => lldpFrame(mac, encodeLldp({ tlvs }));
/** In the order and with the words of a 7911 (protocol facts 4), and what Cisco's guides say of LLDP-MED. */
const phoneTlvs = [
  lldpTlv.chassisAddress('10.110.0.100'),
  lldpTlv.portLocal('000F245A7960:P1'),
  lldpTlv.ttl(180),
  lldpTlv.portDescription('SW Port'),
  lldpTlv.systemName('SEP000F245A7960.example.com'),
  lldpTlv.systemDescription('Cisco IP Phone CP-7911G,V2, SCCP11.8-4-3S'),
  lldpTlv.capabilities(0x24, 0x24),
  lldpTlv.medCapabilities(0x33, 3),
  lldpTlv.medPolicy({ application: 1, unknown: true, tagged: false, vlan: 0, priority: 0, dscp: 0 }),
  lldpTlv.medPower({ type: 1, source: 3, priority: 0, deciwatts: 129 }),
];
const benchTlvs = [
  lldpTlv.chassisMac(macs.bench),
  lldpTlv.portInterface('eth1'),
  lldpTlv.ttl(120),
  lldpTlv.systemName('bench'),
  lldpTlv.medCapabilities(0x0b, 4),
  lldpTlv.medPolicy({ application: 2, unknown: false, tagged: true, vlan: 999, priority: 3, dscp: 24 }),
  lldpTlv.medPolicy({ application: 1, unknown: false, tagged: true, vlan: 110, priority: 5, dscp: 46 }),
  lldpTlv.medPower({ type: 0, source: 1, priority: 3, deciwatts: 129 }),
];

describe('LLDP observed', () => {
  it('tells a phone whole', () => {
    const [fact] = only(watch([frame(macs.phone, phoneTlvs)]), 'lldp');
    expect(fact).toEqual({
      kind: 'lldp',
      from: 'phone',
      vlan: null,
      mac: macs.phone,
      chassisId: '10.110.0.100',
      portId: '000F245A7960:P1',
      ttlSeconds: 180,
      systemName: 'SEP000F245A7960.example.com',
      model: 'CP-7911G',
      softwareVersion: 'SCCP11.8-4-3S',
      capabilities: 0x24,
      medClass: 3,
      voicePolicy: null,
      powerRequestedMilliwatts: 12_900,
      powerAllocatedMilliwatts: null,
    });
    expect(fact && describeFact(fact)).toBe(
      'LLDP-MED SEP000F245A7960.example.com, CP-7911G, SCCP11.8-4-3S, asks for 12900 mW',
    );
  });

  it('tells the voice policy of the bench, and not another application’s', () => {
    const [fact] = only(watch([frame(macs.bench, benchTlvs)]), 'lldp');
    expect(fact).toMatchObject({
      from: 'bench',
      medClass: 4,
      voicePolicy: { vlan: 110, priority: 5, dscp: 46 },
      powerRequestedMilliwatts: null,
      powerAllocatedMilliwatts: 12_900,
    });
  });

  it('takes 802.3’s power before LLDP-MED’s', () => {
    const mdi = {
      support: 7,
      pairs: 2,
      class: 4,
      typeSourcePriority: 0x93,
      requestedDeciwatts: 65,
      allocatedDeciwatts: 64,
    };
    const [fact] = only(watch([frame(macs.bench, [...benchTlvs, lldpTlv.mdiPower(mdi)])]), 'lldp');
    expect(fact).toMatchObject({ powerRequestedMilliwatts: 6500, powerAllocatedMilliwatts: 6400 });
  });

  it('tells damage beside what could be read', () => {
    const whole = frame(macs.phone, phoneTlvs);
    expect(kinds(watch([whole.subarray(0, 60)]))).toEqual(['vlan-used', 'lldp', 'malformed']);
    for (let length = 14; length < whole.length; length += 1) watch([whole.subarray(0, length)]);
  });

  it('knows a phone in a capture by it', () => {
    const list = new PhoneList();
    list.note(frame(macs.bench, benchTlvs));
    list.note(frame(macs.phone, phoneTlvs));
    expect(list.phones).toMatchObject([{ mac: macs.phone, name: 'SEP000F245A7960.example.com' }]);
  });
});
