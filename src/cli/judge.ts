import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ethernetFrames } from '../decode/ethernet-frames.js';
import { BenchError } from '../errors.js';
import { createObserver } from '../observe/observer.js';
import { PhoneList, type SeenPhone, sideOf } from '../observe/phones.js';
import { loadPlan } from '../plan/load-plan.js';
import type { LoadedPlan } from '../plan/plan.js';
import { type RunRecord, runFiles } from '../records/record.js';
import { readRecord } from '../records/run-folder.js';
import { exitCodes } from '../stages/exit-code.js';
import type { StageResult, StageVerdict } from '../stages/judge.js';
import { type Judgement, replay } from '../stages/replay.js';
import type { TimelineEvent } from '../timeline/events.js';
import { readTimeline } from '../timeline/log.js';
import type { ReplayFrame } from '../timeline/replay.js';
import { phoneStory } from './judge-words.js';
import { tellStages } from './progress.js';
import { moment, openIndex, type RecordsOptions, runsDirectoryOf } from './records.js';
import type { Terminal } from './terminal.js';
import type { RegisterVerb, VerbContext } from './verb.js';

interface JudgeOptions extends RecordsOptions {
  readonly plan?: string;
  readonly mac?: string;
  readonly since?: string;
  readonly strict: boolean;
}

type Judged = Judgement & { readonly events: readonly TimelineEvent[] };

/** A thing judged: a phone in a capture, or a stored run. */
interface Case {
  readonly source: string;
  readonly phone: SeenPhone | null;
  readonly plan: LoadedPlan;
  readonly judged: Judged;
  readonly before: RunRecord | null;
}

interface Change {
  readonly stage: string;
  readonly before: StageVerdict;
  readonly after: StageVerdict;
  readonly cause: string;
}

export const registerJudge: RegisterVerb = (program, context) => {
  const { clock, defaults } = context.composition;
  program
    .command('judge')
    .description('the six stages once more: on a capture taken anywhere, or on stored runs under other limits')
    .argument('[file-or-run...]', 'capture files, run folders, or ids of runs')
    .option('--plan <file>', 'judge by this plan (captures: the shipped one where left out; runs: their own)')
    .option('--mac <mac>', 'the phone to judge, in a capture of several')
    .option(
      '--since <when>',
      'also every run since a date, or 36h, 14d, 2w ago',
      moment(() => clock.wallClock()),
    )
    .option('--strict', 'marginal counts as fail', false)
    .option('--bench <file>', 'bench file: its runs folder is used', defaults.benchPath)
    .option('--runs <folder>', 'a runs folder, instead of the bench file’s')
    .option('--json', 'one JSON object per phone or run instead of text', false)
    .action((named: readonly string[], options: JudgeOptions) => judgeVerb(context, named, options));
};

const judgeVerb = async (context: VerbContext, named: readonly string[], options: JudgeOptions): Promise<void> => {
  const { terminal } = context.composition;
  const targets = [...named, ...(await runsSince(terminal, options))];
  if (targets.length === 0) throw new BenchError('USAGE', 'nothing to judge: name a capture file or a run, or --since');
  const isOne = targets.length === 1;
  const counts = { judged: 0, changed: 0 };
  let worst: number = exitCodes.good;
  for (const target of targets) {
    const one = await judgeOne(context, target, options);
    counts.judged += 1;
    if (changesOf(one).length > 0) counts.changed += 1;
    worst = Math.max(worst, one.judged.exitCode({ strict: options.strict }));
    if (options.json) terminal.line(JSON.stringify(jsonOf(one, options.strict)));
    else if (isOne) tellWhole(terminal, one);
    else tellLine(terminal, one);
  }
  if (!isOne && !options.json)
    terminal.line(terminal.paint('grey', `${counts.judged} judged, ${counts.changed} judged otherwise than before`));
  context.done(worst);
};

const runsSince = async (terminal: Terminal, options: JudgeOptions): Promise<readonly string[]> => {
  if (options.since === undefined) return [];
  const index = await openIndex(options, terminal);
  const runs = index.search({ since: options.since, limit: Number.MAX_SAFE_INTEGER });
  index.close();
  return runs.map(({ runId }) => join(runsDirectoryOf(options), runId)).reverse();
};

