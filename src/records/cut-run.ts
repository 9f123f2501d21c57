import { basename, join } from 'node:path';
import { isBenchError } from '../errors.js';
import { loadPlan } from '../plan/load-plan.js';
import type { Plan } from '../plan/plan.js';
import { type StageResult, stageNames } from '../stages/judge.js';
import type { Clock } from '../timeline/clock.js';
import type { Fact, TimelineEvent } from '../timeline/events.js';
import { continueTimeline, readTimeline, type StoredTimeline } from '../timeline/log.js';
import { buildRecord, type RunRecord, runFiles, type StoredTripNote } from './record.js';
import { type CutRun, finishRecord } from './run-folder.js';

export interface CutRunParts {
  readonly cut: CutRun;
  /** What the board kept; undefined when it kept nothing or could not be asked. */
  readonly storedTrip: StoredTripNote | undefined;
  readonly clock: Clock;
  /** The six judges over what was recorded; without it no stage is judged. */
  readonly judge?: (plan: Plan, events: readonly TimelineEvent[]) => readonly StageResult[];
}

export interface CompletedRun {
  readonly record: RunRecord;
  readonly events: readonly TimelineEvent[];
}

const poweredAtEnd = (events: readonly TimelineEvent[]): boolean =>
  events.reduce((powered, { fact }) => (fact.kind === 'power-on' ? true : powered && fact.kind !== 'power-off'), false);

const describeTrip = (trip: StoredTripNote | undefined): string => {
  if (trip === undefined) return 'what the board did then is not known: it kept no trip or could not be asked';
  const safe = trip.jackSafeMs === null ? '' : `, the jack was safe after ${round(trip.jackSafeMs)} ms`;
  return `the board switched off by itself within ${round(trip.switchOffMs)} ms (${trip.cause})${safe}`;
};

const round = (value: number): number => Math.round(value * 10) / 10;

/** The run came to its end, power off and all; only its record is missing. */
const unwritten = {
  cause: 'The run ended, but its record could not be written then.',
  nextAction: 'Make room on the disk and check the runs folder’s permissions, then test the phone again.',
};

const death = (powered: boolean, trip: StoredTripNote | undefined) => ({
  cause: powered
    ? `The daemon died while the phone was powered; ${describeTrip(trip)}.`
    : 'The daemon died while the phone was not powered.',
  nextAction: 'Find out why the daemon died (system journal), then test the phone again.',
});

const notReached = (stage: StageResult['stage']): StageResult => ({
  stage,
  verdict: 'not-reached',
  blame: null,
  cause: 'The daemon died before this stage was judged.',
  evidence: [],
  nextAction: '',
  measurements: [],
  beganAtUs: null,
  endedAtUs: null,
});

/** Stages keep what they had won or lost; power carries the death of the daemon, the rest was not reached. */
const stagesOfCutRun = (
  judged: readonly StageResult[],
  death: Pick<StageResult, 'cause' | 'nextAction' | 'evidence'>,
): readonly StageResult[] =>
  stageNames.map((name) => {
    const stage = judged.find((result) => result.stage === name) ?? notReached(name);
    if (name === 'power') return { ...stage, verdict: 'error', blame: 'bench', ...death };
    if (stage.verdict !== 'error') return stage;
    return { ...stage, verdict: 'not-reached', blame: null, cause: notReached(name).cause, nextAction: '' };
  });

const emptyTimeline = (startedAt: string): StoredTimeline => ({
  meta: { format: 'linkpulse-timeline', version: 1, startedAt, startClockUs: 0 },
  events: [],
  folded: {},
  cut: true,
  wholeBytes: 0,
});

/**
 * Completes the record of a run whose daemon died: the board's trip joins its timeline, the verdict is an error of the
 * bench. Throws BenchError RECORD_FAILED, or PLAN_* when the run's own plan is gone.
 */
export const completeCutRecord = async ({ cut, storedTrip, clock, judge }: CutRunParts): Promise<CompletedRun> => {
  const plan = loadPlan(join(cut.path, runFiles.plan));
  const path = join(cut.path, runFiles.timeline);
  const stored = await readTimeline(path).catch((error: unknown): undefined => {
    // A daemon that died at once left no timeline to read; its record must be completed all the same.
    if (!isBenchError(error) || error.code !== 'RECORD_UNREADABLE') throw error;
  });
  const { events, folded } = stored ?? emptyTimeline(cut.mark.startedAt);
  const powered = poweredAtEnd(events);
  const hasEnded = events.some(({ fact }) => fact.kind === 'end');
  const facts: readonly Fact[] = [
    ...(storedTrip === undefined ? [] : [{ kind: 'stored-trip', ...storedTrip } as const]),
    ...(hasEnded ? [] : [{ kind: 'end', reason: 'the daemon died' } as const]),
  ];
  const added = stored === undefined ? [] : await continueTimeline(path, facts);
  const all = [...events, ...added];

  const stages = stagesOfCutRun(judge?.(plan.plan, events) ?? [], {
    ...(hasEnded ? unwritten : death(powered || storedTrip !== undefined, storedTrip)),
    evidence: (hasEnded ? events : added).slice(-2).map(({ seq }) => seq),
  });
  const foldedCount = Object.values(folded).reduce((sum, { count }) => sum + count, 0);
  const record = buildRecord({
    runId: basename(cut.path),
    station: cut.mark.station,
    port: cut.mark.port,
    startedAt: cut.mark.startedAt,
    plan,
    stages,
    events: all,
    attempt: cut.mark.attempt,
    counts: { total: all.length + foldedCount, stored: all.length, folded },
    golden: cut.mark.golden ?? null,
    cutRun: {
      completedAt: clock.wallClock().toISOString(),
      poweredWhenCut: powered || storedTrip !== undefined,
      storedTrip: storedTrip ?? null,
    },
  });
  await finishRecord(cut.path, record);
  return { record, events: all };
};
