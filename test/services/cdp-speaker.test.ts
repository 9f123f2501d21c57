import { beforeEach, describe, expect, it } from 'vitest';
import type { Plan } from '../../src/plan/plan.js';
import { startCdpSpeaker } from '../../src/services/cdp-speaker.js';
import { createPortPower } from '../../src/services/port-power.js';
import type { ServiceFact } from '../../src/timeline/events.js';
import { type CdpMessage, cdpFrame, cdpTlv, decodeCdp, encodeCdp } from '../../src/wire/cdp.js';
import { decodeEthernet } from '../../src/wire/ethernet.js';
import { benchPlan } from './bench-plan.js';
import { ManualClock } from './manual-clock.js';
import { MemoryLink } from './memory-link.js';

const phoneMac = '00:12:da:db:d3:4e';
/** A 7960 with SIP 8.2: the query in TLV 0x0F is these four bytes. */
const query = cdpTlv.voiceVlanQuery(Uint8Array.of(0x20, 0x02, 0x00, 0x01));
const phoneFrame = (...tlvs: Parameters<typeof encodeCdp>[0]['tlvs']): Uint8Array =>
  cdpFrame(phoneMac, encodeCdp({ ttlSeconds: 180, tlvs: [cdpTlv.deviceId('SEP0012DADBD34E'), ...tlvs] }));
const powerRequest = (requestId: number) =>
  cdpTlv.powerRequested({ requestId, managementId: 0, milliwatts: [10_250, 6300] });