const judgeOne = async (context: VerbContext, target: string, options: JudgeOptions): Promise<Case> => {
  const inRuns = () => join(runsDirectoryOf(options), target);
  if (existsSync(target) && !statSync(target).isDirectory())
    return judgeCapture(target, loadPlan(options.plan ?? context.composition.defaults.planPath), options.mac);
  const folder = existsSync(target) ? target : inRuns();
  if (!existsSync(folder))
    throw new BenchError('USAGE', `"${target}" is no file, no run folder, and no run in ${runsDirectoryOf(options)}`);
  return judgeRun(folder, options.plan);
};

const judgeRun = async (folder: string, planPath: string | undefined): Promise<Case> => {
  const before = await readRecord(folder);
  const plan = loadPlan(planPath ?? join(folder, runFiles.plan));
  const { events } = await readTimeline(join(folder, runFiles.timeline));
  const judged = replay({
    plan: plan.plan,
    events,
    frames: storedFrames(join(folder, runFiles.capture)),
    reader: createObserver(),
  });
  return { source: before.runId, phone: null, plan, judged, before };
};

/** The capture of a run has the timeline's own stamps, and says which way each frame went. */
function* storedFrames(path: string): Generator<ReplayFrame> {
  for (const { bytes, timestampUs, number, direction } of ethernetFrames(path))
    yield { bytes, atUs: timestampUs, number, direction };
}

const judgeCapture = (path: string, plan: LoadedPlan, wanted: string | undefined): Case => {
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

const changesOf = ({ judged, before }: Case): readonly Change[] =>
  before === null
    ? []
    : judged.results.flatMap((after) => {
        const was = before.stages.find(({ stage }) => stage === after.stage);
        if (was === undefined || isSame(was, after)) return [];
        return [{ stage: after.stage, before: was.verdict, after: after.verdict, cause: after.cause }];
      });

const isSame = (one: StageResult, other: StageResult): boolean =>
  one.verdict === other.verdict && one.blame === other.blame && one.cause === other.cause;

const jsonOf = (one: Case, strict: boolean): object => {
  const { source, phone, plan, judged, before } = one;
  return {
    source,
    ...(phone === null ? {} : { phone: { mac: phone.mac, name: phone.name, platform: phone.platform } }),
    plan: { name: plan.plan.name, hash: plan.hash },
    ...judged.run,
    exitCode: judged.exitCode({ strict }),
    stages: judged.results,
    ...(before === null ? {} : { before: { verdict: before.verdict, cause: before.cause }, changes: changesOf(one) }),
    story: phoneStory(judged.events),
  };
};

const colours = {
  pass: 'green',
  marginal: 'yellow',
  fail: 'red',
  error: 'blue',
  skipped: 'grey',
  'not-reached': 'grey',
} as const;

const tellWhole = (terminal: Terminal, one: Case): void => {
  const { paint } = terminal;
  const { source, phone, plan, judged, before } = one;
  const who = phone === null ? '' : `  ${[phone.mac, phone.name, phone.platform].filter(Boolean).join(', ')}`;
  terminal.line(`${paint('bold', source)}${who}  ${paint('grey', `(plan ${plan.plan.name})`)}`);
  const story = phoneStory(judged.events);
  if (phone !== null) for (const line of story) terminal.line(paint('grey', `  ${line}`));
  terminal.line('');
  tellStages(terminal, judged.results);
  terminal.line('');
  terminal.line(`${paint(colours[judged.run.verdict], judged.run.verdict.toUpperCase())}  ${judged.run.cause}`);
  if (before === null) return;
  const changes = changesOf(one);
  if (changes.length === 0) terminal.line(paint('grey', 'as it was judged before'));
  for (const change of changes) terminal.line(changeLine(terminal, change));
};

const tellLine = (terminal: Terminal, one: Case): void => {
  const { run } = one.judged;
  const changes = changesOf(one);
  const verdict = terminal.paint(colours[run.verdict], run.verdict.padEnd(11));
  terminal.line(`${one.source}  ${verdict} ${run.cause}`);
  for (const change of changes) terminal.line(changeLine(terminal, change));
};

const changeLine = ({ paint }: Terminal, { stage, before, after, cause }: Change): string =>
  `  ${paint('bold', 'changed')} ${stage.padEnd(13)} ${before} -> ${paint(colours[after], after)}  ${cause}`;
