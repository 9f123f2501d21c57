import type { Limits } from '../plan/plan.js';
import type { Measurement } from '../stages/judge.js';

/** Above this a unit gives way to the next larger one. */
const larger: Readonly<Record<string, { readonly from: number; readonly unit: string; readonly divisor: number }>> = {
  ms: { from: 1000, unit: 's', divisor: 1000 },
  ns: { from: 1000, unit: 'µs', divisor: 1000 },
  mW: { from: 1000, unit: 'W', divisor: 1000 },
  ohm: { from: 1000, unit: 'kohm', divisor: 1000 },
  bytes: { from: 10_000, unit: 'KiB', divisor: 1024 },
  KiB: { from: 10_000, unit: 'MiB', divisor: 1024 },
};

/** Below this a unit gives way to the next smaller one. */
const smaller: Readonly<Record<string, { readonly below: number; readonly unit: string; readonly factor: number }>> = {
  ms: { below: 0.1, unit: 'µs', factor: 1000 },
};

/** Units that the measurement's own name says already. */
const countUnits: ReadonlySet<string> = new Set(['bursts', 'drops', 'messages', 'files', 'CallManagers', 'class']);

const significantDigits = 4;
const plain = (value: number): string =>
  (Number.isInteger(value) && Math.abs(value) < 1e6 ? value : Number(value.toPrecision(significantDigits))).toString();

/** A value as a person would say it: `3.81 s`, `412 mA`, `6.1 W`, `3`. */
export const valueText = (value: number, unit: string): string => {
  const next = larger[unit];
  if (next !== undefined && Math.abs(value) >= next.from) return valueText(value / next.divisor, next.unit);
  const lower = smaller[unit];
  if (lower !== undefined && value !== 0 && Math.abs(value) < lower.below)
    return valueText(value * lower.factor, lower.unit);
  return countUnits.has(unit) ? plain(value) : `${plain(value)} ${unit}`;
};

const range = (low: number | undefined, high: number | undefined, unit: string): string | undefined => {
  if (low !== undefined && high !== undefined) return `${valueText(low, unit)} to ${valueText(high, unit)}`;
  if (low !== undefined) return `at least ${valueText(low, unit)}`;
  return high === undefined ? undefined : `at most ${valueText(high, unit)}`;
};

/** `at most 10 s, marginal above 4.5 s`. */
export const limitsText = ({
  limits,
  unit,
}: {
  readonly limits: Limits | null;
  readonly unit: Measurement['unit'];
}): string => {
  if (limits === null) return 'no limit';
  const marginal = [
    ...(limits.marginalMin === undefined ? [] : [`marginal below ${valueText(limits.marginalMin, unit)}`]),
    ...(limits.marginalMax === undefined ? [] : [`marginal above ${valueText(limits.marginalMax, unit)}`]),
  ];
  return [range(limits.min, limits.max, unit) ?? [], ...marginal].flat().join(', ');
};
