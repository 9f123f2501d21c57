import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { BenchError } from '../errors.js';
import { loadPlan } from '../plan/load-plan.js';
import { exitCodes } from '../stages/exit-code.js';
import type { Case, Change } from './judge-case.js';
import { changesOf, jsonOf, judgeCapture, judgeRun } from './judge-case.js';
import { phoneStory } from './judge-words.js';
import { tellPrompts, tellStages } from './progress.js';
import { openIndex, type RecordsOptions, runsDirectoryOf } from './records-place.js';
import { moment } from './records-search.js';
import { rejudge } from './rejudge.js';
import type { Terminal } from './terminal.js';
import type { RegisterVerb, VerbContext } from './verb.js';

interface JudgeOptions extends RecordsOptions {
  readonly plan?: string;
  readonly mac?: string;
  readonly since?: string;
  readonly strict: boolean;
  readonly all: boolean;
}

export const registerJudge: RegisterVerb = (program, context) => {
  const { clock, defaults } = context.composition;
  program
    .command('judge')
    .description('the six stages once more: on a capture taken anywhere, or on stored runs under other limits')
    .argument('[file-or-run...]', 'capture files, run folders, or ids of runs: judged by their frames')
    .option('--plan <file>', 'judge by this plan (captures: the shipped one where left out; runs: their own)')
    .option('--mac <mac>', 'the phone to judge, in a capture of several')
    .option(
      '--since <when>',
      'every run since a date, or 36h, 14d, 2w ago: judged by their timelines, in processes of low priority',
      moment(() => clock.wallClock()),
    )
    .option('--strict', 'marginal counts as fail', false)
    .option('--all', 'with --since: also the runs that are judged as before', false)
    .option('--bench <file>', 'bench file: its runs folder is used', defaults.benchPath)
    .option('--runs <folder>', 'a runs folder, instead of the bench file’s')
    .option('--json', 'one JSON object per phone or run instead of text', false)
    .action((named: readonly string[], options: JudgeOptions) => judgeVerb(context, named, options));
};

const judgeVerb = async (context: VerbContext, named: readonly string[], options: JudgeOptions): Promise<void> => {
  if (named.length === 0 && options.since === undefined)
    throw new BenchError('USAGE', 'nothing to judge: name a capture file or a run, or --since');
  const worst = Math.max(await judgeNamed(context, named, options), await judgeSince(context, options));
  context.done(context.signal.aborted ? exitCodes.interrupted : worst);
};

