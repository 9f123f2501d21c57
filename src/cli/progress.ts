import type { RunOutcome, RunWatcher, SharedWait } from '../bench/runner.js';
import { lateOn } from '../records/attempt.js';
import { describeFact } from '../reports/describe-fact.js';
import { limitsText, valueText } from '../reports/measurement-text.js';
import type { Measurement, StageName, StageResult, StageVerdict } from '../stages/judge.js';
import type { PromptResult } from '../stages/prompts.js';
import { whoHas } from '../station/leases.js';
import type { Paint, Terminal } from './terminal.js';

const marks: Readonly<Record<StageVerdict, { mark: string; colour: 'green' | 'yellow' | 'red' | 'blue' | 'grey' }>> = {
  pass: { mark: '✔', colour: 'green' },
  marginal: { mark: '≈', colour: 'yellow' },
  fail: { mark: '✘', colour: 'red' },
  error: { mark: '!', colour: 'blue' },
  skipped: { mark: '–', colour: 'grey' },
  'not-reached': { mark: '·', colour: 'grey' },
};

const seconds = (us: number): string => `${(us / 1_000_000).toFixed(2)} s`;

/** The unit stands with the value. */
const nameInWords = (name: string): string =>
  name
    .replace(/^\w+\.|(Ms|Ns|Milliwatts|Milliamps|Ohms)$/g, '')
    .replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    .replace(/\b(cdp|lldp|ack)\b/, (word) => word.toUpperCase());

const measurementLine = ({ name, value, unit, limits }: Measurement): string =>
  `${nameInWords(name).padEnd(20)} ${valueText(value, unit).padStart(9)}   ${limitsText({ limits, unit })}`;

export const waitWords = ({ shared, ...has }: SharedWait): string => `waits for ${shared}, taken by ${whoHas(has)}`;

/** Live progress for a person: a line per stage as it is decided, the latest event below, the whole story at the end. */
export const createProgress = (terminal: Terminal): RunWatcher & { finished(outcome: RunOutcome): void } => {
  const { paint } = terminal;
  let pacing = '';
  const told = new Map<StageName, string>();
  const tellStage = (result: StageResult) => {
    const line = `${result.verdict}${result.cause}`;
    if (told.get(result.stage) === line) return;
    told.set(result.stage, line);
    terminal.line(`  ${stageLine(paint, result)}`);
  };
  return {
    started: (run) => {
      terminal.line(
        `${paint('bold', 'Linkpulse')}  ${run.plan.title}  ${paint('grey', `(plan ${run.plan.name}, port ${run.port})`)}`,
      );
      const which = run.attempt === null ? '' : `, attempt ${run.attempt.number} of at most ${run.attempt.of}`;
      terminal.line(paint('grey', `run ${run.runId}${which}`));
      for (const limit of run.limited) terminal.line(paint('yellow', `  limited: ${limit}`));
    },
    waiting: (wait) => terminal.line(waitWords(wait)),
    event: (event, results) => {
      const decided = results().filter((result) => result.endedAtUs !== null || result.verdict === 'skipped');
      for (const result of decided) if (!told.has(result.stage)) tellStage(result);
      // Who sits here is asked it below.
      const isToldBelow = event.fact.kind === 'prompt' && terminal.isInteractive;
      if ((event.fact.kind === 'prompt' && !isToldBelow) || event.fact.kind === 'prompt-answer')
        terminal.line(`  ${describeFact(event.fact)}`);
      if (event.fact.kind === 'supply-wait' || event.fact.kind === 'bridged')
        terminal.line(paint('yellow', `  ${describeFact(event.fact)}`));
      if (event.fact.kind === 'simulated-time') pacing = describeFact(event.fact);
      terminal.passing(paint('grey', `  ${seconds(event.atUs).padStart(8)}  ${describeFact(event.fact)}`));
    },
    again: ({ record }) => {
      told.clear();
      terminal.line(`  ${verdictLine(paint, record)}  ${record.cause}`);
    },
    finished: ({ record, folder }) => {
      terminal.line('');
      tellStages(terminal, record.stages);
      tellPrompts(terminal, record.prompts ?? []);
      terminal.line('');
      for (const [index, { runId, verdict, blame, cause }] of (record.attempt?.earlier ?? []).entries()) {
        const who = blame === null ? '' : ` (${blame})`;
        terminal.line(`attempt ${index + 1}  ${verdict}${who}  ${paint('grey', runId)}  ${cause}`);
      }
      terminal.line(verdictLine(paint, record));
      for (const limit of record.limited) terminal.line(`  not proven: ${limit}`);
      if (pacing !== '') terminal.line(paint('grey', pacing));
      terminal.line(`${paint('grey', 'report')}  ${folder}/report.html`);
      terminal.line(`${paint('grey', 'record')}  ${folder}`);
    },
  };
};

/** The six stages, each with what was measured and what to do next. */
export const tellStages = (terminal: Terminal, stages: readonly StageResult[]): void => {
  const { paint } = terminal;
  for (const result of stages) {
    terminal.line(stageLine(paint, result));
    for (const measurement of result.measurements) {
      const colour = measurement.verdict === 'pass' ? 'grey' : marks[measurement.verdict].colour;
      terminal.line(paint(colour, `      ${measurementLine(measurement)}`));
    }
    for (const { name, reason } of result.notMeasured ?? [])
      terminal.line(paint('grey', `      ${nameInWords(name).padEnd(20)}  skipped: ${reason}`));
    if (result.nextAction !== '') terminal.line(`      ${paint('bold', 'next:')} ${result.nextAction}`);
  }
};

/** What the operator was asked, each with what became of it. */
export const tellPrompts = (terminal: Terminal, prompts: readonly PromptResult[]): void => {
  const { paint } = terminal;
  for (const { question, verdict, cause, nextAction } of prompts) {
    const { mark, colour } = marks[verdict];
    terminal.line(`${paint(colour, mark)} ${question}  ${paint(colour, verdict)}  ${cause}`);
    if (nextAction !== '') terminal.line(`      ${paint('bold', 'next:')} ${nextAction}`);
  }
};

const stageLine = (paint: Paint, result: StageResult): string => {
  const { mark, colour } = marks[result.verdict];
  const took =
    result.beganAtUs === null || result.endedAtUs === null ? '' : seconds(result.endedAtUs - result.beganAtUs);
  return `${paint(colour, mark)} ${result.stage.padEnd(13)}${took.padStart(8)}  ${paint(colour, result.verdict.padEnd(9))} ${result.cause}`;
};

const verdictLine = (paint: Paint, record: RunOutcome['record']): string => {
  const late = lateOn(record);
  const limited = `${late === null ? '' : ` ON ATTEMPT ${late}`}${record.limited.length > 0 ? ' (limited)' : ''}`;
  const exit = paint('grey', `  exit ${record.exitCode}`);
  switch (record.verdict) {
    case 'pass':
      return paint(late === null ? 'green' : 'yellow', paint('bold', `PASS${limited}`)) + exit;
    case 'marginal':
      return paint('yellow', paint('bold', `MARGINAL${limited}`)) + exit;
    case 'fail':
      return paint('red', paint('bold', 'FAIL: this phone')) + exit;
    default:
      return paint('blue', paint('bold', `BENCH PROBLEM (${record.blame ?? 'bench'}), do not bin this phone`)) + exit;
  }
};
