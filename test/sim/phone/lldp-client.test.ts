import { describe, expect, it } from 'vitest';
import { Lifetime } from '../../../src/sim/phone/lifetime.js';
import { phoneIdentity } from '../../../src/sim/phone/phone-identity.js';
import { learnVoiceVlan } from '../../../src/sim/phone/voice-vlan.js';
import { cdpFrame, cdpTlv, encodeCdp } from '../../../src/wire/cdp.js';
import { decodeEthernet, etherTypes } from '../../../src/wire/ethernet.js';
import { decodeLldp, encodeLldp, type LldpMessage, type LldpTlv, lldpFrame, lldpTlv } from '../../../src/wire/lldp.js';
import { ManualClock } from '../../services/manual-clock.js';
import { MemoryWire } from './memory-wire.js';
import { passTime } from './pass-time.js';
import { testMac } from './phone-under-test.js';

const syncMs = 5_000;
const switchMac = '00:1b:54:00:00:01';
const med = lldpTlv.medCapabilities(0x0b, 4);
const policy = (vlan: number, tagged = true): LldpTlv =>
  lldpTlv.medPolicy({ application: 1, unknown: false, tagged, vlan, priority: 5, dscp: 46 });
const switchFrame = (...tlvs: readonly LldpTlv[]): Uint8Array =>
  lldpFrame(
    switchMac,
    encodeLldp({ tlvs: [lldpTlv.chassisMac(switchMac), lldpTlv.portInterface('Gi0/1'), lldpTlv.ttl(120), ...tlvs] }),
  );

const start = async () => {
  const clock = new ManualClock();
  const wire = new MemoryWire(clock);
  await wire.setLink(true);
  const life = new Lifetime(clock);
  const startUs = clock.nowUs();
  const elapsedMs = () => (clock.nowUs() - startUs) / 1000;
  const said: { readonly atMs: number; readonly message: LldpMessage }[] = [];
  wire.onSent = (frame) => {
    const ethernet = decodeEthernet(frame);
    if (ethernet?.body.kind === 'ethertype' && ethernet.body.etherType === etherTypes.lldp)
      said.push({ atMs: elapsedMs(), message: decodeLldp(ethernet.payload) });
  };
  const chosen: { vlan?: number | null; atMs?: number } = {};
  const words: string[] = [];
  learnVoiceVlan({
    wire,
    life,
    identity: phoneIdentity(testMac, 'CP-7961G'),
    load: 'SCCP41.8-3-3S',
    syncMs,
    periodMs: 60_000,
    address: () => '10.0.0.5',
    log: (part, event) => words.push(`${part} ${event}`),
    speaksLldp: true,
  }).then(
    (vlan) => Object.assign(chosen, { vlan, atMs: elapsedMs() }),
    () => {},
  );
  return { clock, wire, life, said, chosen, words };
};

describe('the phone speaking LLDP-MED', () => {
  it('says what a Cisco phone says, four times a second apart and then each 30 s', async () => {
    const { clock, said } = await start();
    await passTime(clock, 60_001, 100);
    expect(said.map(({ atMs }) => atMs)).toEqual([1000, 2000, 3000, 4000, 30_000, 60_000]);
    expect(said[0]?.message).toMatchObject({
      chassisIdSubtype: 5,
      chassisId: '10.0.0.5',
      portId: '0012DADBD34E:P1',
      ttlSeconds: 180,
      portDescription: 'SW Port',
      systemName: 'SEP0012DADBD34E',
      systemDescription: 'Cisco IP Phone CP-7961G,V2, SCCP41.8-3-3S',
      enabledCapabilities: 0x24,
      med: {
        capabilities: 0x33,
        deviceClass: 3,
        policies: [{ application: 1, unknown: true, tagged: false, vlan: 0, priority: 0, dscp: 0 }],
        power: { type: 1, source: 3, priority: 0, deciwatts: 63 },
      },
    });
    expect(said[0]?.message.malformed).toBeUndefined();
  });

  it('takes up the VLAN of the voice policy and says so', async () => {
    const { clock, wire, chosen, said, words } = await start();
    await passTime(clock, 1100);
    wire.deliver(switchFrame(med, policy(110), lldpTlv.medPower({ type: 0, source: 1, priority: 3, deciwatts: 63 })));
    await passTime(clock, syncMs + 1);
    expect(chosen).toEqual({ vlan: 110, atMs: 6100 });
    expect(said.at(-1)?.message.med?.policies).toMatchObject([{ unknown: false, tagged: true, vlan: 110, dscp: 46 }]);
    expect(words).toContain('lldp power-locked');
  });

  it.each([
    ['without LLDP-MED capabilities', switchFrame(policy(110))],
    ['without a voice policy', switchFrame(med)],
    ['with another MED TLV before the capabilities', switchFrame(policy(110), med)],
  ])('drops a frame %s', async (_what, frame) => {
    const { clock, wire, chosen } = await start();
    await passTime(clock, 1100);
    wire.deliver(frame);
    await passTime(clock, 10_100);
    expect(chosen).toEqual({ vlan: null, atMs: 10_070 });
  });

  it('speaks untagged where the policy says so', async () => {
    const { clock, wire, chosen } = await start();
    wire.deliver(switchFrame(med, policy(0, false)));
    await passTime(clock, syncMs + 1);
    expect(chosen.vlan).toBeNull();
  });

  it('believes CDP before LLDP, and takes power from whichever granted it first', async () => {
    const { clock, wire, chosen, words } = await start();
    wire.deliver(switchFrame(med, policy(111), lldpTlv.medPower({ type: 0, source: 1, priority: 3, deciwatts: 63 })));
    wire.deliver(
      cdpFrame(
        switchMac,
        encodeCdp({
          ttlSeconds: 180,
          tlvs: [cdpTlv.voiceVlanReply(110), cdpTlv.powerAvailable(0xd34e, 2, 6300, 0xffffffff)],
        }),
      ),
    );
    await passTime(clock, syncMs + 1);
    expect(chosen.vlan).toBe(110);
    expect(words.filter((word) => word.endsWith('power-locked'))).toEqual(['lldp power-locked']);
  });

  it('leaves no timer and no listener when power goes', async () => {
    const { clock, wire, life } = await start();
    await passTime(clock, 1100);
    life.end();
    expect(clock.pending).toBe(0);
    expect(wire.listeners.size).toBe(0);
  });
});
