import type { Capture } from '../network/capture.js';
import type { BenchFile } from '../plan/bench-file.js';
import type { Answer } from '../plan/prompts.js';
import type { RunRecord } from '../records/record.js';
import type { SimulatorReach } from '../records/run-folder.js';
import type { StageResult } from '../stages/judge.js';
import type { Clock } from '../timeline/clock.js';
import type { AnswerSource, TimelineEvent } from '../timeline/events.js';
import type { PortOpener } from './port.js';

export interface RunRequest {
  readonly port: string;
  readonly planPath: string;
  /** Names of src/plan/faults.ts; only a simulated port takes them. */
  readonly faults: readonly string[];
  /** Power and judging alone: somebody else serves, behind the port's uplink. */
  readonly observe?: boolean;
  /** What a person or a scanner read from the phone's label; null or left out: nobody did. */
  readonly serial?: string | null;
  /** The MAC there, however it is written. */
  readonly labelMac?: string | null;
  /** Tests the bench by its golden plan, with one fault or none; needs no golden run before it and counts for no phone. */
  readonly golden?: boolean;
  /** Given beforehand, by the ids of the plan's prompts; `expected`: what the plan expects, as on a simulated phone. */
  readonly answers?: Readonly<Record<string, Answer>> | 'expected';
  /** Whoever asked for the run is there to be asked. */
  readonly isAttended?: boolean;
  /** Ids of leases (src/station/leases.ts) that whoever asks holds: of the port, of shared things. */
  readonly leases?: readonly string[];
  /** Whoever asked for the run, as others are told. */
  readonly by?: string;
}

/** What an operator says to the question that is open. */
export interface GivenAnswer {
  readonly runId: string;
  /** Of the prompt. */
  readonly id: string;
  readonly answer: Answer;
  readonly by: string;
  readonly where: AnswerSource;
}

export interface RunStarted {
  readonly runId: string;
  readonly folder: string;
  readonly port: string;
  readonly plan: { readonly name: string; readonly title: string };
  readonly limited: readonly string[];
  readonly simulator: SimulatorReach | null;
  /** null: the plan gives one. */
  readonly attempt: { readonly number: number; readonly of: number } | null;
}

/** What a run waits for, and who has it until when (ISO 8601, UTC; null: until what they do with it ends). */
export interface SharedWait {
  readonly shared: string;
  readonly owner: string;
  readonly purpose: string;
  readonly until: string | null;
}

export interface RunWatcher {
  started(run: RunStarted): void;
  event(event: TimelineEvent, results: () => readonly StageResult[]): void;
  /** Nothing has begun: somebody else has a shared thing that the run needs. */
  waiting?(wait: SharedWait): void;
  /** An attempt ended, power is off, and another one begins. The last one is what `run` resolves with. */
  again?(outcome: RunOutcome): void;
}

export interface RunOutcome {
  readonly record: RunRecord;
  readonly folder: string;
}

/** Runs ports of one bench file: in this process, or through the station that owns them. */
export interface Runner {
  readonly ports: readonly string[];
  /** Rejects with a BenchError only when nothing was recorded (usage, plan, port busy); a bad run is an outcome. */
  run(request: RunRequest, watcher: RunWatcher, signal: AbortSignal): Promise<RunOutcome>;
  /** False: that question is not open there, or no longer. */
  answer(port: string, given: GivenAnswer): Promise<boolean>;
  /** Runs whose daemon died: asks their boards what they did and completes the records. */
  recoverCutRuns(): Promise<readonly RunOutcome[]>;
}

/** What a runner in this process is made of. */
export interface RunnerParts {
  readonly bench: BenchFile;
  readonly opener: PortOpener;
  readonly clock: Clock;
  /** Where the plan of golden runs really lies; left out: where the bench file says. May throw BenchError PLAN_*. */
  goldenPlanPath?(configured: string): string;
  openCapture(path: string, interfaceName: string): Capture;
  /** Reports are another room's; told when a record stands. */
  writeReports(outcome: RunOutcome): Promise<void>;
}
