import { describe, expect, it } from 'vitest';
import { injectorOutcomes, noClass, noOhms, probeKinds } from '../../src/wire/injector-messages.js';
import { cyclesPerMs, FirmwareBench, type ProbedDevice, usualRequest } from './firmware-bench.js';

const prestandard = 0;
const af = 1;
const auto = 2;
const afPhone: ProbedDevice = { ohms: 25_000, classMilliamps: 10 };

const discover = (probed: ProbedDevice, request: Partial<typeof usualRequest> = {}): FirmwareBench => {
  const bench = new FirmwareBench().identify();
  bench.probed = probed;
  bench.echoDelay = undefined;
  bench.send('DISCOVER', { ...usualRequest, method: af, flags: 0, maxBursts: 5, ...request });
  expect(bench.runWhile(1500, () => bench.all('DISCOVERY').length > 0)).toBe(true);
  bench.runMs(100);
  return bench;
};
const outcomeOf = (bench: FirmwareBench): string | undefined => injectorOutcomes[bench.last('DISCOVERY').outcome];
const kindOf = (bench: FirmwareBench): string | undefined => probeKinds[bench.last('PROBE').kind];
const isUp = (bench: FirmwareBench): boolean => bench.runWhile(1500, () => bench.powered);

describe('the low-voltage probe', () => {
  it.each([
    { ohms: 14_900, kind: 'low', outcome: 'no-signature' },
    { ohms: 19_000, kind: 'signature', outcome: 'signature' },
    { ohms: 25_000, kind: 'signature', outcome: 'signature' },
    { ohms: 26_500, kind: 'signature', outcome: 'signature' },
    { ohms: 33_100, kind: 'high', outcome: 'no-signature' },
    { ohms: 300, kind: 'low', outcome: 'no-signature' },
    { ohms: 90_000, kind: 'high', outcome: 'no-signature' },
    { ohms: 120_000, kind: 'open', outcome: 'nothing' },
    { ohms: undefined, kind: 'open', outcome: 'nothing' },
  ])('of $ohms ohm behind a bridge is $kind', ({ ohms, kind, outcome }) => {
    const bench = discover({ ...(ohms === undefined ? {} : { ohms }), classMilliamps: 2 });
    expect(kindOf(bench)).toBe(kind);
    expect(outcomeOf(bench)).toBe(outcome);
    expect(bench.last('DISCOVERY').method).toBe(af);
    if (ohms === undefined || ohms > 100_000) expect(bench.last('PROBE').ohms).toBe(noOhms);
    else expect(Math.abs(bench.last('PROBE').ohms / ohms - 1)).toBeLessThan(0.03);
    expect(bench.powered).toBe(false);
  });

  it('tells both points of the jack, in the ranges that 802.3 has for them', () => {
    const bench = discover(afPhone);
    const { lowMillivolts, highMillivolts } = bench.last('PROBE');
    expect(lowMillivolts).toBeGreaterThan(2800);
    expect(highMillivolts).toBeLessThan(10_000);
    expect(highMillivolts - lowMillivolts).toBeGreaterThan(1000);
  });

  it('of a phone whose capacitor charges is a load and no signature', () => {
    const bench = discover({ risingVoltsPerMs: 0.02 });
    expect(kindOf(bench)).toBe('load');
    expect(outcomeOf(bench)).toBe('no-signature');
  });

  it.each([
    { milliamps: 0.4, result: 0 },
    { milliamps: 4.8, result: 0 },
    { milliamps: 6, result: 1 },
    { milliamps: 12.8, result: 1 },
    { milliamps: 15, result: 2 },
    { milliamps: 20.5, result: 2 },
    { milliamps: 28, result: 3 },
    { milliamps: 33, result: 4 },
    { milliamps: 45, result: 4 },
  ])('reads $milliamps mA as class $result', ({ milliamps, result }) => {
    const bench = discover({ ohms: 25_000, classMilliamps: milliamps });
    expect(bench.last('PROBE').class).toBe(result);
    expect(Math.abs(bench.last('PROBE').classMicroamps / 1000 - milliamps)).toBeLessThan(0.2);
    expect(outcomeOf(bench)).toBe('signature');
  });

  it('gives no class and no power for more than 48 mA', () => {
    const bench = discover({ ohms: 25_000, classMilliamps: 48.5 }, { flags: 1 });
    expect(bench.last('PROBE')).toMatchObject({ kind: 2, class: noClass });
    expect(outcomeOf(bench)).toBe('no-signature');
    bench.runMs(300);
    expect(bench.edges.some(({ pin, drive }) => (pin === 'GATE' || pin === 'SWITCH2') && drive === 'high')).toBe(false);
  });

  it('classifies for 10 to 75 ms and only after a signature', () => {
    const withSignature = discover(afPhone).edges.filter(({ pin }) => pin === 'AF_CLASS');
    expect(withSignature.map(({ drive }) => drive)).toEqual(['high', 'low']);
    const [up, down] = withSignature.map(({ cycle }) => cycle / cyclesPerMs);
    expect((down ?? 0) - (up ?? 0)).toBeGreaterThan(10);
    expect((down ?? 0) - (up ?? 0)).toBeLessThan(75);
    expect(discover({ ohms: 10_000 }).edges.some(({ pin }) => pin === 'AF_CLASS')).toBe(false);
  });

  it('is not possible with the e-stop open, and moves no relay then', () => {
    const bench = new FirmwareBench().identify();
    bench.setEstop(false);
    bench.send('DISCOVER', { ...usualRequest, method: af, flags: 0 });
    expect(bench.runWhile(300, () => bench.all('DISCOVERY').length > 0)).toBe(true);
    expect(kindOf(bench)).toBe('not possible');
    expect(outcomeOf(bench)).toBe('no-signature');
    expect(bench.edges.some(({ pin }) => pin === 'AF_CONNECT')).toBe(false);
  });

  it('ends when the e-stop opens in it', () => {
    const bench = new FirmwareBench().identify();
    bench.probed = afPhone;
    bench.send('DISCOVER', { ...usualRequest, method: af });
    expect(bench.runWhile(300, () => bench.registers.high('AF_HIGH'))).toBe(true);
    bench.setEstop(false);
    bench.runMs(100);
    expect(kindOf(bench)).toBe('not possible');
    expect(bench.registers.word).toBe(0);
    expect(bench.powered).toBe(false);
  });

  it('is cut by OFF with both sources off and the jack back', () => {
    const bench = new FirmwareBench().identify();
    bench.probed = afPhone;
    bench.send('DISCOVER', { ...usualRequest, method: af });
    expect(bench.runWhile(300, () => bench.registers.high('AF_CLASS'))).toBe(true);
    bench.send('OFF', {});
    bench.runMs(50);
    expect(bench.registers.high('AF_CONNECT') || bench.registers.high('AF_CLASS')).toBe(false);
    expect(bench.all('PROBE')).toEqual([]);
    expect(bench.last('TICK').state).toBe(0);
  });
});

