import { beforeEach, describe, expect, it } from 'vitest';
import type { Plan } from '../../src/plan/plan.js';
import { startLldpSpeaker } from '../../src/services/lldp-speaker.js';
import { createPortPower, milliwattsAtPort, type PortPower } from '../../src/services/port-power.js';
import type { ServiceFact } from '../../src/timeline/events.js';
import { decodeEthernet, etherTypes } from '../../src/wire/ethernet.js';
import { decodeLldp, encodeLldp, type LldpMessage, type LldpTlv, lldpFrame, lldpTlv } from '../../src/wire/lldp.js';
import { benchPlan } from './bench-plan.js';
import { ManualClock } from './manual-clock.js';
import { MemoryLink } from './memory-link.js';

const phoneMac = '00:12:da:db:d3:4e';
const med = lldpTlv.medCapabilities(0x33, 3);
const asks = (deciwatts: number): LldpTlv => lldpTlv.medPower({ type: 1, source: 3, priority: 0, deciwatts });
const frame = (tlvs: readonly LldpTlv[], mac = phoneMac, ttlSeconds = 180): Uint8Array =>
  lldpFrame(
    mac,
    encodeLldp({ tlvs: [lldpTlv.chassisMac(mac), lldpTlv.portLocal(`${mac}:P1`), lldpTlv.ttl(ttlSeconds), ...tlvs] }),
  );

