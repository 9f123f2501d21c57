import type { Plan } from '../plan/plan.js';
import type { FactOf, TimelineEvent } from '../timeline/events.js';
import { sourceEnded } from '../timeline/replay.js';
import { type Milliseconds, milliseconds } from '../units.js';
import { type Finding, wentWrong } from './finding.js';
import { identityFinding, type LabelNote } from './identity.js';
import type { Judge, Measurement, NotMeasured, StageName, StageResult, StageVerdict } from './judge.js';
import { inWords, outOfLimits } from './measure.js';

/** Events named as evidence, at most; the first ones tell the story, the last one decided. */
const maxEvidence = 24;

interface Conclusion {
  readonly verdict: 'fail' | 'error' | 'skipped';
  readonly blame: StageResult['blame'];
  readonly cause: string;
  readonly nextAction: string;
  readonly atUs: number;
}

/** What every stage keeps; `notes` is the stage's own. */
export interface StageState<Notes> {
  readonly plan: Plan;
  readonly notes: Notes;
  /** null: the stage before has not ended yet. What is seen until then is noted and counts from `begin` on. */
  readonly beganAtUs: number | null;
  /** When the stage's goal was reached. */
  readonly reachedAtUs: number | null;
  readonly conclusion: Conclusion | null;
  readonly measurements: readonly Measurement[];
  readonly evidence: readonly number[];
  /** Of the run; null: nobody read one. */
  readonly label: LabelNote | null;
  /** Power is off: what the wire shows from here on is no fault of the phone. */
  readonly isUnpowered: boolean;
  readonly hasEnded: boolean;
}

/** The goal of a stage, once it is met: when, and what can be measured then. */
export interface Goal {
  readonly atUs: number;
  readonly measurements: readonly Measurement[];
}

/** What one stage adds to the frame that all six share. */
export interface StageRules<Notes> {
  readonly stage: StageName;
  start(plan: Plan): Notes;
  next(state: StageState<Notes>, event: TimelineEvent): StageState<Notes>;
  /** Asked when the stage begins: a reason not to judge it. */
  skip?(plan: Plan): string | null;
  /** Asked while the stage has begun and not reached its goal. */
  goal(state: StageState<Notes>, beganAtUs: number): Goal | null;
  /** us since run start, null for none. Asked while the stage has begun and is not concluded. */
  deadlineUs(state: StageState<Notes>, beganAtUs: number): number | null;
  /** What it means that the deadline passed. */
  overdue(state: StageState<Notes>): Finding;
  /** Asked when power went off or the run ended: measurements of the whole run. */
  finish?(state: StageState<Notes>, event: TimelineEvent): StageState<Notes>;
  /** Asked for the result: what could not be measured at all. */
  notMeasured?(state: StageState<Notes>): readonly NotMeasured[];
  /** The cause of a pass, in one sentence. */
  summary(state: StageState<Notes>): string;
}

// ---- what rules do to a state ------------------------------------------------------------------------

export const note = <Notes>(state: StageState<Notes>, notes: Partial<Notes>): StageState<Notes> => ({
  ...state,
  notes: { ...state.notes, ...notes },
});

/** Names the event as evidence. */
export const witness = <Notes>(state: StageState<Notes>, event: TimelineEvent): StageState<Notes> => {
  if (event.fact.kind === 'time' || state.evidence.includes(event.seq)) return state;
  const kept = state.evidence.length < maxEvidence ? state.evidence : state.evidence.slice(0, -1);
  return { ...state, evidence: [...kept, event.seq] };
};

/** The first conclusion stands. */
export const conclude = <Notes>(state: StageState<Notes>, finding: Finding, event: TimelineEvent): StageState<Notes> =>
  state.conclusion === null ? { ...witness(state, event), conclusion: { ...finding, atUs: event.atUs } } : state;

export const skip = <Notes>(state: StageState<Notes>, cause: string, atUs: number): StageState<Notes> =>
  state.conclusion === null
    ? { ...state, conclusion: { verdict: 'skipped', blame: null, cause, nextAction: '', atUs } }
    : state;

