/** How six stage results and the timeline make one verdict and one exit code (design, "Verdicts"). Pure. */
import type { Blame } from '../errors.js';
import { exitCodeOf, signalsOf, worstOf } from '../stages/exit-code.js';
import type { StageResult } from '../stages/judge.js';
import type { PromptResult } from '../stages/prompts.js';
import type { FactOf, TimelineEvent } from '../timeline/events.js';

export type RunVerdict = 'pass' | 'marginal' | 'fail' | 'error';

export interface BenchFaultNote {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly blame: Blame;
}

export interface RunJudgement {
  readonly verdict: RunVerdict;
  /** With `error` only. */
  readonly blame: Blame | null;
  readonly exitCode: number;
  /** One sentence: why the verdict is what it is. */
  readonly cause: string;
  readonly nextAction: string;
  /** Sequence numbers of the events this rests on. */
  readonly evidence: readonly number[];
  /** Who or what stopped the run before its end. */
  readonly interruptedBy: string | null;
  readonly benchFault: BenchFaultNote | null;
  /** The board acted by itself, or found the jack unsafe. */
  readonly safetyTrip: boolean;
}

type Told<K extends TimelineEvent['fact']['kind']> = TimelineEvent & { readonly fact: FactOf<K> };

const tells =
  <K extends TimelineEvent['fact']['kind']>(kind: K) =>
  (event: TimelineEvent): event is Told<K> =>
    event.fact.kind === kind;

const blames: readonly Blame[] = ['power', 'network', 'config', 'bench', 'operator'];
const asBlame = (text: string): Blame => blames.find((blame) => blame === text) ?? 'bench';

/**
 * `prompts`: the operator's answers. `strict`: marginal counts as a failure for the exit code. `trippedUnseen`: the daemon died
 * and power with it.
 */
export const judgeRun = (
  stages: readonly StageResult[],
  events: readonly TimelineEvent[],
  options: {
    readonly prompts?: readonly PromptResult[];
    readonly strict?: boolean;
    readonly trippedUnseen?: boolean;
  } = {},
): RunJudgement => {
  const worst = worstOf<StageResult | PromptResult>([...stages, ...(options.prompts ?? [])]);
  const faultEvent = events.find(tells('bench-fault'));
  const interruption = events.find(tells('interrupted'));
  const seen = signalsOf(events.map(({ fact }) => fact));
  const signals = { ...seen, tripped: seen.tripped || options.trippedUnseen === true };
  const unfinished = stages.find(({ verdict }) => verdict === 'not-reached');

  const benchFault: BenchFaultNote | null =
    faultEvent === undefined
      ? null
      : {
          code: faultEvent.fact.code,
          message: faultEvent.fact.message,
          remedy: faultEvent.fact.remedy,
          blame: asBlame(faultEvent.fact.blame),
        };
  const told = (
    verdict: RunVerdict,
    blame: Blame | null,
    cause: string,
    nextAction: string,
    evidence: readonly number[],
  ): RunJudgement => ({
    verdict,
    blame,
    cause,
    nextAction,
    evidence,
    interruptedBy: interruption?.fact.by ?? null,
    benchFault,
    safetyTrip: signals.tripped,
    exitCode: exitCodeOf(verdict, signals, { strict: options.strict === true }),
  });

  if (worst?.verdict === 'fail' || worst?.verdict === 'error') {
    return told(worst.verdict, worst.blame, worst.cause, worst.nextAction, worst.evidence);
  }
  if (benchFault !== null && faultEvent !== undefined) {
    return told('error', benchFault.blame, benchFault.message, benchFault.remedy, [faultEvent.seq]);
  }
  if (interruption !== undefined) {
    const cause = `The run was interrupted (${interruption.fact.by}) before all stages were judged.`;
    return told('error', 'operator', cause, 'Run the test again.', [interruption.seq]);
  }
  if (unfinished !== undefined || worst === undefined) {
    const cause = `The run ended before stage ${unfinished?.stage ?? 'power'} was judged.`;
    return told('error', 'bench', cause, 'Run the test again; keep this run folder if it happens twice.', []);
  }
  const cause = worst.verdict === 'pass' ? 'The phone started up and registered; every limit was met.' : worst.cause;
  return told(worst.verdict === 'marginal' ? 'marginal' : 'pass', null, cause, worst.nextAction, worst.evidence);
};