describe('LLDP speaker', () => {
  let link: MemoryLink;
  let clock: ManualClock;
  let facts: ServiceFact[];
  let power: PortPower;

  beforeEach(() => {
    link = new MemoryLink();
    clock = new ManualClock();
    facts = [];
  });

  const start = (plan: Plan = benchPlan(), faults: readonly string[] = []) => {
    power = createPortPower(plan.network.powerAvailableMilliwatts);
    return startLldpSpeaker({ plan, link, clock, faults: new Set(faults), power, tell: (fact) => facts.push(fact) });
  };
  const said = (index: number): LldpMessage => {
    const ethernet = decodeEthernet(link.sent.at(index) ?? new Uint8Array());
    expect(ethernet).toMatchObject({
      destination: '01:80:c2:00:00:0e',
      source: link.macAddress,
      vlans: [],
      body: { etherType: etherTypes.lldp },
    });
    return decodeLldp(ethernet?.payload ?? new Uint8Array());
  };

  it('speaks plain LLDP at link-up and each 30 s while no phone has spoken LLDP-MED', () => {
    start();
    expect(link.sent).toHaveLength(0);
    link.carrier(true);
    expect(link.sent).toHaveLength(1);
    const message = said(0);
    expect(message).toMatchObject({
      chassisId: link.macAddress,
      portId: 'memory0',
      ttlSeconds: 120,
      systemName: 'linkpulse',
      systemDescription: 'Linkpulse bench',
      capabilities: 0x04,
      enabledCapabilities: 0x04,
      managementAddresses: ['10.110.0.1'],
      portVlan: 1,
      macPhy: { autoNegotiation: 3, mau: 0x10 },
      mdiPower: { support: 7, pairs: 2, class: 4, typeSourcePriority: 0x93, allocatedDeciwatts: 129 },
    });
    expect(message.med).toBeUndefined();
    expect(message.malformed).toBeUndefined();
    clock.advance(60_000);
    expect(link.sent).toHaveLength(3);
  });

  it('answers a phone at once with voice VLAN and power, four frames a second apart, then each 30 s', () => {
    start();
    link.carrier(true);
    clock.advance(10_000);
    link.receive(frame([med]));
    expect(link.sent).toHaveLength(2);
    expect(said(1).med).toEqual({
      capabilities: 0x0b,
      deviceClass: 4,
      policies: [{ application: 1, unknown: false, tagged: true, vlan: 110, priority: 5, dscp: 46 }],
      power: { type: 0, source: 1, priority: 3, deciwatts: 129 },
    });
    clock.advance(999);
    expect(link.sent).toHaveLength(2);
    clock.advance(1);
    clock.advance(2000);
    expect(link.sent).toHaveLength(5);
    clock.advance(16_999);
    expect(link.sent, 'steady again').toHaveLength(5);
    clock.advance(1);
    expect(link.sent).toHaveLength(6);
    expect(said(-1).med?.policies).toHaveLength(1);
    link.receive(frame([med]));
    expect(link.sent, 'a phone that is known is answered with the next frame').toHaveLength(6);
  });

  it('tells voice without a tag where the plan has no voice VLAN', () => {
    start(benchPlan({ network: { voiceVlan: null } }));
    link.carrier(true);
    link.receive(frame([med]));
    expect(said(-1).med?.policies).toEqual([
      { application: 1, unknown: false, tagged: false, vlan: 0, priority: 0, dscp: 46 },
    ]);
  });

  it('does not take another switch for a phone', () => {
    start();
    link.carrier(true);
    link.receive(frame([lldpTlv.medCapabilities(0x0b, 4)]));
    expect(link.sent).toHaveLength(1);
  });

  it('speaks no faster for a phone that changes its MAC with every frame', () => {
    start();
    link.carrier(true);
    for (let index = 0; index < 100; index += 1)
      link.receive(frame([med], `00:12:da:db:d3:${index.toString(16).padStart(2, '0')}`));
    clock.advance(10_000);
    expect(link.sent).toHaveLength(1 + 4);
  });

  it('allocates what the phone asks for and echoes it', () => {
    start();
    link.carrier(true);
    link.receive(frame([med, asks(65)]));
    expect(said(-1)).toMatchObject({
      mdiPower: { requestedDeciwatts: 65, allocatedDeciwatts: 65 },
      med: { power: { deciwatts: 65 } },
    });
    expect(facts).toEqual([
      {
        kind: 'service',
        service: 'lldp',
        action: 'power-granted',
        detail: { requestedMilliwatts: 6500, grantedMilliwatts: 6500 },
      },
    ]);
    clock.advance(5000);
    const before = link.sent.length;
    const mdi = {
      support: 0,
      pairs: 1,
      class: 1,
      typeSourcePriority: 0x50,
      requestedDeciwatts: 50,
      allocatedDeciwatts: 65,
    };
    link.receive(frame([med, lldpTlv.mdiPower(mdi)]));
    expect(link.sent, 'a change is answered at once').toHaveLength(before + 1);
    expect(said(-1).mdiPower).toMatchObject({ requestedDeciwatts: 50, allocatedDeciwatts: 50 });
  });

  it('allocates no more than there is', () => {
    start(benchPlan({ network: { powerAvailableMilliwatts: 7000 } }));
    link.carrier(true);
    link.receive(frame([med, asks(129)]));
    expect(said(-1)).toMatchObject({
      mdiPower: { class: 3, requestedDeciwatts: 129, allocatedDeciwatts: 64 },
      med: { power: { deciwatts: 64 } },
    });
  });

  it('leaves power to CDP where CDP was first', () => {
    start();
    link.carrier(true);
    power.request('cdp', [6300]);
    link.receive(frame([med, asks(120)]));
    expect(power.grantedMilliwatts()).toBe(6300);
    expect(said(-1).med?.power?.deciwatts).toBe(58);
    expect(facts).toMatchObject([{ action: 'power-request-ignored', detail: { lockedTo: 'cdp' } }]);
  });

  it('forgets the phone when link goes down', () => {
    start();
    link.carrier(true);
    link.receive(frame([med, asks(65)]));
    link.carrier(false);
    clock.advance(100_000);
    link.carrier(true);
    expect(link.sent).toHaveLength(3);
    expect(said(-1).med).toBeUndefined();
    expect(power.grantedMilliwatts()).toBe(15_400);
  });

  it('tells another VLAN on purpose', () => {
    start(benchPlan(), ['lldp-wrong-vlan']);
    link.carrier(true);
    link.receive(frame([med]));
    expect(said(-1).med?.policies[0]?.vlan).toBe(111);
  });

  it('is silent where the plan says off', () => {
    start(benchPlan({ lldp: null }));
    link.carrier(true);
    link.receive(frame([med]));
    clock.advance(100_000);
    expect(link.sent).toHaveLength(0);
  });

  it('survives every truncation of a phone’s frame, its own frames and a link that cannot send', () => {
    start();
    link.refusesToSend = true;
    link.carrier(true);
    clock.advance(90_000);
    expect(facts).toMatchObject([{ action: 'send-failed' }]);
    link.refusesToSend = false;
    const whole = frame([lldpTlv.systemName('SEP0012DADBD34E'), asks(65)]);
    for (let length = 0; length < whole.length; length += 1) link.receive(whole.subarray(0, length));
    link.receive(frame([med], link.macAddress));
    const before = link.sent.length;
    link.receive(frame([med]));
    expect(link.sent).toHaveLength(before + 1);
  });

  it('forgets a phone that says it leaves, tells it, and greets it anew when it is back', () => {
    start();
    link.carrier(true);
    link.receive(frame([med, asks(65)]));
    clock.advance(1000);
    const before = link.sent.length;
    link.receive(frame([], '00:12:da:db:d3:99', 0));
    expect(said(-1).med, 'somebody else left').toBeDefined();
    link.receive(frame([], phoneMac, 0));
    expect(facts.at(-1)).toMatchObject({ action: 'neighbour-left', detail: { mac: phoneMac } });
    clock.advance(3000);
    expect(link.sent, 'its fast start is over').toHaveLength(before);
    clock.advance(30_000);
    expect(said(-1).med).toBeUndefined();
    expect(power.grantedMilliwatts(), 'the grant stays until link goes down').toBe(milliwattsAtPort(65));
    link.receive(frame([med]));
    clock.advance(3000);
    expect(link.sent).toHaveLength(before + 1 + 4);
  });

  it.each(['leave', 'close'] as const)('says goodbye at %s, once, and is silent then', async (how) => {
    const speaker = start();
    link.carrier(true);
    link.receive(frame([med]));
    await speaker[how]?.();
    expect(link.sent).toHaveLength(3);
    const last = said(-1);
    expect(last).toMatchObject({ chassisId: link.macAddress, portId: 'memory0', ttlSeconds: 0 });
    expect(
      last.tlvs.map(({ type }) => type),
      'what 802.1AB allows in it',
    ).toEqual([1, 2, 3, 0]);
    expect(last.malformed).toBeUndefined();
    link.receive(frame([med], '00:12:da:db:d3:4f'));
    link.carrier(false);
    link.carrier(true);
    clock.advance(600_000);
    await speaker.close();
    expect(link.sent).toHaveLength(3);
    expect(clock.pending).toBe(0);
  });

  it('has nobody to say goodbye to while link is down', async () => {
    const speaker = start();
    link.carrier(true);
    link.carrier(false);
    await speaker.close();
    expect(link.sent).toHaveLength(1);
  });
});