/** Replaces an earlier measurement of that name; one outside its limits concludes the stage. */
export const measured = <Notes>(
  state: StageState<Notes>,
  measurement: Measurement,
  event: TimelineEvent,
): StageState<Notes> => {
  const others = state.measurements.filter(({ name }) => name !== measurement.name);
  const next = { ...state, measurements: [...others, measurement] };
  return measurement.verdict === 'fail' ? conclude(next, outOfLimits(measurement), event) : next;
};

export const msSince = (startUs: number, atUs: number): Milliseconds =>
  milliseconds(Math.max(0, Math.round((atUs - startUs) / 1000)));
export const usFromMs = (ms: number): number => Math.round(ms * 1000);

// ---- the frame ---------------------------------------------------------------------------------------

/** Builds a judge from one stage's rules; everything that is the same for all six stages is said here. */
export const defineJudge = <Notes>(rules: StageRules<Notes>): Judge<StageState<Notes>> => {
  type State = StageState<Notes>;

  const isConcluded = (state: State): boolean => state.beganAtUs !== null && state.conclusion !== null;

  const reach = (state: State, event: TimelineEvent): State => {
    if (state.beganAtUs === null || state.reachedAtUs !== null || state.conclusion !== null) return state;
    const goal = rules.goal(state, state.beganAtUs);
    if (goal === null) return state;
    const reached = { ...state, reachedAtUs: Math.max(goal.atUs, state.beganAtUs) };
    return goal.measurements.reduce<State>((next, measurement) => measured(next, measurement, event), reached);
  };

  const deadlineOf = (state: State): number | null =>
    state.beganAtUs === null || state.conclusion !== null || state.hasEnded || state.isUnpowered
      ? null
      : rules.deadlineUs(state, state.beganAtUs);

  const onTime = (state: State, event: TimelineEvent): State => {
    const deadline = deadlineOf(state);
    return deadline === null || event.atUs < deadline ? state : conclude(state, rules.overdue(state), event);
  };

  /** The first undecided stage takes the bench's fault; when all are decided, the last one does. */
  const onBenchFault = (state: State, event: TimelineEvent, fact: FactOf<'bench-fault'>): State => {
    const isHit = state.reachedAtUs === null || rules.stage === 'registration';
    if (state.beganAtUs === null || !isHit) return state;
    return conclude(state, benchFinding(fact), event);
  };

  const onEnd = (state: State, event: TimelineEvent, reason: string): State => {
    const finished = finish(state, event);
    const isUndecided = finished.beganAtUs !== null && finished.reachedAtUs === null;
    const closed = isUndecided ? conclude(finished, cutShort(rules.stage, reason), event) : finished;
    return { ...closed, hasEnded: true };
  };

  const onInterrupted = (state: State, event: TimelineEvent, by: string): State =>
    state.beganAtUs !== null && state.reachedAtUs === null
      ? conclude(state, wentWrong('operator', `The run was interrupted (${by}).`, 'Run it again.'), event)
      : state;

  const finish = (state: State, event: TimelineEvent): State =>
    rules.finish === undefined || state.isUnpowered ? state : rules.finish(state, event);

  /** The names that a phone goes by are one more thing each stage looks at. */
  const named = (state: State, event: TimelineEvent): State => {
    const found = identityFinding(rules.stage, event.fact, state.label, state.plan.identity);
    if (found === undefined || state.conclusion !== null) return state;
    const { label } = state;
    const evidence = label === null ? state.evidence : [...new Set([label.seq, ...state.evidence])];
    return conclude({ ...state, evidence: evidence.slice(0, maxEvidence) }, found, event);
  };

  const seesAfterPower = rules.stage === 'power';

  const next = (state: State, event: TimelineEvent): State => {
    const { fact } = event;
    if (state.hasEnded || state.conclusion?.verdict === 'skipped') return state;
    switch (fact.kind) {
      case 'time':
        return onTime(state, event);
      case 'bench-fault':
        return onBenchFault(state, event, fact);
      case 'interrupted':
        return onInterrupted(state, event, fact.by);
      case 'end':
        return onEnd(state, event, fact.reason);
      case 'power-off':
        return { ...finish(rules.next(state, event), event), isUnpowered: true };
      case 'power-on':
        return reach(rules.next({ ...state, isUnpowered: false }, event), event);
      case 'label':
        return { ...state, label: { serial: fact.serial, mac: fact.mac, seq: event.seq } };
      default:
        return state.isUnpowered && !seesAfterPower ? state : reach(named(rules.next(state, event), event), event);
    }
  };

  const verdictOf = (state: State): StageVerdict => {
    if (state.beganAtUs === null) return 'not-reached';
    if (state.conclusion !== null) return state.conclusion.verdict;
    if (state.reachedAtUs === null) return 'not-reached';
    return state.measurements.some(({ verdict }) => verdict === 'marginal') ? 'marginal' : 'pass';
  };

  const wordsOf = (state: State, verdict: StageVerdict): { cause: string; nextAction: string } => {
    if (verdict === 'not-reached') return { cause: 'Not decided yet.', nextAction: '' };
    if (state.conclusion !== null) return state.conclusion;
    if (verdict === 'pass') return { cause: rules.summary(state), nextAction: '' };
    const near = state.measurements.filter((measurement) => measurement.verdict === 'marginal').map(inWords);
    return {
      cause: `Inside the limits, but ${near.join('; ')}.`,
      nextAction: 'Repeat the run; watch this figure in the phone’s history.',
    };
  };

  return {
    stage: rules.stage,
    start: (plan) => ({
      plan,
      notes: rules.start(plan),
      beganAtUs: null,
      reachedAtUs: null,
      conclusion: null,
      measurements: [],
      evidence: [],
      label: null,
      isUnpowered: false,
      hasEnded: false,
    }),
    begin: (state, atUs) => {
      if (state.beganAtUs !== null) return state;
      const begun = { ...state, beganAtUs: atUs };
      const reason = rules.skip?.(state.plan) ?? null;
      if (reason !== null) return skip({ ...begun, conclusion: null }, reason, atUs);
      // What was seen before may already meet the goal; the event that met it is the newest evidence.
      const seq = state.evidence.at(-1) ?? 0;
      return reach(begun, { seq, atUs, source: 'bench', fact: { kind: 'time' } });
    },
    next,
    deadline: deadlineOf,
    standing: (state) => {
      if (isConcluded(state)) return 'settled';
      if (state.reachedAtUs === null) return 'waiting';
      return state.hasEnded ? 'settled' : 'content';
    },
    result: (state) => {
      const verdict = verdictOf(state);
      const missing = rules.notMeasured?.(state) ?? [];
      const isBad = verdict === 'fail' || verdict === 'error';
      const endedAtUs = isConcluded(state) ? (state.conclusion?.atUs ?? null) : state.reachedAtUs;
      return {
        stage: rules.stage,
        verdict,
        blame: isBad ? (state.conclusion?.blame ?? null) : null,
        ...pick(wordsOf(state, verdict)),
        evidence: state.evidence,
        measurements: state.measurements,
        ...(missing.length === 0 ? {} : { notMeasured: missing }),
        beganAtUs: state.beganAtUs,
        endedAtUs: endedAtUs === null ? null : Math.max(endedAtUs, state.beganAtUs ?? 0),
      };
    },
  };
};

const pick = ({ cause, nextAction }: { cause: string; nextAction: string }) => ({ cause, nextAction });

const knownBlames = ['power', 'network', 'config', 'bench', 'operator'] as const;

const benchFinding = (fact: FactOf<'bench-fault'>): Finding => {
  const blame = knownBlames.find((known) => known === fact.blame) ?? 'bench';
  return wentWrong(blame, `${fact.message.replace(/\.$/, '')}.`, fact.remedy);
};

const cutShort = (stage: StageName, reason: string): Finding =>
  reason === sourceEnded
    ? wentWrong(
        'operator',
        `The capture ends before ${stage} was decided.`,
        'Capture for longer: from the phone’s start to its registration.',
      )
    : wentWrong('bench', `The run ended before ${stage} was decided (${reason}).`, 'Run it again.');
