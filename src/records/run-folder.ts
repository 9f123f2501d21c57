/** `runs/<id>/`: the truth of a run. A mark stands in it from before power-on until its record is written. */
import { randomInt } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BenchError } from '../errors.js';
import type { LoadedPlan } from '../plan/plan.js';
import type { Clock } from '../timeline/clock.js';
import type { AttemptNote } from './attempt.js';
import { isAlive, markOfThisProcess, type ProcessMark } from './process-mark.js';
import { type GoldenNote, type RunRecord, runFiles } from './record.js';

const markName = 'running.json';

/** How to reach a simulated bench from outside: faults that `demo` does to it, and after its daemon died. */
export interface SimulatorReach {
  readonly pid: number;
  readonly controlPath: string;
  readonly witnessPath: string;
}

/** `running.json`: what the next start needs to know about a run whose daemon died. */
export interface RunMark {
  readonly process: ProcessMark;
  readonly station: string;
  readonly port: string;
  readonly planHash: string;
  /** Path of the board's serial port. */
  readonly board: string;
  readonly simulator: SimulatorReach | null;
  readonly startedAt: string;
  readonly golden?: GoldenNote | null;
  readonly attempt?: AttemptNote | undefined;
}

export interface RunFolder {
  readonly id: string;
  readonly path: string;
  readonly startedAt: string;
  readonly files: Readonly<Record<keyof typeof runFiles, string>>;
}

export interface RunFolderRequest {
  readonly runsDirectory: string;
  readonly station: string;
  readonly port: string;
  readonly plan: LoadedPlan;
  readonly board: string;
  readonly simulator: SimulatorReach | null;
  readonly golden?: GoldenNote | null;
  /** By the id of the run's folder. */
  attempt?(runId: string): AttemptNote | undefined;
}

const recordFailed = (path: string, cause: unknown): BenchError =>
  new BenchError('RECORD_FAILED', `${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });

const suffixLetters = 'bcdfghjkmnpqrstvwxz23456789';
const suffixLength = 4;
const randomSuffix = (): string =>
  Array.from({ length: suffixLength }, () => suffixLetters[randomInt(suffixLetters.length)]).join('');

/** Sorts by time: `20261123-031502-sim1-k3fw` (UTC). */
const newRunId = (startedAt: Date, port: string): string => {
  const [day = '', time = ''] = startedAt.toISOString().split('T');
  return [day.replaceAll('-', ''), time.slice(0, 8).replaceAll(':', ''), port, randomSuffix()].join('-');
};

const filesOf = (path: string): RunFolder['files'] => ({
  record: join(path, runFiles.record),
  plan: join(path, runFiles.plan),
  timeline: join(path, runFiles.timeline),
  capture: join(path, runFiles.capture),
  report: join(path, runFiles.report),
  junit: join(path, runFiles.junit),
});

const syncDirectory = async (path: string): Promise<void> => {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
};

/** The file is either as it was or whole, also after a power cut. Throws BenchError RECORD_FAILED. */
export const writeWhole = async (folder: string, name: string, text: string | Uint8Array): Promise<void> => {
  const path = join(folder, name);
  const temporary = `${path}.new`;
  try {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncDirectory(folder);
  } catch (cause) {
    throw recordFailed(path, cause);
  }
};

/** Makes the folder of a new run with its plan and its mark. Throws BenchError RECORD_FAILED. */
export const createRunFolder = async (request: RunFolderRequest, clock: Clock): Promise<RunFolder> => {
  const started = clock.wallClock();
  const startedAt = started.toISOString();
  const id = newRunId(started, request.port);
  const path = join(request.runsDirectory, id);
  try {
    await mkdir(request.runsDirectory, { recursive: true });
    await mkdir(path);
  } catch (cause) {
    throw recordFailed(path, cause);
  }
  const mark: RunMark = {
    process: markOfThisProcess(),
    station: request.station,
    port: request.port,
    planHash: request.plan.hash,
    board: request.board,
    simulator: request.simulator,
    startedAt,
    golden: request.golden ?? null,
    attempt: request.attempt?.(id),
  };
  await writeWhole(path, runFiles.plan, request.plan.text);
  await writeWhole(path, markName, `${JSON.stringify(mark, null, 2)}\n`);
  return { id, path, startedAt, files: filesOf(path) };
};

/** Writes `record.json` and takes the mark away. Throws BenchError RECORD_FAILED; the mark stays then. */
export const finishRecord = async (path: string, record: RunRecord): Promise<void> => {
  await writeWhole(path, runFiles.record, `${JSON.stringify(record, null, 2)}\n`);
  try {
    await rm(join(path, markName), { force: true });
    await syncDirectory(path);
  } catch (cause) {
    throw recordFailed(path, cause);
  }
};

export interface CutRun {
  readonly id: string;
  readonly path: string;
  readonly mark: RunMark;
}

const readMark = async (path: string): Promise<RunMark | undefined> => {
  try {
    const mark = JSON.parse(await readFile(join(path, markName), 'utf8')) as Partial<RunMark> | null;
    const usable = typeof mark?.process?.pid === 'number' && typeof mark.board === 'string';
    return usable ? (mark as RunMark) : undefined;
  } catch {
    return undefined;
  }
};

/** Runs whose mark stands although their process is gone, oldest first. A folder without a readable mark is none. */
export const findCutRuns = async (runsDirectory: string): Promise<readonly CutRun[]> => {
  const names = await readdir(runsDirectory).catch((): string[] => []);
  const cut: CutRun[] = [];
  for (const id of names.sort()) {
    const path = join(runsDirectory, id);
    const mark = await readMark(path);
    if (mark !== undefined && !isAlive(mark.process)) cut.push({ id, path, mark });
  }
  return cut;
};

/** Reads a finished run's record. Throws BenchError RECORD_UNREADABLE. */
export const readRecord = async (path: string): Promise<RunRecord> => {
  const file = join(path, runFiles.record);
  try {
    return JSON.parse(await readFile(file, 'utf8')) as RunRecord;
  } catch (cause) {
    throw new BenchError('RECORD_UNREADABLE', `${file}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
};
