import type { Blame } from '../errors.js';
import { type FigureOf, type Limits, type MeasurementName, measurementUnits, type Plan } from '../plan/plan.js';
import { type Finding, phoneFails, wentWrong } from './finding.js';
import type { Measurement } from './judge.js';

/** Exactly at a limit is still inside it. */
export const verdictWithin = (value: number, limits: Limits | null): Measurement['verdict'] => {
  const { min = -Infinity, max = Infinity, marginalMin = -Infinity, marginalMax = Infinity } = limits ?? {};
  if (value < min || value > max) return 'fail';
  return value < marginalMin || value > marginalMax ? 'marginal' : 'pass';
};

/** `ownLimits` stand in where the plan gives none. `evidence`: the event that completed the measurement. */
export const measurementOf = <Name extends MeasurementName>(
  plan: Plan,
  name: Name,
  value: FigureOf<Name>,
  evidence: number,
  ownLimits: Limits | null = null,
): Measurement => {
  const limits = plan.limits[name] ?? ownLimits;
  return { name, value, unit: measurementUnits[name], limits, verdict: verdictWithin(value, limits), evidence };
};

/** Measurements that say something of the bench and not of the phone. */
const notThePhone: Partial<Record<MeasurementName, { readonly blame: Blame; readonly nextAction: string }>> = {
  'power.discoveryBursts': { blame: 'operator', nextAction: 'Clean or change the patch cable and plug it in anew.' },
  'power.echoRoundTripNs': { blame: 'operator', nextAction: 'Use a shorter cable; check the pulse front end.' },
  'power.discoveryAgeMs': { blame: 'bench', nextAction: 'Check the firmware: it must refuse a discovery so old.' },
  'power.switchOffMs': { blame: 'bench', nextAction: 'Take the board out of service and check its switches.' },
  'power.jackSafeMs': { blame: 'bench', nextAction: 'Take the board out of service and check its discharge path.' },
};

const figure = (value: number): string => String(Math.round(value * 100) / 100);

/** "power.inrushPeakMilliamps is 470 mA, above 450 mA": the limit that was crossed, in words. */
export const inWords = ({ name, value, unit, limits }: Measurement): string => {
  const crossed = [
    { word: 'below', limit: limits?.min, isCrossed: (limit: number) => value < limit },
    { word: 'above', limit: limits?.max, isCrossed: (limit: number) => value > limit },
    { word: 'below the usual', limit: limits?.marginalMin, isCrossed: (limit: number) => value < limit },
    { word: 'above the usual', limit: limits?.marginalMax, isCrossed: (limit: number) => value > limit },
  ].find(({ limit, isCrossed }) => limit !== undefined && isCrossed(limit));
  const measured = `${name} is ${figure(value)} ${unit}`;
  return crossed?.limit === undefined ? measured : `${measured}, ${crossed.word} ${figure(crossed.limit)} ${unit}`;
};

/** A measurement outside its limits, as a finding. */
export const outOfLimits = (measurement: Measurement): Finding => {
  const cause = `${inWords(measurement)}.`;
  const other = notThePhone[measurement.name];
  return other === undefined
    ? phoneFails(cause, 'Repeat the run; if the figure stays, put the phone aside for repair.')
    : wentWrong(other.blame, cause, other.nextAction);
};
