import { expect, test } from 'vitest';
import { type GageReading, gageStudy } from '../../../src/records/statistics/gage.js';
import { largestStudy } from '../../../src/records/statistics/gage-design.js';

/** AIAG, Measurement Systems Analysis, 4th edition, table III-B 6a: ten parts, three appraisers, three trials. */
const published = {
  A: [
    [0.29, -0.56, 1.34, 0.47, -0.8, 0.02, 0.59, -0.31, 2.26, -1.36],
    [0.41, -0.68, 1.17, 0.5, -0.92, -0.11, 0.75, -0.2, 1.99, -1.25],
    [0.64, -0.58, 1.27, 0.64, -0.84, -0.21, 0.66, -0.17, 2.01, -1.31],
  ],
  B: [
    [0.08, -0.47, 1.19, 0.01, -0.56, -0.2, 0.47, -0.63, 1.8, -1.68],
    [0.25, -1.22, 0.94, 1.03, -1.2, 0.22, 0.55, 0.08, 2.12, -1.62],
    [0.07, -0.68, 1.34, 0.2, -1.28, 0.06, 0.83, -0.34, 2.19, -1.5],
  ],
  C: [
    [0.04, -1.38, 0.88, 0.14, -1.46, -0.29, 0.02, -0.46, 1.77, -1.49],
    [-0.11, -1.13, 1.09, 0.2, -1.07, -0.67, 0.01, -0.56, 1.45, -1.77],
    [-0.15, -0.96, 0.67, 0.11, -1.45, -0.49, 0.21, -0.49, 1.87, -2.16],
  ],
};
const readings: readonly GageReading[] = Object.entries(published).flatMap(([appraiser, trials]) =>
  trials.flatMap((trial) => trial.map((value, index) => ({ part: String(index + 1), appraiser, value }))),
);

test('the worked example of the MSA manual, analysis of variance', () => {
  const study = gageStudy(readings, 8);
  expect(study).toMatchObject({ parts: 10, appraisers: 3, trials: 3, pooled: true, distinctCategories: 4 });
  expect(study?.repeatability).toBeCloseTo(0.199933, 5);
  expect(study?.reproducibility).toBeCloseTo(0.226838, 5);
  expect(study?.gage).toBeCloseTo(0.302373, 5);
  expect(study?.partToPart).toBeCloseTo(1.042327, 5);
  expect(study?.total).toBeCloseTo(1.085, 3);
  expect(study?.percentOfTotal).toBeCloseTo(27.9, 1);
  expect(study?.percentOfTolerance).toBeCloseTo((600 * 0.302373) / 8, 2);
});

test('one phone on one port: repeatability alone', () => {
  const values = [10, 12, 11, 13];
  const study = gageStudy(values.map((value) => ({ part: 'SEP', appraiser: 'sim1', value })));
  expect(study).toMatchObject({ parts: 1, appraisers: 1, trials: 4, percentOfTotal: null, distinctCategories: null });
  expect(study?.repeatability).toBeCloseTo(1.29099, 5);
  expect(study?.reproducibility).toBe(0);
});

test('readings that do not fill the table, or stand there once, make no study', () => {
  expect(gageStudy(readings.slice(1))).toBeNull();
  expect(gageStudy([])).toBeNull();
  expect(gageStudy(readings.filter((_, index) => index % 30 < 10))).toBeNull();
});

const read = (part: string, appraiser: string, ...values: number[]): GageReading[] =>
  values.map((value) => ({ part, appraiser, value }));
const tableOf = (all: readonly GageReading[]) => {
  const chosen = largestStudy(all);
  const study = gageStudy(chosen);
  return study === null ? null : [study.parts, study.appraisers, study.trials, chosen.map(({ value }) => value)];
};

test('of the readings of production the table is studied that tells most', () => {
  // One phone again and again, the others once: that phone alone, wherever the others ran.
  expect(tableOf([...read('a', 'p1', 1, 2, 3), ...read('b', 'p2', 9), ...read('c', 'p1', 9)])).toEqual([
    1,
    1,
    3,
    [1, 2, 3],
  ]);
  // Several ports before more readings on one; the last trials count.
  expect(tableOf([...read('a', 'p1', 1, 2, 3, 4), ...read('a', 'p2', 5, 6)])).toEqual([1, 2, 2, [3, 4, 5, 6]]);
  // A phone that was only retested once costs a study of two phones none of its trials.
  const many = Array.from({ length: 9 }, (_, index) => index);
  expect(
    tableOf([...read('a', 'p1', ...many), ...read('b', 'p1', ...many), ...read('c', 'p1', 1, 2)])?.slice(0, 3),
  ).toEqual([2, 1, 9]);
  expect(tableOf([...read('a', 'p1', 1), ...read('b', 'p1', 2)])).toBeNull();
  expect(tableOf(readings)?.slice(0, 3)).toEqual([10, 3, 3]);
});
