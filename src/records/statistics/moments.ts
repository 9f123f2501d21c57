/** The few sums that every statistic here stands on. Empty lists give NaN, never a throw. */

/** From the first value on, so that equal values have exactly that mean and no spread of rounding. */
export const mean = (values: readonly number[]): number => {
  const first = values[0] ?? Number.NaN;
  return first + values.reduce((sum, value) => sum + (value - first), 0) / values.length;
};

/** With n - 1; 0 for a single value. */
export const sampleDeviation = (values: readonly number[]): number => {
  if (values.length < 2) return 0;
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
};

/** Linear between the two nearest ranks; `fraction` 0..1. */
export const quantile = (values: readonly number[], fraction: number): number => {
  const sorted = [...values].sort((left, right) => left - right);
  const place = (sorted.length - 1) * fraction;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
};
