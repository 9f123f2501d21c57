import type { Limits } from '../../plan/plan.js';
import { mean, sampleDeviation } from './moments.js';

/** d2 of a moving range of two (NIST/SEMATECH e-Handbook 6.3.2.2): mean moving range to standard deviation. */
const movingRangeD2 = 1.128;
const sigmasToALimit = 3;

export interface Capability {
  readonly count: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  /** Of the whole sample, n - 1. */
  readonly deviation: number;
  /** From the mean moving range, in the order of the runs: drift does not widen it. */
  readonly shortTermDeviation: number;
  /** Short-term; null: no limit, or no spread. With one limit that side alone counts. */
  readonly cpk: number | null;
  /** Long-term, by `deviation`. */
  readonly ppk: number | null;
}

/** How many times three deviations fit between the mean and the nearer limit (e-Handbook 6.1.6). */
export const capabilityIndex = (centre: number, deviation: number, limits: Limits | undefined): number | null => {
  if (!(deviation > 0)) return null;
  const rooms = [
    ...(limits?.max === undefined ? [] : [limits.max - centre]),
    ...(limits?.min === undefined ? [] : [centre - limits.min]),
  ];
  return rooms.length === 0 ? null : Math.min(...rooms) / (sigmasToALimit * deviation);
};

/** `values` in the order of the runs. */
export const capabilityOf = (values: readonly number[], limits: Limits | undefined): Capability => {
  const ranges = values.slice(1).map((value, index) => Math.abs(value - (values[index] ?? value)));
  const centre = mean(values);
  const deviation = sampleDeviation(values);
  const shortTermDeviation = ranges.length === 0 ? 0 : mean(ranges) / movingRangeD2;
  return {
    count: values.length,
    mean: centre,
    min: values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY),
    max: values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY),
    deviation,
    shortTermDeviation,
    cpk: capabilityIndex(centre, shortTermDeviation, limits),
    ppk: capabilityIndex(centre, deviation, limits),
  };
};