const judgeNamed = async (context: VerbContext, named: readonly string[], options: JudgeOptions): Promise<number> => {
  const { terminal } = context.composition;
  const isOne = named.length === 1;
  let changed = 0;
  let worst: number = exitCodes.good;
  for (const target of named) {
    const one = await judgeOne(context, target, options);
    if (changesOf(one).length > 0) changed += 1;
    worst = Math.max(worst, one.judged.exitCode({ strict: options.strict }));
    if (options.json) terminal.line(JSON.stringify(jsonOf(one, options.strict)));
    else if (isOne) tellWhole(terminal, one);
    else {
      tellLine(terminal, one.source, one.judged.run);
      for (const change of changesOf(one)) terminal.line(changeLine(terminal, change));
    }
  }
  if (named.length > 1 && !options.json)
    terminal.line(terminal.paint('grey', `${named.length} judged, ${changed} judged otherwise than before`));
  return worst;
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

/** Runs, and how many of them changed their verdict from what to what; `words`: cause or blame alone is another. */
interface Tally {
  judged: number;
  words: number;
  unreadable: number;
  readonly verdicts: Map<string, number>;
}

const judgeSince = async ({ composition, signal }: VerbContext, options: JudgeOptions): Promise<number> => {
  if (options.since === undefined) return exitCodes.good;
  const { terminal } = composition;
  const index = await openIndex(options, terminal);
  const runs = index.search({ since: options.since }).toReversed();
  index.close();
  const directory = runsDirectoryOf(options);
  const tally: Tally = { judged: 0, words: 0, unreadable: 0, verdicts: new Map() };
  let worst: number = exitCodes.good;
  await rejudge({
    folders: runs.map(({ runId }) => join(directory, runId)),
    plan: options.plan,
    strict: options.strict,
    json: options.json,
    command: composition.commandLine(['judge-worker']),
    signal,
    onResult: (result, done) => {
      if ('problem' in result) {
        tally.unreadable += 1;
        worst = Math.max(worst, exitCodes.wentWrong);
        return terminal.error(`left out: ${result.folder} (${result.problem})`);
      }
      const { before, verdict, changes, text } = result;
      tally.judged += 1;
      worst = Math.max(worst, result.exitCode);
      const turn = `${before} -> ${verdict}`;
      if (before !== verdict) tally.verdicts.set(turn, (tally.verdicts.get(turn) ?? 0) + 1);
      else if (changes.length > 0) tally.words += 1;
      if (text !== undefined) terminal.line(text);
      else if (options.all || before !== verdict || changes.length > 0) {
        tellLine(terminal, result.source, result);
        // What was not reached any more is a consequence.
        for (const change of changes) if (change.after !== 'not-reached') terminal.line(changeLine(terminal, change));
      }
      terminal.passing(`judged ${done} of ${runs.length}`);
    },
  });
  if (options.json)
    terminal.line(JSON.stringify({ summary: { ...tally, verdicts: Object.fromEntries(tally.verdicts) } }));
  else tellTally(terminal, tally, runs.length);
  return worst;
};

const tellTally = ({ line, paint }: Terminal, tally: Tally, of: number): void => {
  const changed = [...tally.verdicts.values()].reduce((sum, count) => sum + count, 0);
  const turns = [...tally.verdicts].map(([turn, count]) => `${count} ${turn}`).join(', ');
  line(
    `${paint('bold', `${tally.judged} judged, ${changed} with another verdict`)}${turns === '' ? '' : ` (${turns})`}` +
      `${tally.words === 0 ? '' : `, ${tally.words} with the same verdict for another reason`}`,
  );
  if (tally.judged + tally.unreadable < of) line(paint('grey', `stopped: ${of} were asked for`));
};

const colours = {
  pass: 'green',
  marginal: 'yellow',
  fail: 'red',
  error: 'blue',
  skipped: 'grey',
  'not-reached': 'grey',
} as const;
const colourOf = (verdict: string) => colours[verdict as keyof typeof colours] ?? 'grey';

const tellWhole = (terminal: Terminal, one: Case): void => {
  const { paint } = terminal;
  const { source, phone, plan, judged, before } = one;
  const who = phone === null ? '' : `  ${[phone.mac, phone.name, phone.platform].filter(Boolean).join(', ')}`;
  terminal.line(`${paint('bold', source)}${who}  ${paint('grey', `(plan ${plan.plan.name})`)}`);
  const story = phoneStory(judged.events);
  if (phone !== null) for (const line of story) terminal.line(paint('grey', `  ${line}`));
  terminal.line('');
  tellStages(terminal, judged.results);
  tellPrompts(terminal, judged.prompts);
  terminal.line('');
  terminal.line(`${paint(colourOf(judged.run.verdict), judged.run.verdict.toUpperCase())}  ${judged.run.cause}`);
  if (before === null) return;
  const changes = changesOf(one);
  if (changes.length === 0) terminal.line(paint('grey', 'as it was judged before'));
  for (const change of changes) terminal.line(changeLine(terminal, change));
};

const tellLine = (
  { line, paint }: Terminal,
  source: string,
  { verdict, cause }: { readonly verdict: string; readonly cause: string },
): void => line(`${source}  ${paint(colourOf(verdict), verdict.padEnd(11))} ${cause}`);

const changeLine = ({ paint }: Terminal, { stage, before, after, cause }: Change): string =>
  `  ${paint('bold', 'changed')} ${stage.padEnd(13)} ${before} -> ${paint(colours[after], after)}  ${cause}`;
