import { describe, expect, it } from 'vitest';
import type { Fact } from '../../src/timeline/events.js';
import { planWith, samplePlan } from './sample-plan.js';
import {
  addressUsed,
  asks,
  cdp,
  cdpReply,
  configFile,
  current,
  dhcp,
  end,
  ends,
  inrush,
  jackSafe,
  type Line,
  linkDown,
  linkUp,
  measurementOf,
  powerOff,
  progress,
  registers,
  resultOf,
  sccp,
  servesConfig,
  tcp,
  tell,
  toAddress,
  toBoot,
  toConfig,
  toEnd,
  toRegistration,
  toVlan,
} from './story.js';

const image = 'P00308010200.bin';
const oldPhone = cdp({ softwareVersion: 'P00307020200' });
const toOldVlan = toVlan.map(
  ([at, fact]): Line => (fact.kind === 'cdp' && fact.from === 'phone' ? [at, oldPhone] : [at, fact]),
);
const toOldAddress: readonly Line[] = [...toOldVlan, ...toAddress.slice(toVlan.length)];
const refusedBy = (server: string, atMs: number): readonly Line[] => [
  [atMs, tcp('connecting', server)],
  [atMs + 1, tcp('refused', server, 'bench')],
];

describe('a run that went wrong', () => {
  it('names one stage only: the ones behind it are not reached and say why', () => {
    const results = tell(samplePlan, [...toBoot, [14_000, end]]).verdicts();
    expect(results.map(({ verdict }) => verdict)).toEqual([
      'pass',
      'pass',
      'fail',
      'not-reached',
      'not-reached',
      'not-reached',
    ]);
    expect(results[4]?.cause).toBe('Not reached: stage vlan ended the run.');
  });
});

