import { describe, expect, it } from 'vitest';
import { Lifetime } from '../../../src/sim/phone/lifetime.js';
import { phoneIdentity } from '../../../src/sim/phone/phone-identity.js';
import { learnVoiceVlan } from '../../../src/sim/phone/voice-vlan.js';
import { cdpFrame, cdpTlv, decodeCdp, encodeCdp } from '../../../src/wire/cdp.js';
import { decodeEthernet } from '../../../src/wire/ethernet.js';
import { ManualClock } from '../../services/manual-clock.js';
import { MemoryWire } from './memory-wire.js';
import { passTime } from './pass-time.js';
import { testLoad, testMac } from './phone-under-test.js';

const syncMs = 5_000;
const switchMac = '00:1b:54:00:00:01';

const switchFrame = (...voiceVlan: number[]): Uint8Array =>
  cdpFrame(
    switchMac,
    encodeCdp({
      ttlSeconds: 180,
      tlvs: [cdpTlv.deviceId('bench'), ...voiceVlan.map((id) => cdpTlv.voiceVlanReply(id))],
    }),
  );

const start = async (model = 'CP-7960G') => {
  const clock = new ManualClock();
  const wire = new MemoryWire(clock);
  await wire.setLink(true);
  const life = new Lifetime(clock);
  const sentAtMs: number[] = [];
  const startUs = clock.nowUs();
  const elapsedMs = () => (clock.nowUs() - startUs) / 1000;
  wire.onSent = () => sentAtMs.push(elapsedMs());
  const chosen: { vlan?: number | null; atMs?: number } = {};
  learnVoiceVlan({
    wire,
    life,
    identity: phoneIdentity(testMac, model),
    load: testLoad,
    syncMs,
    periodMs: 60_000,
    address: () => '10.0.0.5',
    log: () => {},
    speaksLldp: false,
  }).then(
    (vlan) => Object.assign(chosen, { vlan, atMs: elapsedMs() }),
    () => {},
  );
  return { clock, wire, life, sentAtMs, chosen };
};

describe('the phone speaking CDP', () => {
  it('sends the trigger byte for byte as a 7960 does, untagged to the CDP multicast address', async () => {
    const { clock, wire } = await start();
    await passTime(clock, 431);
    const frame = wire.sent[0] ?? new Uint8Array();
    expect(Buffer.from(frame.subarray(0, 22)).toString('hex')).toBe(
      `01000ccccccc0012dadbd34e${(8 + 116).toString(16).padStart(4, '0')}aaaa0300000c2000`,
    );
    const payload = decodeEthernet(frame)?.payload ?? new Uint8Array();
    // Version 2, TTL 180, checksum, then the TLVs in the order of a real 7960.
    expect(
      Buffer.from(payload)
        .toString('hex')
        .replace(/^(02b4)..../, '$1----'),
    ).toBe(
      [
        '02b4----',
        `00010013${Buffer.from('SEP0012DADBD34E').toString('hex')}`,
        '00020011000000010101cc00040a000005',
        `0003000a${Buffer.from('Port 1').toString('hex')}`,
        '0004000800000490',
        `00050010${Buffer.from('P00308010200').toString('hex')}`,
        `00060017${Buffer.from('Cisco IP Phone 7960').toString('hex')}`,
        '000f000820020001',
        '000b000501',
        '00100006189c',
      ].join(''),
    );
    expect(decodeCdp(payload).checksumOk).toBe(true);
  });

  it.each([
    ['CP-7940G', [1, 2, 3, 4, 5, 6, 0x0b, 0x10], 0x90],
    ['CP-7912G', [1, 2, 3, 4, 5, 6, 0x10], 0x90],
    ['CP-7970G', [1, 2, 3, 4, 5, 6, 0x1c, 0x19, 0x0b, 0x10], 0x490],
  ])('has the steady frame of a %s', async (model, types, capabilities) => {
    const { clock, wire } = await start(model);
    await passTime(clock, 60_001, 10);
    const message = decodeCdp(decodeEthernet(wire.sent.at(-1) ?? new Uint8Array())?.payload ?? new Uint8Array());
    expect(message.tlvs.map(({ type }) => type)).toEqual(types);
    expect(message).toMatchObject({ checksumOk: true, capabilities, powerConsumptionMilliwatts: 6300 });
    if (types.includes(0x19))
      expect(message.powerRequested).toEqual({ requestId: 0xd34e, managementId: 0, milliwatts: [10_250, 6300] });
  });

  it('triggers 0.43 s and 1.43 s after port-up and then speaks each 60 s without a query', async () => {
    const { clock, wire, sentAtMs } = await start();
    await passTime(clock, 120_500, 10);
    expect(sentAtMs).toEqual([430, 1_430, 60_000, 120_000]);
    const queries = wire.sent.map(
      (frame) => decodeCdp(decodeEthernet(frame)?.payload ?? new Uint8Array()).voiceVlanQuery,
    );
    expect(queries.map((query) => query !== undefined)).toEqual([true, true, false, false]);
  });

  it('takes up the voice VLAN one sync time after the first answer', async () => {
    const { clock, wire, chosen } = await start();
    await passTime(clock, 500);
    wire.deliver(switchFrame(110));
    await passTime(clock, 1_000);
    wire.deliver(switchFrame(110));
    await passTime(clock, 3_995);
    expect(chosen).toEqual({});
    await passTime(clock, 10);
    expect(chosen).toEqual({ vlan: 110, atMs: 5_500 });
  });

  it('goes untagged after 10.07 s when the switch says nothing', async () => {
    const { clock, chosen } = await start();
    await passTime(clock, 10_060);
    expect(chosen).toEqual({});
    await passTime(clock, 20);
    expect(chosen).toEqual({ vlan: null, atMs: 10_070 });
  });

  it.each([
    ['an answer without a voice VLAN', switchFrame(), null],
    ['4095, which asks for untagged voice', switchFrame(4095), null],
    ['0, a priority tag', switchFrame(0), 0],
  ])('understands %s', async (_what, frame, expected) => {
    const { clock, wire, chosen } = await start();
    await passTime(clock, 500);
    wire.deliver(frame);
    await passTime(clock, syncMs + 1);
    expect(chosen.vlan).toBe(expected);
  });

  it('leaves no timer and no listener when power goes during the sync', async () => {
    const { clock, wire, life } = await start();
    await passTime(clock, 600);
    wire.deliver(switchFrame(110));
    life.end();
    expect(clock.pending).toBe(0);
    expect(wire.listeners.size).toBe(0);
  });
});
