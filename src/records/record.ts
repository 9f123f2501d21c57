import type { FaultName } from '../plan/faults.js';
import type { LoadedPlan } from '../plan/plan.js';
import type { Measurement, StageResult } from '../stages/judge.js';
import type { PromptResult } from '../stages/prompts.js';
import type { FactOf, PowerOffCause, TimelineEvent } from '../timeline/events.js';
import type { TimelineCounts } from '../timeline/log.js';
import type { AttemptNote } from './attempt.js';
import { type PhoneIdentity, phoneIdentity } from './phone-identity.js';
import { type PowerNote, powerNote } from './power-note.js';
import { judgeRun, type RunJudgement } from './run-verdict.js';
import { type SoftwareVersions, softwareVersions } from './software-versions.js';

export const recordSchema = 1;

/** Files of a run, relative to its folder. */
export const runFiles = {
  record: 'record.json',
  plan: 'plan.yaml',
  timeline: 'timeline.ndjson',
  capture: 'capture.pcapng',
  report: 'report.html',
  junit: 'junit.xml',
} as const;

export interface BoardNote {
  readonly serial: string;
  /** null: driven by its discrete lines, which do not tell. */
  readonly revision: number | null;
  readonly firmware: string | null;
  /** `2026-11-23`, from the board's own block; null: not told. Records from before this was kept have none. */
  readonly calibratedOn?: string | null;
  /** Last day of that, where the bench file asks; null or left out: it does not. */
  readonly calibrationDue?: string | null;
}

/** How power went away. Times run from the cause; null where they were never reported. */
export interface PowerOffNote {
  readonly cause: PowerOffCause;
  readonly switchOffMs: number | null;
  readonly jackSafeMs: number | null;
}

export interface StoredTripNote extends PowerOffNote {
  readonly switchOffMs: number;
}

/** Of a run whose daemon died: when it was found, and what the board had kept. */
export interface CutRunNote {
  readonly completedAt: string;
  readonly poweredWhenCut: boolean;
  readonly storedTrip: StoredTripNote | null;
}

/** `record.json`: everything about a run but its events and frames. */
export interface RunRecord extends RunJudgement {
  readonly schema: typeof recordSchema;
  readonly runId: string;
  readonly station: string;
  readonly port: string;
  /** Wall clock, an annotation. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly versions: SoftwareVersions;
  readonly board: BoardNote | null;
  readonly phone: PhoneIdentity;
  readonly plan: { readonly name: string; readonly title: string; readonly hash: string; readonly text: string };
  /** What this run could not prove, in words; empty on a real wire. */
  readonly limited: readonly string[];
  readonly stages: readonly StageResult[];
  /** What the operator answered, where the plan asks; none in records from before this was kept. */
  readonly prompts?: readonly PromptResult[];
  /** All stages' measurements in order. */
  readonly measurements: readonly Measurement[];
  readonly power: PowerNote;
  readonly powerOff: PowerOffNote | null;
  readonly files: typeof runFiles;
  readonly events: TimelineCounts;
  readonly cutRun: CutRunNote | null;
  /** Of a golden run, which tests the bench and judges no phone; null, or left out in older records: it was none. */
  readonly golden?: GoldenNote | null;
  /** null, or none in records from before this was kept: the plan gives one attempt. */
  readonly attempt?: AttemptNote | null;
}

/** `fault`: what was done on purpose; null: the known phone as it is. */
export interface GoldenNote {
  readonly fault: FaultName | null;
}

export interface RecordParts {
  readonly runId: string;
  readonly station: string;
  readonly port: string;
  readonly startedAt: string;
  readonly plan: LoadedPlan;
  readonly stages: readonly StageResult[];
  readonly prompts?: readonly PromptResult[];
  /** The whole timeline, in `seq` order. */
  readonly events: readonly TimelineEvent[];
  readonly counts: TimelineCounts;
  /** Marginal counts as a failure for the exit code. */
  readonly strict?: boolean;
  readonly cutRun?: CutRunNote;
  readonly golden?: GoldenNote | null;
  readonly attempt?: AttemptNote | undefined;
}

const microsecondsPerMillisecond = 1000;

const factsOf = <K extends TimelineEvent['fact']['kind']>(events: readonly TimelineEvent[], kind: K): FactOf<K>[] =>
  events.flatMap(({ fact }) => (fact.kind === kind ? [fact as FactOf<K>] : []));

const powerOffNote = (events: readonly TimelineEvent[]): PowerOffNote | null => {
  const off = factsOf(events, 'power-off').at(-1);
  const safe = factsOf(events, 'jack-safe').at(-1);
  if (off === undefined) return null;
  return { cause: off.cause, switchOffMs: off.switchOffMs, jackSafeMs: safe?.jackSafeMs ?? null };
};

/** Puts a record together. Pure but for the versions of this machine. */
export const buildRecord = (parts: RecordParts): RunRecord => {
  const { plan, stages, events } = parts;
  const identified = factsOf(events, 'board-identified').at(-1);
  return {
    schema: recordSchema,
    runId: parts.runId,
    station: parts.station,
    port: parts.port,
    startedAt: parts.startedAt,
    durationMs: (events.at(-1)?.atUs ?? 0) / microsecondsPerMillisecond,
    versions: softwareVersions(identified?.firmware ?? null),
    board:
      identified === undefined
        ? null
        : {
            serial: identified.serial,
            revision: identified.revision,
            firmware: identified.firmware,
            calibratedOn: identified.calibratedOn,
            calibrationDue: factsOf(events, 'calibration').at(-1)?.due ?? null,
          },
    phone: phoneIdentity(events),
    plan: { name: plan.plan.name, title: plan.plan.title, hash: plan.hash, text: plan.text },
    ...judgeRun(stages, events, {
      prompts: parts.prompts ?? [],
      strict: parts.strict === true,
      trippedUnseen: parts.cutRun?.poweredWhenCut === true,
    }),
    limited: factsOf(events, 'run-start').at(-1)?.limited ?? [],
    stages,
    prompts: parts.prompts ?? [],
    measurements: stages.flatMap(({ measurements }) => measurements),
    power: powerNote(plan.plan, events),
    powerOff: parts.cutRun?.storedTrip ?? powerOffNote(events),
    files: runFiles,
    events: parts.counts,
    cutRun: parts.cutRun ?? null,
    golden: parts.golden ?? null,
    attempt: parts.attempt ?? null,
  };
};
