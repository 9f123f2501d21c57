import type { PowerTerms } from '../board/injector.js';
import type { Plan } from '../plan/plan.js';
import type { SupplyNeed } from './supply-policy.js';

/** What the plan asks of the board; the board's own link deadline stands a little behind the judge's. */
export const powerTerms = (plan: Plan): PowerTerms => ({
  method: plan.power.method,
  feed: plan.power.feed,
  echoes: plan.power.echoes,
  maxBursts: plan.power.maxBursts,
  pulseNanoseconds: plan.power.pulseNanoseconds,
  inrushTimerMs: plan.power.inrushTimerMs,
  overloadMilliamps: plan.power.overloadMilliamps,
  overloadMs: plan.power.overloadMs,
  underloadMilliamps: plan.power.underloadMilliamps,
  underloadMs: plan.power.underloadMs,
  heartbeatTimeoutMs: plan.power.heartbeatTimeoutMs,
  linkDeadlineMs: plan.boot.linkAllowanceMs + plan.boot.linkGraceMs,
  offDwellMs: plan.power.offDwellMs,
});

/** What the hot-swap stage lets through at the most, mA (hardware/safety-notes.md: 400 to 450). */
const currentLimitMilliamps = 450;

/**
 * What of a supply a phone may take before the board cuts it off: at its overload limit for good, at the current limit during
 * inrush. What a plan expects a phone to draw is less, and a bad phone keeps to none of it.
 */
export const supplyNeed = ({ power }: Plan, millivolts: number): SupplyNeed => {
  const milliwatts = (milliamps: number) => Math.ceil((milliamps * millivolts) / 1000);
  return {
    steadyMilliwatts: milliwatts(power.overloadMilliamps),
    inrushMilliwatts: milliwatts(Math.max(currentLimitMilliamps, power.overloadMilliamps)),
  };
};
