import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Lifetime } from '../../../src/sim/phone/lifetime.js';
import { phoneIdentity } from '../../../src/sim/phone/phone-identity.js';
import { runSccp } from '../../../src/sim/phone/sccp-client.js';
import { decodeSccp } from '../../../src/wire/sccp.js';
import { CountingClock, until } from './counting-clock.js';
import { startCallManager, type TestCallManager, testNetwork } from './loopback-servers.js';
import { MemoryWire } from './memory-wire.js';
import { testIdentity, testMac } from './phone-under-test.js';

const addresses = [`${testNetwork}.31`, `${testNetwork}.32`, `${testNetwork}.33`] as const;
const members = addresses.map((address) => ({ address, port: 2000 }));
const phone = `${testNetwork}.21`;

let clock: CountingClock;
let wire: MemoryWire;
let life: Lifetime;
let story: string[];
const running: TestCallManager[] = [];

beforeEach(() => {
  clock = new CountingClock();
  wire = new MemoryWire(clock);
  life = new Lifetime(clock);
  story = [];
});
afterEach(async () => {
  life.end();
  await wire.close();
  for (const manager of running.splice(0)) await manager.close();
});

const up = async (index: 0 | 1 | 2, options: Parameters<typeof startCallManager>[1] = {}): Promise<TestCallManager> => {
  const manager = await startCallManager(addresses[index], options);
  running.push(manager);
  return manager;
};

const run = async (
  count = members.length,
  identity = testIdentity,
): Promise<{ ended: 'reset' | 'restart-device' | undefined }> => {
  const stack = await wire.attachIp({ vlan: null, address: phone, prefixLength: 24, router: null });
  const state: { ended: 'reset' | 'restart-device' | undefined } = { ended: undefined };
  runSccp({
    stack,
    life,
    identity,
    load: 'SCCP41.8-5-3S',
    address: phone,
    members: members.slice(0, count),
    retryMs: 10,
    log: (_part, event, detail) =>
      story.push([event, String(detail?.server ?? '').split('.')[3] ?? ''].join(' ').trim()),
  }).then(
    (ended) => {
      state.ended = ended;
    },
    () => {},
  );
  return state;
};

