/** What the contract says in names, as the fields of the wire, and back. */
import { feeds } from '../timeline/feed.js';
import {
  describeResetCause,
  type InjectorFields,
  injectorMethods,
  injectorPulseNanoseconds,
  selfTestResults,
} from '../wire/injector-messages.js';
import { feedOfCode } from './board-reports.js';
import type { BoardProfile, PowerTerms, SelfTest, SelfTestResult } from './injector.js';

type WireTerms = Omit<InjectorFields<'STORE_PROFILE'>, 'id'>;

const pairsByMethod = 0;

export const wireOfTerms = (terms: PowerTerms): WireTerms => ({
  method: injectorMethods.indexOf(terms.method),
  pairs: terms.feed === null ? pairsByMethod : feeds.indexOf(terms.feed) + 1,
  echoes: terms.echoes,
  maxBursts: terms.maxBursts,
  pulseWidth: injectorPulseNanoseconds.indexOf(terms.pulseNanoseconds),
  inrushTimerMs: terms.inrushTimerMs,
  overloadMilliamps: terms.overloadMilliamps,
  overloadMs: terms.overloadMs,
  underloadMilliamps: Math.round(terms.underloadMilliamps),
  underloadMs: terms.underloadMs,
  heartbeatTimeoutMs: terms.heartbeatTimeoutMs,
  linkDeadlineMs: terms.linkDeadlineMs,
  offDwellMs: terms.offDwellMs,
});

export const profileOfWire = ({
  id,
  method,
  pairs,
  pulseWidth,
  ...limits
}: InjectorFields<'PROFILE'>): BoardProfile => ({
  id,
  method: injectorMethods[method] ?? 'prestandard',
  feed: pairs === pairsByMethod ? null : feedOfCode(pairs),
  echoes: limits.echoes,
  maxBursts: limits.maxBursts,
  pulseNanoseconds: injectorPulseNanoseconds[pulseWidth] ?? 125,
  inrushTimerMs: limits.inrushTimerMs,
  overloadMilliamps: limits.overloadMilliamps,
  overloadMs: limits.overloadMs,
  underloadMilliamps: limits.underloadMilliamps,
  underloadMs: limits.underloadMs,
  heartbeatTimeoutMs: limits.heartbeatTimeoutMs,
  linkDeadlineMs: limits.linkDeadlineMs,
  offDwellMs: limits.offDwellMs,
});

export const selfTestOfWire = (fields: InjectorFields<'SELFTEST_RESULT'>, watchdog: SelfTestResult): SelfTest => {
  const resultOf = (code: number): SelfTestResult => selfTestResults[code] ?? 'failed';
  return {
    checks: {
      reference: resultOf(fields.reference),
      adcZero: resultOf(fields.adcZero),
      currentZero: resultOf(fields.currentZero),
      jackOff: resultOf(fields.jackOff),
      shortLatch: resultOf(fields.shortLatch),
      comparatorQuiet: resultOf(fields.comparatorQuiet),
      loopback: resultOf(fields.loopback),
      relayFrontEnd: resultOf(fields.relayFrontEnd),
      relayPassThrough: resultOf(fields.relayPassThrough),
      estop: resultOf(fields.estop),
      switch2Opens: resultOf(fields.switch2Opens),
      switch2Closes: resultOf(fields.switch2Closes),
      gateOpens: resultOf(fields.gateOpens),
      gateCloses: resultOf(fields.gateCloses),
      pumpNeeded: resultOf(fields.pumpNeeded),
      detectionSource: resultOf(fields.detectionSource),
      watchdog,
    },
    resetCause: describeResetCause(fields.resetCause),
    referenceCounts: fields.referenceCounts,
    milliamps: fields.milliamps,
    jackMillivolts: fields.jackMillivolts,
  };
};
