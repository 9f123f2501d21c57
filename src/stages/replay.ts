import type { Plan } from '../plan/plan.js';
import type { Fact, TimelineEvent } from '../timeline/events.js';
import { type FrameReader, type ReplayFrame, retell } from '../timeline/replay.js';
import type { StageResult } from './judge.js';
import type { PromptResult } from './prompts.js';
import { createTribunal, type RunVerdict } from './tribunal.js';

export interface Judgement {
  readonly results: readonly StageResult[];
  /** The operator's answers. */
  readonly prompts: readonly PromptResult[];
  readonly run: RunVerdict;
  exitCode(options: { readonly strict: boolean }): number;
}

/** Judges a timeline as it stands, under any plan; stored `time` events are ignored, the plan's own deadlines count. */
export const judge = (plan: Plan, events: Iterable<TimelineEvent>): Judgement => {
  const tribunal = createTribunal(plan);
  for (const event of events) if (event.fact.kind !== 'time') tribunal.feed(event);
  return {
    results: tribunal.verdicts(),
    prompts: tribunal.prompts(),
    run: tribunal.runVerdict(),
    exitCode: tribunal.exitCode,
  };
};

/**
 * Judges a stored run again from what cannot be made up: the stored events of every source but `observe`, and the frames
 * of its capture. Under the run's own plan the result equals the live one.
 */
export const replay = (parts: {
  readonly plan: Plan;
  readonly events: readonly TimelineEvent[];
  readonly frames: Iterable<ReplayFrame>;
  /** `createObserver()`, given by the caller: stages may not import the observer. */
  readonly reader: FrameReader;
}): Judgement & { readonly events: readonly TimelineEvent[] } => {
  const { plan, events: stored, frames, reader } = parts;
  const events = retell({ stored, frames, reader });
  return { ...judge(plan, events), events };
};

/** The facts of a timeline, for `exitCode`. */
export const factsOf = (events: readonly TimelineEvent[]): readonly Fact[] => events.map(({ fact }) => fact);
