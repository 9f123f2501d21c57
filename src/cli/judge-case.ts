/** One thing judged again: a phone in a capture, or a stored run by its frames or by its timeline alone. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ethernetFrames } from '../decode/ethernet-frames.js';
import { BenchError } from '../errors.js';
import { createObserver } from '../observe/observer.js';
import { PhoneList, type SeenPhone, sideOf } from '../observe/phones.js';
import { loadPlan, parsePlan } from '../plan/load-plan.js';
import type { LoadedPlan } from '../plan/plan.js';
import { type RunRecord, runFiles } from '../records/record.js';
import { readRecord } from '../records/run-folder.js';
import { judgeRun as judgeWholeRun } from '../records/run-verdict.js';
import type { StageResult, StageVerdict } from '../stages/judge.js';
import { type Judgement, judge, replay } from '../stages/replay.js';
import type { TimelineEvent } from '../timeline/events.js';
import { parseTimeline, readTimeline } from '../timeline/log.js';
import type { ReplayFrame } from '../timeline/replay.js';
import { phoneStory } from './judge-words.js';

type Judged = Judgement & { readonly events: readonly TimelineEvent[] };

export interface Case {
  readonly source: string;
  readonly phone: SeenPhone | null;
  readonly plan: LoadedPlan;
  readonly judged: Judged;
  /** Of a stored run: how it was judged before. */
  readonly before: RunRecord | null;
}

export interface Change {
  readonly stage: string;
  readonly before: StageVerdict;
  readonly after: StageVerdict;
  readonly cause: string;
}

/** From its capture and what frames cannot show: what the observer says today counts. */
export const judgeRun = async (folder: string, planPath: string | undefined): Promise<Case> => {
  const before = await readRecord(folder);
  const plan = loadPlan(planPath ?? join(folder, runFiles.plan));
  const { events } = await readTimeline(join(folder, runFiles.timeline));
  const judged = replay({
    plan: plan.plan,
    events,
    frames: storedFrames(join(folder, runFiles.capture)),
    reader: createObserver(),
  });
  return { source: before.runId, phone: null, plan, judged: asRun(judged, before), before };
};

/** What stages alone do not tell: a run that was interrupted or broke; one that was cut judged nobody and stays so. */
const asRun = (judged: Judged, before: RunRecord): Judged => {
  if (before.cutRun !== null) {
    const { verdict, blame, cause } = before;
    return {
      ...judged,
      results: before.stages,
      prompts: before.prompts ?? [],
      run: { verdict, blame, stage: 'power', cause },
      exitCode: () => before.exitCode,
    };
  }
  const { verdict, blame, cause } = judgeWholeRun(judged.results, judged.events, { prompts: judged.prompts });
  return { ...judged, run: { ...judged.run, verdict, blame, cause } };
};

/** The capture of a run has the timeline's own stamps, and says which way each frame went. */
function* storedFrames(path: string): Generator<ReplayFrame> {
  for (const { bytes, timestampUs, number, direction } of ethernetFrames(path))
    yield { bytes, atUs: timestampUs, number, direction };
}

const read = (path: string): Buffer => {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new BenchError('RECORD_UNREADABLE', cause instanceof Error ? cause.message : String(cause), { cause });
  }
};

const recordIn = (folder: string): RunRecord => {
  const path = join(folder, runFiles.record);
  try {
    return JSON.parse(read(path).toString('utf8')) as RunRecord;
  } catch (cause) {
    if (cause instanceof BenchError) throw cause;
    throw new BenchError('RECORD_UNREADABLE', `${path}: ${String(cause)}`, { cause });
  }
};

/**
 * Judges many stored runs, each by its timeline alone: what the observer said when the phone was there counts, and no frame
 * is read. Files are read at once and one after the other, so it is for a process that does nothing else. `planPath`
 * undefined: each run by its own plan. Throws BenchError RECORD_UNREADABLE, PLAN_*.
 */
