import { quantile } from './moments.js';

export interface Histogram {
  /** Lower edge of the first bin; all bins are `width` wide and closed below. */
  readonly start: number;
  readonly width: number;
  readonly counts: readonly number[];
}

const mostBins = 40;

/** 1, 2 or 5 times a power of ten, not below `value`. */
const roundUp = (value: number): number => {
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= value * (1 - 1e-12)) ?? 10;
  return step * power;
};

/** Bins of a round width by Freedman and Diaconis, 40 at the most. */
export const histogramOf = (values: readonly number[]): Histogram => {
  if (values.length === 0) return { start: 0, width: 1, counts: [] };
  const least = quantile(values, 0);
  const most = quantile(values, 1);
  if (least === most) return { start: least, width: 1, counts: [values.length] };
  const spread = quantile(values, 0.75) - quantile(values, 0.25);
  const wanted = (2 * spread) / Math.cbrt(values.length);
  const width = roundUp(Math.max(wanted, (most - least) / mostBins));
  const start = Math.floor(least / width) * width;
  const counts = new Array<number>(Math.floor((most - start) / width) + 1).fill(0);
  for (const value of values) {
    const bin = Math.min(counts.length - 1, Math.floor((value - start) / width));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { start, width, counts };
};