describe('CDP speaker', () => {
  let link: MemoryLink;
  let clock: ManualClock;
  let facts: ServiceFact[];

  beforeEach(() => {
    link = new MemoryLink();
    clock = new ManualClock();
    facts = [];
  });

  const start = (plan: Plan = benchPlan(), faults: readonly string[] = []) =>
    startCdpSpeaker({
      plan,
      link,
      clock,
      faults: new Set(faults),
      power: createPortPower(plan.network.powerAvailableMilliwatts),
      tell: (fact) => facts.push(fact),
    });
  const said = (index: number): CdpMessage => {
    const frame = decodeEthernet(link.sent.at(index) ?? new Uint8Array());
    if (frame === undefined) throw new Error('nothing sent');
    return decodeCdp(frame.payload);
  };

  it('says nothing before link is up and speaks at once when it comes up', () => {
    start();
    expect(link.sent).toHaveLength(0);
    link.carrier(true);
    expect(link.sent).toHaveLength(1);
    expect(said(0)).toMatchObject({
      version: 2,
      ttlSeconds: 180,
      checksumOk: true,
      deviceId: 'linkpulse',
      addresses: ['10.110.0.1'],
      portId: 'memory0',
      capabilities: 0x28,
      nativeVlan: 1,
      duplex: 'full',
      voiceVlanReply: { vlan: 110 },
      powerAvailable: { requestId: 0, managementId: 1, milliwatts: [15_400, 0xffffffff] },
      trustBitmap: 0,
      untrustedCos: 0,
    });
    expect(said(0).malformed).toBeUndefined();
  });

  it('speaks untagged from its own MAC to the CDP group', () => {
    start();
    link.carrier(true);
    expect(Buffer.from(link.sent[0] ?? []).toString('hex', 0, 12)).toBe('01000ccccccc020000000001');
    expect(decodeEthernet(link.sent[0] ?? new Uint8Array())?.vlans).toEqual([]);
  });

  it('leaves the voice VLAN reply out when the plan has no voice VLAN', () => {
    start(benchPlan({ network: { voiceVlan: null } }));
    link.carrier(true);
    link.receive(phoneFrame(query));
    expect(link.sent).toHaveLength(2);
    expect(said(0).voiceVlanReply).toBeUndefined();
    expect(said(1).voiceVlanReply).toBeUndefined();
  });

  it('speaks every period while link is up, and stops with it', () => {
    start();
    link.carrier(true);
    clock.advance(59_999);
    expect(link.sent).toHaveLength(1);
    clock.advance(1);
    clock.advance(60_000);
    expect(link.sent).toHaveLength(3);
    link.carrier(false);
    clock.advance(600_000);
    expect(link.sent).toHaveLength(3);
  });

  it('is silent where the plan says off', () => {
    start(benchPlan({ network: { cdpPeriodMs: null } }));
    link.carrier(true);
    link.receive(phoneFrame(query));
    clock.advance(600_000);
    expect(link.sent).toHaveLength(0);
  });

  it('answers every voice VLAN query at once and a steady-state frame not at all', () => {
    start();
    link.carrier(true);
    link.receive(phoneFrame(query));
    link.receive(phoneFrame(query));
    expect(link.sent).toHaveLength(3);
    link.receive(phoneFrame(cdpTlv.powerConsumption(6300)));
    expect(link.sent).toHaveLength(3);
  });

  it('answers a query whose checksum is wrong', () => {
    start();
    link.carrier(true);
    const frame = phoneFrame(query);
    frame[24] = (frame[24] ?? 0) ^ 0xff;
    link.receive(frame);
    expect(link.sent).toHaveLength(2);
  });

  it('echoes a power request id and counts the management id up once for it', () => {
    start();
    link.carrier(true);
    link.receive(phoneFrame(powerRequest(0xd34e)));
    expect(link.sent).toHaveLength(2);
    expect(said(1).powerAvailable).toMatchObject({ requestId: 0xd34e, managementId: 2 });
    link.receive(phoneFrame(powerRequest(0xd34e)));
    expect(link.sent).toHaveLength(2);
    link.receive(phoneFrame(powerRequest(22_013)));
    expect(said(2).powerAvailable).toMatchObject({ requestId: 22_013, managementId: 3 });
  });

  it('grants the highest level asked for that is there, and lowers the grant to it', () => {
    start(benchPlan({ network: { powerAvailableMilliwatts: 7000 } }));
    link.carrier(true);
    link.receive(phoneFrame(powerRequest(0xd34e)));
    expect(said(-1).powerAvailable).toEqual({ requestId: 0xd34e, managementId: 2, milliwatts: [6300, 0xffffffff] });
    expect(facts).toMatchObject([
      { action: 'power-granted', detail: { requestedMilliwatts: 10_250, grantedMilliwatts: 6300 } },
    ]);
  });

  it('answers another request under the same id at once, and counts the management id up', () => {
    start();
    link.carrier(true);
    link.receive(phoneFrame(powerRequest(7)));
    link.receive(phoneFrame(cdpTlv.powerRequested({ requestId: 7, managementId: 0, milliwatts: [6300] })));
    expect(link.sent).toHaveLength(3);
    expect(said(-1).powerAvailable).toMatchObject({ requestId: 7, managementId: 3, milliwatts: [6300, 0xffffffff] });
  });

  it('lowers the grant to what an old phone says it draws, with the next frame', () => {
    start();
    link.carrier(true);
    link.receive(phoneFrame(cdpTlv.powerConsumption(6300)));
    clock.advance(60_000);
    expect(said(-1).powerAvailable).toEqual({ requestId: 0, managementId: 2, milliwatts: [6300, 0xffffffff] });
  });

  it('tells another voice VLAN on purpose', () => {
    start(benchPlan(), ['cdp-wrong-vlan']);
    link.carrier(true);
    expect(said(0).voiceVlanReply?.vlan).toBe(111);
  });

  it('forgets the request id when link goes down', () => {
    start();
    link.carrier(true);
    link.receive(phoneFrame(powerRequest(7)));
    link.carrier(false);
    link.carrier(true);
    expect(said(-1).powerAvailable).toMatchObject({ requestId: 0, managementId: 3 });
  });

  it('goes from the last management id to 1, never to 0', () => {
    start();
    link.carrier(true);
    for (let id = 2; id <= 0xffff; id += 1) {
      link.carrier(false);
      link.carrier(true);
    }
    expect(said(-1).powerAvailable?.managementId).toBe(0xffff);
    link.receive(phoneFrame(powerRequest(7)));
    expect(said(-1).powerAvailable?.managementId).toBe(1);
  });

  it('does not answer its own frames when they come back', () => {
    start();
    link.carrier(true);
    link.receive(cdpFrame(link.macAddress, encodeCdp({ ttlSeconds: 180, tlvs: [query] })));
    expect(link.sent).toHaveLength(1);
  });

  it('survives every truncation of a phone frame, and frames that are no CDP', () => {
    start();
    link.carrier(true);
    const whole = phoneFrame(query, powerRequest(5));
    for (let length = 0; length < whole.length; length += 1) link.receive(whole.subarray(0, length));
    link.receive(Uint8Array.from({ length: 60 }, (_, index) => index));
    const before = link.sent.length;
    link.receive(phoneFrame(query));
    expect(link.sent).toHaveLength(before + 1);
  });

  it('tells once that it cannot send, and goes on', () => {
    start();
    link.refusesToSend = true;
    link.carrier(true);
    clock.advance(120_000);
    expect(facts).toEqual([
      { kind: 'service', service: 'cdp', action: 'send-failed', detail: { reason: 'Error: network is down' } },
    ]);
    link.refusesToSend = false;
    clock.advance(60_000);
    expect(link.sent).toHaveLength(1);
  });

  it('is silent after close', async () => {
    const speaker = start();
    link.carrier(true);
    await speaker.close();
    link.receive(phoneFrame(query));
    link.carrier(false);
    link.carrier(true);
    clock.advance(600_000);
    expect(link.sent).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });
});
