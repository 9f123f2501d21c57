import type { Blame } from '../errors.js';
import type { Plan } from '../plan/plan.js';
import type { PromptPlan } from '../plan/prompts.js';
import type { TimelineEvent } from '../timeline/events.js';
import { addressJudge } from './address.js';
import { bootJudge } from './boot.js';
import { configJudge } from './config.js';
import { exitCodeOf, noSignals, type Signals, withSignal, worstOf } from './exit-code.js';
import type { Judge, StageName, StageResult, StageVerdict, Standing } from './judge.js';
import { powerJudge } from './power.js';
import {
  arePromptsSettled,
  duePrompt,
  nextPrompts,
  openPrompt,
  type PromptResult,
  promptResults,
  promptsDeadlineUs,
  startPrompts,
} from './prompts.js';
import { registrationJudge } from './registration.js';
import { vlanJudge } from './vlan.js';

export interface RunVerdict {
  readonly verdict: StageVerdict;
  readonly blame: Blame | null;
  /** The stage that gives the run its verdict; null when none was decided, or an operator's answer gives it. */
  readonly stage: StageName | null;
  readonly cause: string;
}

export interface Tribunal {
  /**
   * Events in the order of the timeline. Before an event at t every deadline <= t is fed to the judges as a `time` event
   * of its own moment; a `time` event of the timeline does this and nothing else, so a live run (alarms) and a replay
   * (none) see the same. After `feed` or `advance` with t nothing earlier than t may come.
   */
  feed(event: TimelineEvent): void;
  advance(atUs: number): void;
  /** us since run start at which `feed` or `advance` is wanted next; null: none. */
  nextDeadlineUs(): number | null;
  /** In the order of the stages. */
  verdicts(): readonly StageResult[];
  standings(): readonly Standing[];
  /** In the order of the plan. */
  prompts(): readonly PromptResult[];
  /** What the operator is to be asked now: every stage is decided well, and no question is open. */
  duePrompt(): PromptPlan | null;
  /** What the operator was asked and has not answered. */
  openPrompt(): PromptPlan | null;
  runVerdict(): RunVerdict;
  exitCode(options: { readonly strict: boolean }): number;
  /** A stage or an answer is settled badly, or nothing is waiting any more. */
  shouldEnd(): { readonly reason: string } | null;
}

/** One judge with its state. */
interface Seat {
  readonly stage: StageName;
  next(event: TimelineEvent): void;
  begin(atUs: number): void;
  deadline(): number | null;
  standing(): Standing;
  result(): StageResult;
}

const seat = <State>(judge: Judge<State>, plan: Plan): Seat => {
  let state = judge.start(plan);
  return {
    stage: judge.stage,
    next: (event) => {
      state = judge.next(state, event);
    },
    begin: (atUs) => {
      state = judge.begin(state, atUs);
    },
    deadline: () => judge.deadline(state),
    standing: () => judge.standing(state),
    result: () => judge.result(state),
  };
};

const isBad = ({ verdict }: { readonly verdict: StageVerdict }): boolean => verdict === 'fail' || verdict === 'error';

export const createTribunal = (plan: Plan): Tribunal => {
  const seats: readonly Seat[] = [
    seat(powerJudge, plan),
    seat(bootJudge, plan),
    seat(vlanJudge, plan),
    seat(addressJudge, plan),
    seat(configJudge, plan),
    seat(registrationJudge, plan),
  ];
  let begun = 0;
  let lastSeq = 0;
  let signals: Signals = noSignals;
  let asked = startPrompts(plan);

  /** The first stage that went wrong, in the order of the stages. */
  const firstBad = (): StageResult | undefined =>
    seats
      .filter((judge) => judge.standing() === 'settled')
      .map((judge) => judge.result())
      .find(isBad);

  /** Begins every stage whose predecessor has ended well. */
  const beginNext = (firstAtUs: number) => {
    while (begun < seats.length) {
      const before = seats[begun - 1];
      const ended = before === undefined ? firstAtUs : endOf(before);
      if (ended === null) return;
      seats[begun]?.begin(ended);
      begun += 1;
    }
  };

  const endOf = (judge: Seat): number | null => {
    if (judge.standing() === 'waiting') return null;
    const result = judge.result();
    return isBad(result) ? null : result.endedAtUs;
  };

  const dispatch = (event: TimelineEvent) => {
    beginNext(event.atUs);
    for (const judge of seats) {
      // Once a stage went wrong the undecided ones stay undecided: what comes now is its consequence.
      if (judge.standing() === 'waiting' && firstBad() !== undefined) continue;
      judge.next(event);
      beginNext(event.atUs);
    }
    asked = nextPrompts(asked, event);
  };

  const nextDeadlineUs = (): number | null => {
    const someBad = firstBad() !== undefined;
    const deadlines = seats
      .filter((judge) => !(someBad && judge.standing() === 'waiting'))
      .map((judge) => judge.deadline())
      .concat(someBad ? [] : [promptsDeadlineUs(asked)])
      .filter((deadline): deadline is number => deadline !== null);
    return deadlines.length === 0 ? null : Math.min(...deadlines);
  };

  const advance = (atUs: number) => {
    let before = Number.NEGATIVE_INFINITY;
    for (let due = nextDeadlineUs(); due !== null && due <= atUs; due = nextDeadlineUs()) {
      // A judge that asks for the same moment again would hold the run for ever.
      if (due <= before) return;
      before = due;
      dispatch({ seq: lastSeq, atUs: due, source: 'bench', fact: { kind: 'time' } });
    }
  };

  const verdicts = (): readonly StageResult[] => {
    const culprit = firstBad();
    return seats.map((judge) => {
      const result = judge.result();
      if (culprit === undefined || judge.standing() !== 'waiting') return result;
      return { ...result, cause: `Not reached: stage ${culprit.stage} ended the run.` };
    });
  };

  const prompts = () => promptResults(asked, firstBad()?.stage ?? null);
  const areStagesDecided = () => seats.every((judge) => judge.standing() !== 'waiting');

  return {
    feed: (event) => {
      advance(event.atUs);
      if (event.fact.kind === 'time') return;
      signals = withSignal(signals, event.fact);
      lastSeq = event.seq;
      dispatch(event);
    },
    advance,
    nextDeadlineUs,
    verdicts,
    standings: () => seats.map((judge) => judge.standing()),
    prompts,
    duePrompt: () => (firstBad() === undefined && areStagesDecided() ? duePrompt(asked) : null),
    openPrompt: () => (firstBad() === undefined ? openPrompt(asked) : null),
    runVerdict: () => {
      const worst = worstOf<StageResult | PromptResult>([...verdicts(), ...prompts()]);
      if (worst === undefined)
        return { verdict: 'not-reached', blame: null, stage: null, cause: 'No stage was decided.' };
      const { verdict, blame, cause } = worst;
      const stage = 'stage' in worst ? worst.stage : null;
      return { verdict, blame, stage, cause: verdict === 'pass' ? 'All stages passed.' : cause };
    },
    exitCode: (options) => exitCodeOf(worstOf([...verdicts(), ...prompts()])?.verdict, signals, options),
    shouldEnd: () => {
      const culprit = firstBad();
      if (culprit !== undefined) return { reason: `${culprit.stage}: ${culprit.verdict}` };
      const wrong = prompts().find(isBad);
      if (wrong !== undefined) return { reason: `prompt ${wrong.id}: ${wrong.verdict}` };
      return areStagesDecided() && arePromptsSettled(asked) ? { reason: 'every stage is decided' } : null;
    },
  };
};
