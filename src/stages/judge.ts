import type { Blame } from '../errors.js';
import type { Limits, MeasurementName, Plan } from '../plan/plan.js';
import type { TimelineEvent } from '../timeline/events.js';

export const stageNames = ['power', 'boot', 'vlan', 'address', 'config', 'registration'] as const;
export type StageName = (typeof stageNames)[number];

/** Ranked: pass < marginal < fail < error. The other two have no rank and no blame. */
export type StageVerdict = 'pass' | 'marginal' | 'fail' | 'error' | 'skipped' | 'not-reached';

export interface Measurement {
  readonly name: MeasurementName;
  readonly value: number;
  readonly unit: string;
  readonly limits: Limits | null;
  readonly verdict: 'pass' | 'marginal' | 'fail';
  /** Event that completed the measurement. */
  readonly evidence: number;
}

/** What this stage would have measured and could not, and why. */
export interface NotMeasured {
  readonly name: MeasurementName;
  readonly reason: string;
}

export interface StageResult {
  readonly stage: StageName;
  readonly verdict: StageVerdict;
  /** With `error`: who is to blame. `fail` always blames the phone and has null here. */
  readonly blame: Blame | null;
  /** One sentence. */
  readonly cause: string;
  /** Sequence numbers of the events this rests on. */
  readonly evidence: readonly number[];
  /** What to do next; empty when all is well. */
  readonly nextAction: string;
  readonly measurements: readonly Measurement[];
  readonly notMeasured?: readonly NotMeasured[];
  /** When the stage began and ended, us since run start; null where it never did. */
  readonly beganAtUs: number | null;
  readonly endedAtUs: number | null;
}

/**
 * Where a judge stands. `waiting`: needs more events. `content`: would pass as things are, may still change its mind.
 * `settled`: nothing will change the verdict (measurements of the switching off may still be added).
 */
export type Standing = 'waiting' | 'content' | 'settled';

/**
 * A judge is pure: no I/O, no clock, no memory but its state, which it replaces and never changes in place. Events come
 * in `seq` order; a `time` event comes when `deadline` has passed; `end` comes last.
 */
export interface Judge<State> {
  readonly stage: StageName;
  start(plan: Plan): State;
  /** The stage before ended well at `atUs`: this one begins, its deadline counts from here. Facts from before still count. */
  begin(state: State, atUs: number): State;
  next(state: State, event: TimelineEvent): State;
  /** us since run start at which the judge wants a `time` event, or null. */
  deadline(state: State): number | null;
  standing(state: State): Standing;
  result(state: State): StageResult;
}
