import { expect, test } from 'vitest';
import { capabilityIndex, capabilityOf } from '../../../src/records/statistics/capability.js';
import { gageStudy } from '../../../src/records/statistics/gage.js';
import { histogramOf } from '../../../src/records/statistics/histogram.js';
import {
  blamesOf,
  causeKind,
  type JudgedRun,
  paretoOf,
  trendOf,
  yieldOf,
} from '../../../src/records/statistics/yield.js';

test('Cpk: the worked example of the NIST handbook, 6.1.6', () => {
  // USL 20, LSL 8, mean 16, s 2: Cpu 0.6667, Cpl 1.3333.
  expect(capabilityIndex(16, 2, { min: 8, max: 20 })).toBeCloseTo(0.6667, 4);
  expect(capabilityIndex(16, 2, { min: 8 })).toBeCloseTo(1.3333, 4);
  expect(capabilityIndex(16, 2, {})).toBeNull();
  expect(capabilityIndex(16, 0, { max: 20 })).toBeNull();
});

test('moving ranges: the worked example of the NIST handbook, 6.3.2.2', () => {
  const flow = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1];
  const capability = capabilityOf(flow, { min: 44, max: 56 });
  expect(capability.mean).toBeCloseTo(50.81, 6);
  // Mean moving range 1.8778.
  expect(capability.shortTermDeviation).toBeCloseTo(1.8778 / 1.128, 4);
  expect(capability.cpk).toBeCloseTo((56 - 50.81) / (3 * (1.8778 / 1.128)), 3);
  expect(capability).toMatchObject({ count: 10, min: 47.6, max: 53.6 });
});

test('a drift widens the long term only', () => {
  const drifting = Array.from({ length: 200 }, (_, index) => index / 100 + (index % 2) * 0.02);
  const capability = capabilityOf(drifting, { min: -1, max: 3 });
  expect(capability.cpk ?? 0).toBeGreaterThan(10 * (capability.ppk ?? Number.POSITIVE_INFINITY));
});

test('a histogram has round bins, loses nothing and stands one bin for one value', () => {
  const values = Array.from({ length: 1000 }, (_, index) => 3.8 + Math.sin(index) * 0.3);
  const { start, width, counts } = histogramOf(values);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1000);
  expect(start).toBeLessThanOrEqual(3.5);
  expect(start + width * counts.length).toBeGreaterThanOrEqual(4.1);
  expect([1, 2, 5]).toContain(Math.round(width / 10 ** Math.floor(Math.log10(width) + 1e-9)));
  expect(histogramOf([7, 7, 7])).toEqual({ start: 7, width: 1, counts: [3] });
  expect(histogramOf([])).toMatchObject({ counts: [] });
});

let second = 0;
const run = (unit: string | null, verdict: JudgedRun['verdict'], more: Partial<JudgedRun> = {}): JudgedRun => ({
  runId: `run-${second++}`,
  startedAt: '2026-11-25T10:00:00.000Z',
  unit,
  verdict,
  blame: verdict === 'error' ? 'bench' : null,
  stage: 'boot',
  cause: 'Link came up.',
  ...more,
});

test('yield: a phone counts once by its first and once by its last judged run; errors judge nobody', () => {
  const runs = [
    run('a', 'pass'),
    run('b', 'error'),
    run('b', 'fail'),
    run('b', 'fail'),
    run('b', 'marginal'),
    run('c', 'fail'),
    run('d', 'error'),
    run('e', 'pass'),
    run('e', 'fail'),
    run(null, 'pass'),
    run(null, 'pass'),
  ];
  const told = yieldOf(runs);
  expect(told).toMatchObject({ units: 6, runs: 11, errors: 2, passedOnAttempt: [4, 0, 1] });
  expect(told.firstPass).toBeCloseTo(4 / 6, 9);
  expect(told.final).toBeCloseTo(4 / 6, 9);
  expect(yieldOf([run('x', 'error')]).firstPass).toBeNaN();
});

test('pareto: one row a kind of cause, phones apart from benches, shares add up', () => {
  const cause = (mac: string, ms: number) => `SEP${mac} asked for ${ms} ms at 10.1.0.${ms}.`;
  const rows = paretoOf([
    run('a', 'fail', { stage: 'config', cause: cause('0012DADBD34E', 5) }),
    run('b', 'fail', { stage: 'config', cause: cause('0012DADBD34F', 17) }),
    run('c', 'error', { stage: 'config', blame: 'network', cause: cause('0012DADBD34F', 17) }),
    run('d', 'pass'),
  ]);
  expect(rows).toMatchObject([
    { blame: 'phone', stage: 'config', count: 2, cumulative: 2 / 3, cause: 'SEP… asked for # ms at #.' },
    { blame: 'network', count: 1, cumulative: 1 },
  ]);
  expect(causeKind('from 00:12:da:db:d3:4e, 4.2 s')).toBe('from …, # s');
});

test('trend: days in order, each by itself', () => {
  const days = trendOf([
    run('a', 'pass', { startedAt: '2026-11-26T00:00:00.000Z' }),
    run('a', 'fail', { startedAt: '2026-11-25T23:59:59.000Z' }),
  ]);
  expect(days.map(({ day, yield: told }) => [day, told.final])).toEqual([
    ['2026-11-25', 0],
    ['2026-11-26', 1],
  ]);
});

test('equal values have no spread, not that of rounding', () => {
  const values = new Array<number>(11).fill(183.6);
  expect(capabilityOf(values, { max: 500 })).toMatchObject({ mean: 183.6, deviation: 0, cpk: null, ppk: null });
  expect(capabilityOf([0.112], { min: 0, max: 5 })).toMatchObject({ count: 1, deviation: 0, cpk: null, ppk: null });
  const readings = values.map((value, index) => ({ part: `p${index % 3}`, appraiser: `a${index % 2}`, value }));
  expect(gageStudy(readings.slice(0, 6).flatMap((reading) => [reading, reading]))).toMatchObject({ gage: 0, total: 0 });
});

test('blame: who, most often first, phones beside benches', () => {
  const runs = [run('a', 'fail'), run('b', 'error', { blame: 'network' }), run('c', 'fail'), run('d', 'pass')];
  expect(blamesOf(runs)).toEqual([
    { blame: 'phone', count: 2, cumulative: 2 / 3 },
    { blame: 'network', count: 1, cumulative: 1 },
  ]);
});