export const createTimelineJudge = (planPath: string | undefined): ((folder: string) => Case) => {
  const given = planPath === undefined ? undefined : loadPlan(planPath);
  const known = new Map<string, LoadedPlan>();
  const ownPlan = ({ plan: { text } }: RunRecord, folder: string): LoadedPlan => {
    const plan = known.get(text) ?? parsePlan(text, join(folder, runFiles.plan));
    known.set(text, plan);
    return plan;
  };
  return (folder) => {
    const before = recordIn(folder);
    const plan = given ?? ownPlan(before, folder);
    const path = join(folder, runFiles.timeline);
    const { events } = parseTimeline(read(path), path);
    const judged = asRun({ ...judge(plan.plan, events), events }, before);
    return { source: before.runId, phone: null, plan, judged, before };
  };
};

export const judgeCapture = (path: string, plan: LoadedPlan, wanted: string | undefined): Case => {
  const list = new PhoneList();
  for (const { bytes } of ethernetFrames(path)) list.note(bytes);
  const phone = choose(path, list.phones, wanted?.toLowerCase());
  const judged = replay({
    plan: plan.plan,
    events: [],
    frames: framesOf(path, phone, list.phones),
    reader: createObserver(),
  });
  return { source: path, phone, plan, judged, before: null };
};

const choose = (path: string, phones: readonly SeenPhone[], wanted: string | undefined): SeenPhone => {
  const lines = phones.map(
    ({ mac, name, platform, frames }) =>
      `  ${mac}  ${[name, platform].filter(Boolean).join(', ') || '-'}  (${frames} frames)`,
  );
  const listed = lines.length === 0 ? '' : `\n${lines.join('\n')}`;
  const found = wanted === undefined ? phones : phones.filter(({ mac }) => mac === wanted);
  const [phone, another] = found;
  if (phone === undefined)
    throw new BenchError(
      'PHONE_NOT_FOUND',
      wanted === undefined ? `${path} shows none` : `${wanted} in ${path}${listed}`,
    );
  if (another !== undefined)
    throw new BenchError('PHONE_NOT_FOUND', `${path} shows ${found.length}; say which with --mac${listed}`);
  return phone;
};

/** Time starts with the phone's first frame. */
function* framesOf(path: string, phone: SeenPhone, phones: readonly SeenPhone[]): Generator<ReplayFrame> {
  const others = new Set(phones.map(({ mac }) => mac).filter((mac) => mac !== phone.mac));
  let startUs: number | undefined;
  let lastUs = 0;
  for (const { bytes, timestampUs, number } of ethernetFrames(path)) {
    const direction = sideOf(bytes, phone.mac, others);
    if (direction === undefined || (startUs === undefined && direction === 'out')) continue;
    startUs ??= timestampUs;
    lastUs = Math.max(lastUs, timestampUs - startUs);
    yield { bytes, atUs: lastUs, number, direction };
  }
}

export const changesOf = ({ judged, before }: Case): readonly Change[] =>
  before === null
    ? []
    : [
        ...judged.results.flatMap((after) => {
          const was = before.stages.find(({ stage }) => stage === after.stage);
          return changed(after.stage, was, after);
        }),
        ...judged.prompts.flatMap((after) => {
          const was = before.prompts?.find(({ id }) => id === after.id);
          return changed(`prompt ${after.id}`, was, after);
        }),
      ];

type Decided = Pick<StageResult, 'verdict' | 'blame' | 'cause'>;

const changed = (stage: string, was: Decided | undefined, after: Decided): readonly Change[] =>
  was === undefined || isSame(was, after)
    ? []
    : [{ stage, before: was.verdict, after: after.verdict, cause: after.cause }];

const isSame = (one: Decided, other: Decided): boolean =>
  one.verdict === other.verdict && one.blame === other.blame && one.cause === other.cause;

/** A line of `judge --json`. */
export const jsonOf = (one: Case, strict: boolean): object => {
  const { source, phone, plan, judged, before } = one;
  return {
    source,
    ...(phone === null ? {} : { phone: { mac: phone.mac, name: phone.name, platform: phone.platform } }),
    plan: { name: plan.plan.name, hash: plan.hash },
    ...judged.run,
    exitCode: judged.exitCode({ strict }),
    stages: judged.results,
    prompts: judged.prompts,
    ...(before === null ? {} : { before: { verdict: before.verdict, cause: before.cause }, changes: changesOf(one) }),
    story: phoneStory(judged.events),
  };
};
