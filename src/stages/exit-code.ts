import type { Fact, PowerOffCause } from '../timeline/events.js';
import type { StageVerdict } from './judge.js';

export const exitCodes = {
  good: 0,
  phoneFails: 1,
  interrupted: 2,
  internalError: 3,
  usage: 4,
  wentWrong: 5,
  safetyTrip: 6,
} as const;

/** What of a run's facts decides its exit code beside the verdicts. */
export interface Signals {
  readonly isOn: boolean;
  readonly tripped: boolean;
  readonly interrupted: boolean;
  readonly internalError: boolean;
}

export const noSignals: Signals = { isOn: false, tripped: false, interrupted: false, internalError: false };

/** The switches opened as they were told, or because link stayed away: no protection acted. */
const harmless: readonly PowerOffCause[] = ['COMMANDED', 'LINK_DEADLINE'];
/** Codes that are a safety trip whenever the board tells them. */
const dangerous: readonly string[] = ['FOREIGN_VOLTAGE', 'SWITCH_STUCK'];

/** Pure fold over the facts of a run. */
export const withSignal = (signals: Signals, fact: Fact): Signals => {
  const trip = (isTrip: boolean): Signals => (isTrip ? { ...signals, tripped: true } : signals);
  switch (fact.kind) {
    case 'power-on':
      return { ...signals, isOn: true };
    case 'power-off':
      return { ...trip(!harmless.includes(fact.cause)), isOn: false };
    case 'power-refused':
    case 'board-fault':
      return trip(dangerous.includes(fact.code));
    case 'board-lost':
      return { ...trip(signals.isOn), isOn: false };
    case 'stored-trip':
      // Of this run only where it was cut while powered.
      return { ...trip(signals.isOn && !harmless.includes(fact.cause)), isOn: false };
    case 'interrupted':
      return { ...signals, interrupted: true };
    case 'bench-fault':
      return fact.code === 'INTERNAL' ? { ...signals, internalError: true } : signals;
    default:
      return signals;
  }
};

const ranked: readonly StageVerdict[] = ['pass', 'marginal', 'fail', 'error'];

interface Ranked {
  readonly verdict: StageVerdict;
}

/** The worst of a run's stages and answers, the first of equals; undefined when none has a rank. */
export const worstOf = <Result extends Ranked>(results: readonly Result[]): Result | undefined => {
  const rankOf = ({ verdict }: Ranked): number => ranked.indexOf(verdict);
  return results.reduce<Result | undefined>(
    (worst, result) => (rankOf(result) > (worst === undefined ? -1 : rankOf(worst)) ? result : worst),
    undefined,
  );
};

/** `verdict`: of the whole run; undefined when no stage was decided. */
export const exitCodeOf = (
  verdict: StageVerdict | undefined,
  signals: Signals,
  options: { readonly strict: boolean },
): number => {
  if (signals.tripped) return exitCodes.safetyTrip;
  if (signals.interrupted) return exitCodes.interrupted;
  if (signals.internalError) return exitCodes.internalError;
  switch (verdict) {
    case 'pass':
      return exitCodes.good;
    case 'marginal':
      return options.strict ? exitCodes.phoneFails : exitCodes.good;
    case 'fail':
      return exitCodes.phoneFails;
    default:
      return exitCodes.wentWrong;
  }
};

export const signalsOf = (facts: Iterable<Fact>): Signals => {
  let signals = noSignals;
  for (const fact of facts) signals = withSignal(signals, fact);
  return signals;
};

/** Exit code of a run by its results and all its facts (`design`: a safety trip goes before every verdict). */
export const exitCode = (
  results: readonly Ranked[],
  facts: Iterable<Fact>,
  options: { readonly strict: boolean },
): number => exitCodeOf(worstOf(results)?.verdict, signalsOf(facts), options);