describe('power by 802.3af', () => {
  it('follows a signature: on the pairs of alternative B, within 400 ms of the detection, sources away', () => {
    const bench = new FirmwareBench().identify();
    bench.probed = afPhone;
    bench.echoDelay = undefined;
    bench.send('DISCOVER', { ...usualRequest, method: af });
    expect(isUp(bench)).toBe(true);
    bench.runMs(60);
    expect(bench.last('POWER')).toMatchObject({ on: 1, method: af, pairs: 2 });
    expect((bench.last('POWER').delay * 64) / cyclesPerMs).toBeLessThan(400);
    expect(bench.all('BURST')).toEqual([]);
    const order = bench.edges
      .filter(({ pin, cycle }) => pin !== 'FLP_TX' && pin !== 'DISC_RELAY' && cycle > 20 * cyclesPerMs)
      .map(({ pin, drive }) => `${pin} ${drive}`);
    expect(order.slice(0, 13)).toEqual([
      'POL_REVERSE high',
      'AF_CONNECT high',
      'AF_HIGH high',
      'AF_CLASS high',
      'AF_HIGH low',
      'AF_CLASS low',
      'AF_CONNECT low',
      'LATCH_CLEAR high',
      'LATCH_CLEAR low',
      'SWITCH2 high',
      'GATE high',
      'PUMP high',
      'PUMP low',
    ]);
  });

  it('keeps the polarity until the jack is dead and both switches are open, and then lets it go', () => {
    const bench = new FirmwareBench().identify();
    bench.probed = afPhone;
    bench.send('DISCOVER', { ...usualRequest, method: af });
    expect(isUp(bench)).toBe(true);
    bench.runMs(300);
    bench.phoneMilliamps = undefined;
    bench.jackVolts = 48;
    bench.send('OFF', {});
    bench.runMs(100);
    expect(bench.high('GATE')).toBe(false);
    expect(bench.registers.high('POL_REVERSE')).toBe(true);
    bench.jackVolts = 0;
    bench.runMs(100);
    const cycleOf = (pin: string): number => bench.edges.findLast((edge) => edge.pin === pin)?.cycle ?? 0;
    expect(bench.registers.high('POL_REVERSE')).toBe(false);
    expect(cycleOf('POL_REVERSE') - cycleOf('SWITCH2')).toBeGreaterThan(5 * cyclesPerMs);
  });

  it('a watchdog reset while powered opens the switches first; the registers are clear and stay so', () => {
    const bench = new FirmwareBench().identify();
    bench.probed = afPhone;
    bench.send('DISCOVER', { ...usualRequest, method: af });
    expect(isUp(bench)).toBe(true);
    bench.runMs(300);
    const before = bench.edges.length;
    bench.machine.reset('watchdog');
    bench.runMs(600);
    const after = bench.edges.slice(before);
    expect(after.findIndex(({ pin }) => pin === 'GATE')).toBeLessThan(
      after.findIndex(({ pin }) => pin === 'POL_REVERSE'),
    );
    expect(after.filter(({ drive }) => drive === 'high')).toEqual([]);
    expect(bench.registers.word).toBe(0);
  });

  it.each([
    { method: prestandard, pairs: 0, fed: 1 },
    { method: prestandard, pairs: 2, fed: 2 },
    { method: af, pairs: 0, fed: 2 },
    { method: af, pairs: 1, fed: 1 },
    { method: auto, pairs: 0, fed: 1 },
  ])('method $method with pairs $pairs feeds $fed', ({ method, pairs, fed }) => {
    const bench = new FirmwareBench().identify();
    bench.probed = afPhone;
    bench.send('DISCOVER', { ...usualRequest, method, pairs });
    expect(isUp(bench)).toBe(true);
    bench.runMs(60);
    expect(bench.last('POWER').pairs).toBe(fed);
    expect(bench.registers.high('POL_REVERSE')).toBe(fed === 2);
    bench.runMs(300);
    bench.send('OFF', {});
    bench.runMs(50);
    expect(bench.last('POWER')).toMatchObject({ on: 0, pairs: fed, method: method === af ? af : prestandard });
  });

  it.each([3, 4])('refuses pairs %i: revision A feeds the spare pairs only', (pairs) => {
    const bench = new FirmwareBench().identify();
    bench.send('DISCOVER', { ...usualRequest, pairs });
    bench.runMs(100);
    expect(bench.refusals()).toEqual([14]);
  });

  it('auto looks for an echo first, and then for a signature', () => {
    const bench = discover(afPhone, { method: auto, flags: 1 });
    expect(bench.all('BURST')).toHaveLength(10);
    expect(outcomeOf(bench)).toBe('signature');
    expect(isUp(bench)).toBe(true);
    bench.runMs(60);
    expect(bench.last('POWER')).toMatchObject({ method: af, pairs: 2 });
  });

  it('auto does not probe a live partner', () => {
    const bench = new FirmwareBench().identify();
    for (let pulse = 0; pulse < 60; pulse++) bench.pulse(bench.machine.cycles + (5 + pulse * 16) * cyclesPerMs);
    bench.send('DISCOVER', { ...usualRequest, method: auto });
    expect(bench.runWhile(1500, () => bench.all('DISCOVERY').length > 0)).toBe(true);
    expect(outcomeOf(bench)).toBe('partner');
    expect(bench.all('PROBE')).toEqual([]);
  });

  it('prestandard probes a silent jack to tell an empty one from a dead phone, and never powers by it', () => {
    for (const [probed, kind] of [
      [{}, 'open'],
      [{ risingVoltsPerMs: 0.02 }, 'load'],
      [afPhone, 'signature'],
    ] as const) {
      const bench = discover(probed, { method: prestandard, flags: 1 });
      expect(kindOf(bench)).toBe(kind);
      expect(outcomeOf(bench)).toBe('nothing');
      expect(bench.last('DISCOVERY').method).toBe(prestandard);
      bench.runMs(200);
      expect(bench.powered).toBe(false);
    }
  });
});