describe('a good run', () => {
  it('passes all six stages', () => {
    const tribunal = tell(samplePlan, toEnd);
    expect(tribunal.verdicts().map(({ verdict }) => verdict)).toEqual(Array(6).fill('pass'));
    expect(tribunal.runVerdict()).toMatchObject({ verdict: 'pass', blame: null });
    expect(tribunal.exitCode({ strict: true })).toBe(0);
  });

  it('begins each stage where the one before ended', () => {
    const results = tell(samplePlan, toEnd).verdicts();
    for (const [index, result] of results.entries())
      if (index > 0) expect(result.beganAtUs).toBe(results[index - 1]?.endedAtUs);
  });

  it('should end as soon as every stage is content, and not before', () => {
    expect(tell(samplePlan, toRegistration.slice(0, -1)).shouldEnd()).toBeNull();
    expect(tell(samplePlan, toRegistration).shouldEnd()).toEqual({ reason: 'every stage is decided' });
  });

  it('measures steady power as the median of the last two seconds', () => {
    const tribunal = tell(samplePlan, [
      ...toRegistration,
      [9000, current(300)],
      [11_510, current(100)],
      [11_520, current(110)],
      [11_530, current(110)],
      [11_600, powerOff('COMMANDED')],
      [11_800, end],
    ]);
    expect(measurementOf(resultOf(tribunal, 'power'), 'power.steadyMilliwatts')?.value).toBe(5280);
  });

  it('skips the vlan stage where the plan has no voice VLAN', () => {
    const plan = planWith({ network: { voiceVlan: null } });
    const lines = toEnd.map(([at, fact]): Line => [at, 'vlan' in fact ? ({ ...fact, vlan: null } as Fact) : fact]);
    const tribunal = tell(plan, lines);
    expect(tribunal.verdicts().map(({ verdict }) => verdict)).toEqual([
      'pass',
      'pass',
      'skipped',
      'pass',
      'pass',
      'pass',
    ]);
    expect(resultOf(tribunal, 'vlan').measurements).toEqual([]);
    expect(tribunal.exitCode({ strict: true })).toBe(0);
  });

  it('shows a failover and passes', () => {
    const server = '10.110.0.12';
    const tribunal = tell(samplePlan, [
      ...toConfig,
      ...refusedBy('10.110.0.11', 6400),
      ...registers(6500, server),
      [11_500, sccp('phone', 'KeepAlive', server)],
      [11_600, powerOff('COMMANDED')],
      [11_700, end],
    ]);
    const result = resultOf(tribunal, 'registration');
    expect(result.verdict).toBe('pass');
    expect(result.cause).toBe('Registered with cm-b (10.110.0.12) after cm-a (10.110.0.11) refused; 1 keepalive seen.');
    expect(measurementOf(result, 'registration.attempts')?.value).toBe(2);
  });

  it('passes a phone that fetches the plan’s load, restarts and comes back with it', () => {
    const upgrade: readonly Line[] = [
      ...toOldAddress,
      [6100, asks(configFile)],
      [6110, servesConfig()],
      [6200, asks(image)],
      [8000, progress(image, 400_000)],
      [9000, ends(image, { bytes: 500_000 })],
      [9500, linkDown],
      [12_000, linkUp],
      [12_500, cdp()],
      [12_501, cdpReply()],
      [14_000, dhcp('DISCOVER')],
      [14_001, dhcp('OFFER')],
      [14_002, dhcp('REQUEST')],
      [14_003, dhcp('ACK')],
      [14_100, addressUsed()],
      [15_000, asks(configFile)],
      [15_010, servesConfig()],
      ...registers(15_500),
      [20_500, sccp('phone', 'KeepAlive')],
      [20_600, powerOff('COMMANDED')],
      [20_700, end],
    ];
    const tribunal = tell(samplePlan, upgrade);
    expect(tribunal.verdicts().map(({ verdict }) => verdict)).toEqual(Array(6).fill('pass'));
    expect(measurementOf(resultOf(tribunal, 'config'), 'config.imageBytes')?.value).toBe(500_000);
    expect(measurementOf(resultOf(tribunal, 'boot'), 'boot.linkDrops')?.value).toBe(0);
    expect(resultOf(tribunal, 'registration').beganAtUs).toBe(15_010_000);
  });

  it('takes no notice of link and connections that go when power is taken away', () => {
    const tribunal = tell(samplePlan, [
      ...toRegistration,
      [11_550, tcp('closed', '10.110.0.11', 'bench')],
      [11_600, powerOff('COMMANDED')],
      [11_610, tcp('closed')],
      [11_620, linkDown],
      [11_700, end],
    ]);
    expect(tribunal.runVerdict().verdict).toBe('pass');
  });

  it('takes no notice of a trip that the board kept from a run before', () => {
    const [first, ...rest] = toEnd;
    const trip: Line = [10, { kind: 'stored-trip', cause: 'HEARTBEAT', switchOffMs: 500, jackSafeMs: null }];
    const tribunal = tell(samplePlan, [...(first === undefined ? [] : [first]), trip, ...rest]);
    expect(tribunal.runVerdict().verdict).toBe('pass');
    expect(tribunal.exitCode({ strict: false })).toBe(0);
  });

  it('judges a capture without a bench from its first phone frame on', () => {
    const wire = toEnd.filter(([, fact]) => 'from' in fact);
    const tribunal = tell(samplePlan, [...wire, [12_000, end]]);
    expect(tribunal.verdicts().map(({ verdict }) => verdict)).toEqual([
      'skipped',
      'skipped',
      'pass',
      'pass',
      'pass',
      'pass',
    ]);
  });
});

describe('limits', () => {
  const withPeak = (peak: number) =>
    toEnd.map(([at, fact]): Line => [at, fact.kind === 'inrush' ? inrush(peak) : fact]);
  it.each([
    [420, 'pass', 0, 0],
    [421, 'marginal', 0, 1],
    [450, 'marginal', 0, 1],
    [451, 'fail', 1, 1],
  ] as const)('judge an inrush peak of %i mA as %s', (peak, verdict, exit, strictExit) => {
    const tribunal = tell(samplePlan, withPeak(peak));
    expect(resultOf(tribunal, 'power').verdict).toBe(verdict);
    expect(tribunal.exitCode({ strict: false })).toBe(exit);
    expect(tribunal.exitCode({ strict: true })).toBe(strictExit);
  });

  it('blame the bench for a slow switch', () => {
    const lines = toEnd.map(([at, fact]): Line => [at, fact.kind === 'jack-safe' ? jackSafe(1051) : fact]);
    expect(resultOf(tell(samplePlan, lines), 'power')).toMatchObject({ verdict: 'error', blame: 'bench' });
  });

  it('say in the cause which figure is marginal', () => {
    const result = resultOf(tell(samplePlan, withPeak(430)), 'power');
    expect(result.cause).toBe('Inside the limits, but power.inrushPeakMilliamps is 430 mA, above the usual 420 mA.');
  });
});
