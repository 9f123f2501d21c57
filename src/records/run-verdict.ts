/** How six stage results and the timeline make one verdict and one exit code (design, "Verdicts"). Pure. */
import type { Blame } from '../errors.js';
import type { StageResult } from '../stages/judge.js';
import type { FactOf, TimelineEvent } from '../timeline/events.js';

export type RunVerdict = 'pass' | 'marginal' | 'fail' | 'error';

const rank = { pass: 0, marginal: 1, fail: 2, error: 3 } as const satisfies Record<RunVerdict, number>;

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

const isRanked = (result: StageResult): result is StageResult & { readonly verdict: RunVerdict } =>
  result.verdict in rank;

/** The worst stage; of equals the first. */
export const worstStage = (stages: readonly StageResult[]): (StageResult & { verdict: RunVerdict }) | undefined =>
  stages
    .filter(isRanked)
    .reduce<(StageResult & { verdict: RunVerdict }) | undefined>(
      (worst, stage) => (worst === undefined || rank[stage.verdict] > rank[worst.verdict] ? stage : worst),
      undefined,
    );

type Told<K extends TimelineEvent['fact']['kind']> = TimelineEvent & { readonly fact: FactOf<K> };

const tells =
  <K extends TimelineEvent['fact']['kind']>(kind: K) =>
  (event: TimelineEvent): event is Told<K> =>
    event.fact.kind === kind;

/** Protection or heartbeat acted, the jack was found unsafe, or the board went away while it held power. */
export const findSafetyTrip = (events: readonly TimelineEvent[]): TimelineEvent | undefined => {
  let powered = false;
  for (const event of events) {
    const { fact } = event;
    if (fact.kind === 'power-on') powered = true;
    if (fact.kind === 'board-lost' && powered) return event;
    if (fact.kind === 'power-off') {
      if (fact.cause !== 'COMMANDED') return event;
      powered = false;
    }
    if (fact.kind === 'board-fault') return event;
  }
  return undefined;
};

const blames: readonly Blame[] = ['power', 'network', 'config', 'bench', 'operator'];
const asBlame = (text: string): Blame => blames.find((blame) => blame === text) ?? 'bench';

const exitOf = (
  verdict: RunVerdict,
  {
    internal,
    tripped,
    interrupted,
    strict,
  }: Readonly<Record<'internal' | 'tripped' | 'interrupted' | 'strict', boolean>>,
): number => {
  if (tripped) return 6;
  if (internal) return 3;
  if (interrupted) return 2;
  if (verdict === 'error') return 5;
  if (verdict === 'fail') return 1;
  return verdict === 'marginal' && strict ? 1 : 0;
};

/** `strict`: marginal counts as a failure for the exit code. `trippedUnseen`: the daemon died and power with it. */
export const judgeRun = (
  stages: readonly StageResult[],
  events: readonly TimelineEvent[],
  options: { readonly strict?: boolean; readonly trippedUnseen?: boolean } = {},
): RunJudgement => {
  const worst = worstStage(stages);
  const faultEvent = events.find(tells('bench-fault'));
  const interruption = events.find(tells('interrupted'));
  const tripped = options.trippedUnseen === true || findSafetyTrip(events) !== undefined;
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
    safetyTrip: tripped,
    exitCode: exitOf(verdict, {
      internal: benchFault?.code === 'INTERNAL',
      tripped,
      interrupted: interruption !== undefined,
      strict: options.strict === true,
    }),
  });

  if (worst !== undefined && rank[worst.verdict] >= rank.fail) {
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
  return told(worst.verdict, null, cause, worst.nextAction, worst.evidence);
};
