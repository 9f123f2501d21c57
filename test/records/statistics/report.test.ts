import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { FaultName } from '../../../src/plan/faults.js';
import type { RunRecord } from '../../../src/records/record.js';
import { RunIndex } from '../../../src/records/run-index.js';
import { statisticsOf } from '../../../src/records/statistics/report.js';
import { healthyRun } from '../../reports/fixture-run.js';

const { record } = healthyRun();
let count = 0;
const run = (unit: string, linkUpMs: number, more: Partial<RunRecord> = {}): RunRecord => ({
  ...record,
  runId: `run-${String(count).padStart(4, '0')}`,
  startedAt: new Date(Date.UTC(2026, 10, 20, 8, count++)).toISOString(),
  phone: { ...record.phone, deviceId: unit },
  measurements: record.measurements.map((measurement) =>
    measurement.name === 'boot.linkUpMs' ? { ...measurement, value: linkUpMs } : measurement,
  ),
  ...more,
});
const linkUpOf = (records: readonly RunRecord[], golden?: string) => {
  const index = RunIndex.open(mkdtempSync(join(tmpdir(), 'linkpulse-stats-')));
  for (const each of records) index.add(each);
  const told = statisticsOf(index, golden === undefined ? {} : { golden });
  index.close();
  return { told, linkUp: told.measurements.find(({ name }) => name === 'boot.linkUpMs') };
};

test('errors of the bench lend neither yield nor values', () => {
  const { told, linkUp } = linkUpOf([
    run('a', 3800),
    run('b', 99_000, { verdict: 'error', blame: 'network', cause: 'No offer came.' }),
    run('b', 3900, { verdict: 'fail', cause: 'Late.' }),
  ]);
  expect(told.yield).toMatchObject({ units: 2, firstPass: 0.5, final: 0.5, errors: 1, runs: 3 });
  expect(told.pareto).toHaveLength(2);
  expect(linkUp?.capability).toMatchObject({ count: 2, min: 3800, max: 3900 });
  expect(linkUp?.limits.max).toBeGreaterThan(0);
});

test('the golden unit is the yardstick and counts in nothing', () => {
  const { told, linkUp } = linkUpOf([run('gold', 3700), run('gold', 3800), run('a', 4000)], 'gold');
  expect(told.yield).toMatchObject({ units: 1, runs: 1 });
  expect(linkUp?.capability.count).toBe(1);
  expect(linkUp?.golden).toMatchObject({ goldenMean: 3750, goldenCount: 2, shift: 250 });
  expect(linkUp?.golden?.shiftInDeviations).toBeCloseTo(250 / 70.71, 2);
});

test('the golden unit goes by any of its names, and is compared with one phone that is asked for', () => {
  const records = [
    run('gold', 3700, {
      phone: { ...record.phone, deviceId: 'SEP000000000001', serial: 'FCH1', mac: '00:00:00:00:00:01' },
    }),
    run('a', 4000),
    run('b', 4100),
  ];
  for (const golden of ['fch1', 'SEP000000000001', '00:00:00:00:00:01'])
    expect(linkUpOf(records, golden).told).toMatchObject({ runs: 2, golden: { unit: golden, runs: 1 } });
  const index = RunIndex.open(mkdtempSync(join(tmpdir(), 'linkpulse-stats-')));
  for (const each of records) index.add(each);
  const { runs, measurements } = statisticsOf(index, { golden: 'FCH1', unit: 'b' });
  index.close();
  expect(runs).toBe(1);
  expect(measurements.find(({ name }) => name === 'boot.linkUpMs')?.golden).toMatchObject({
    goldenMean: 3700,
    shift: 400,
  });
  expect(linkUpOf(records, 'nobody').told.golden.runs).toBe(0);
});

test('phones run on every port make a gage study, cut to the poorest cell', () => {
  const on = (port: string, unit: string, ...values: number[]) => values.map((value) => run(unit, value, { port }));
  const { linkUp } = linkUpOf([
    ...on('p1', 'a', 1, 3800, 3801),
    ...on('p2', 'a', 3810, 3811),
    ...on('p1', 'b', 4000, 4001),
    ...on('p2', 'b', 4010, 4011),
    ...on('p1', 'c', 5000),
  ]);
  expect(linkUp?.gage).toMatchObject({ parts: 2, appraisers: 2, trials: 2 });
  expect(linkUp?.gage?.repeatability).toBeCloseTo(Math.sqrt(2 / 5), 6);
  expect(linkUp?.gage?.reproducibility).toBeGreaterThan(6);
});

test('golden runs count for no phone; those of the known phone are the yardstick where no unit is named', () => {
  const golden = (fault: FaultName | null) => ({ golden: { fault } });
  const { told, linkUp } = linkUpOf([
    run('gold', 3700, golden(null)),
    run('gold', 3800, golden(null)),
    run('gold', 9000, { ...golden('no-link'), verdict: 'fail', cause: 'No link.' }),
    run('a', 4000),
  ]);
  expect(told.yield).toMatchObject({ units: 1, runs: 1, firstPass: 1, errors: 0 });
  expect(told.pareto).toEqual([]);
  expect(linkUp?.capability.count).toBe(1);
  expect(linkUp?.golden).toMatchObject({ goldenMean: 3750, goldenCount: 2, shift: 250 });
});

test('a measurement drifts by day', () => {
  const { linkUp } = linkUpOf([
    run('a', 3000, { startedAt: '2026-11-20T23:59:59.000Z' }),
    run('b', 3100, { startedAt: '2026-11-21T00:00:00.000Z' }),
    run('c', 3300, { startedAt: '2026-11-21T09:00:00.000Z' }),
  ]);
  expect(linkUp?.trend).toEqual([
    { day: '2026-11-20', count: 1, mean: 3000, min: 3000, max: 3000 },
    { day: '2026-11-21', count: 2, mean: 3200, min: 3100, max: 3300 },
  ]);
});
