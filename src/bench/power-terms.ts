import type { PowerTerms } from '../board/injector.js';
import type { Plan } from '../plan/plan.js';

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