describe('the phone registering by SCCP', () => {
  it('registers with the member of highest priority in a real phone’s order of messages', async () => {
    const primary = await up(0);
    await run(1);
    await until(() => primary.heard.includes('TimeDateReq'), 'TimeDateReq');
    expect(primary.heard).toEqual([
      'connected',
      'Register',
      'IpPort',
      'CapabilitiesRes',
      'VersionReq',
      'ButtonTemplateReq',
      'SoftKeyTemplateReq',
      'SoftKeySetReq',
      'ConfigStatReq',
      'LineStatReq',
      'ForwardStatReq',
      'TimeDateReq',
    ]);
  });

  it('sends the 68-byte Register of a 7960 with SCCP 8.1', async () => {
    const primary = await up(0);
    await run(1);
    await until(() => primary.firstBytes.length > 0, 'Register');
    const bytes = primary.firstBytes[0]?.subarray(0, 80) ?? new Uint8Array();
    expect(Buffer.from(bytes.subarray(0, 12)).toString('hex')).toBe('480000000000000001000000');
    const { fields, malformed } = decodeSccp(bytes);
    expect(malformed).toBeUndefined();
    expect(fields).toMatchObject({
      deviceName: 'SEP0012DADBD34E',
      instance: 1,
      stationAddress: phone,
      deviceType: 7,
      protocolVersion: 11,
    });
    expect(Buffer.from(bytes.subarray(12 + 40, 12 + 44)).toString('hex')).toBe('0b006085');
  });

  it('sends the 124-byte Register of a 7941 with SCCP 8.5(3), its load named', async () => {
    const primary = await up(0);
    await run(1, phoneIdentity(testMac, 'CP-7941G'));
    await until(() => primary.firstBytes.length > 0, 'Register');
    const bytes = primary.firstBytes[0]?.subarray(0, 12 + 124) ?? new Uint8Array();
    expect(Buffer.from(bytes.subarray(0, 12)).toString('hex')).toBe('800000000000000001000000');
    expect(decodeSccp(bytes).fields).toMatchObject({ deviceType: 115, protocolVersion: 17, loadName: 'SCCP41.8-5-3S' });
    expect(Buffer.from(bytes.subarray(12 + 40, 12 + 44)).toString('hex')).toBe('11007285');
  });

  it('goes to the next member when the first refuses the connection', async () => {
    const second = await up(1);
    await run();
    await until(() => second.heard.includes('TimeDateReq'), 'registered with the second');
    expect(story.slice(0, 4)).toEqual(['connects 31', 'unreachable 31', 'connects 32', 'registered 32']);
  });

  it('goes on past a member that rejects and comes round to the first again', async () => {
    const first = await up(0, { behaviour: 'reject' });
    const second = await up(1, { behaviour: 'reject' });
    await run();
    await until(() => first.heard.filter((name) => name === 'Register').length >= 2, 'asked the first again');
    expect(second.heard.filter((name) => name === 'Register').length).toBeGreaterThanOrEqual(1);
    expect(story.slice(0, 7)).toEqual([
      'connects 31',
      'ends 31',
      'connects 32',
      'ends 32',
      'connects 33',
      'unreachable 33',
      'connects 31',
    ]);
  });

  it('goes on past a member that accepts the connection and says nothing', async () => {
    await up(0, { behaviour: 'silent' });
    const second = await up(1);
    await run();
    await until(() => second.heard.includes('TimeDateReq'), 'registered with the second');
    expect(story.slice(0, 2)).toEqual(['connects 31', 'ends 31']);
  });

  it('keeps the registration and a standby connection to the next member alive', async () => {
    const first = await up(0, { keepaliveSeconds: 1, secondaryKeepaliveSeconds: 1 });
    const second = await up(1);
    await run();
    const keepalives = ({ heard }: TestCallManager) => heard.filter((name) => name === 'KeepAlive').length;
    await until(() => keepalives(first) >= 2 && keepalives(second) >= 2, 'keepalives on both');
    expect(second.heard).not.toContain('Register');
    expect(first.heard.filter((name) => name === 'Register')).toHaveLength(1);
  });

  it('registers over the standby connection as soon as the primary closes', async () => {
    const first = await up(0);
    const second = await up(1);
    await run();
    await until(() => story.includes('standby 32'), 'standby');
    await first.close();
    await until(() => second.heard.includes('TimeDateReq'), 'failover');
    expect(second.heard.filter((name) => name === 'connected')).toHaveLength(1);
    expect(second.heard.slice(0, 2)).toEqual(['connected', 'Register']);
  });

  it('fails over when keepalives stay unanswered', async () => {
    const first = await up(0, { keepaliveSeconds: 1 });
    const second = await up(1);
    await run(2);
    await until(() => story.includes('standby 32'), 'standby');
    first.behaviour = 'silent';
    await until(() => second.heard.includes('TimeDateReq'), 'failover');
    expect(first.heard.filter((name) => name === 'KeepAlive').length).toBeGreaterThanOrEqual(3);
  });

  it.each([
    [2, 'reset'],
    [1, 'restart-device'],
  ] as const)('ends its registration on Reset type %i and is to begin again: %s', async (type, ending) => {
    const first = await up(0);
    const state = await run(1);
    await until(() => first.heard.includes('TimeDateReq'), 'registered');
    first.send('Reset', { type });
    await until(() => state.ended === ending, ending);
    await until(
      () => first.heard.includes('Unregister') === (type === 2),
      'a phone that only registers again says goodbye',
    );
  });

  it('goes back to a better CallManager that grants a token, and says goodbye to the other', async () => {
    const second = await up(1, { secondaryKeepaliveSeconds: 1 });
    await run(2);
    await until(() => second.heard.includes('TimeDateReq'), 'registered with the second');
    const first = await up(0, { grantsToken: true });
    await until(() => first.heard.includes('TimeDateReq'), 'back with the first');
    expect(first.heard.indexOf('RegisterTokenReq')).toBeLessThan(first.heard.indexOf('Register'));
    await until(() => second.heard.includes('Unregister'), 'goodbye');
  });

  it('leaves no timer and no socket when power goes', async () => {
    const first = await up(0);
    await up(1);
    await run();
    await until(() => story.includes('standby 32'), 'standby');
    life.end();
    await wire.detachIp();
    expect(clock.waiting).toBe(0);
    expect(wire.openSockets).toBe(0);
    await until(() => first.sockets.size === 0, 'the connection is gone at the server too');
  });
});
