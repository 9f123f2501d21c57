import type { RunRecord } from '../records/record.js';
import type { Measurement, StageResult } from '../stages/judge.js';
import type { PromptResult } from '../stages/prompts.js';
import { escapeText } from './markup.js';
import { limitsText, valueText } from './measurement-text.js';

const attributes = (values: Readonly<Record<string, string | number>>): string =>
  Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeText(value)}"`)
    .join('');

const seconds = (microseconds: number): string => (microseconds / 1e6).toFixed(3);

const durationOf = ({ beganAtUs, endedAtUs }: StageResult): string =>
  seconds(beganAtUs === null || endedAtUs === null ? 0 : Math.max(0, endedAtUs - beganAtUs));

const measurementLine = (measurement: Measurement): string =>
  `${measurement.name} = ${valueText(measurement.value, measurement.unit)} (${limitsText(measurement)}) ${measurement.verdict}`;

type Decided = Pick<StageResult, 'verdict' | 'blame' | 'cause' | 'nextAction' | 'evidence'>;

const explanation = (stage: Decided): string =>
  [
    stage.cause,
    ...(stage.nextAction === '' ? [] : [`Next: ${stage.nextAction}`]),
    ...(stage.evidence.length === 0 ? [] : [`Evidence: events ${stage.evidence.join(', ')}`]),
  ].join('\n');

const outcomeOf = (stage: Decided): string => {
  const body = escapeText(explanation(stage));
  switch (stage.verdict) {
    case 'fail':
      return `<failure${attributes({ type: 'phone', message: stage.cause })}>${body}</failure>`;
    case 'error':
      return `<error${attributes({ type: stage.blame ?? 'bench', message: stage.cause })}>${body}</error>`;
    case 'skipped':
    case 'not-reached':
      return `<skipped${attributes({ message: `${stage.verdict}: ${stage.cause}` })}/>`;
    case 'pass':
    case 'marginal':
      return '';
  }
};

const testCase = (record: RunRecord, stage: StageResult): string => {
  const output = [
    `verdict: ${stage.verdict}`,
    ...stage.measurements.map(measurementLine),
    ...(stage.notMeasured ?? []).map(({ name, reason }) => `${name}: skipped: ${reason}`),
  ].join('\n');
  const name = attributes({ classname: `linkpulse.${record.plan.name}`, name: stage.stage, time: durationOf(stage) });
  const body = [outcomeOf(stage), `<system-out>${escapeText(output)}</system-out>`].filter((part) => part !== '');
  return `    <testcase${name}>\n      ${body.join('\n      ')}\n    </testcase>`;
};

const promptCase = (record: RunRecord, prompt: PromptResult): string => {
  const { id, question, answer, by, where, askedAtUs, answeredAtUs } = prompt;
  const took = askedAtUs === null || answeredAtUs === null ? 0 : answeredAtUs - askedAtUs;
  const name = attributes({ classname: `linkpulse.${record.plan.name}`, name: `prompt ${id}`, time: seconds(took) });
  const output = [question, answer === null ? 'not answered' : `${answer} (${by}, ${where})`].join('\n');
  const body = [outcomeOf(prompt), `<system-out>${escapeText(output)}</system-out>`].filter((part) => part !== '');
  return `    <testcase${name}>\n      ${body.join('\n      ')}\n    </testcase>`;
};

const properties = (record: RunRecord): string =>
  Object.entries({
    run: record.runId,
    station: record.station,
    port: record.port,
    verdict: record.verdict,
    blame: record.blame ?? '',
    cause: record.cause,
    exit: record.exitCode,
    golden: record.golden == null ? '' : (record.golden.fault ?? 'known phone'),
    limited: record.limited.join('; '),
    attempt: record.attempt?.number ?? 1,
    'attempt.first': record.attempt?.first ?? record.runId,
    'power.method': (record.power.fed ?? record.power.asked).method,
    'power.pairs': (record.power.fed ?? record.power.asked).pins ?? record.power.asked.polarity,
    'phone.serial': record.phone.serial ?? '',
    'phone.deviceId': record.phone.deviceId ?? '',
    'phone.mac': record.phone.mac ?? '',
    'phone.platform': record.phone.platform ?? '',
    'phone.load': record.phone.load ?? '',
    'board.serial': record.board?.serial ?? '',
    'plan.name': record.plan.name,
    'plan.sha256': record.plan.hash,
    'version.linkpulse': record.versions.linkpulse,
    'version.node': record.versions.node,
    'version.kernel': record.versions.kernel,
    'version.firmware': record.versions.firmware ?? '',
  })
    .map(([name, value]) => `      <property${attributes({ name, value })}/>`)
    .join('\n');

/** JUnit XML, one test case per stage and question: `failure` is the phone's, `error` anybody else's. */
export const junitReport = (record: RunRecord): string => {
  const { stages, prompts = [] } = record;
  const count = (...verdicts: readonly StageResult['verdict'][]): number =>
    [...stages, ...prompts].filter(({ verdict }) => verdicts.includes(verdict)).length;
  // A run may be an error of the bench although no stage is (interrupted, or the record could not be written).
  const runError =
    record.verdict === 'error' && count('error') === 0
      ? `    <testcase${attributes({ classname: `linkpulse.${record.plan.name}`, name: 'run', time: '0.000' })}>
      <error${attributes({ type: record.blame ?? 'bench', message: record.cause })}>${escapeText(record.nextAction)}</error>
    </testcase>`
      : '';
  const suite = attributes({
    name: `linkpulse ${record.plan.name}`,
    tests: stages.length + prompts.length + (runError === '' ? 0 : 1),
    failures: count('fail'),
    errors: count('error') + (runError === '' ? 0 : 1),
    skipped: count('skipped', 'not-reached'),
    time: (record.durationMs / 1000).toFixed(3),
    timestamp: record.startedAt.replace(/\.\d+Z$/, 'Z'),
    hostname: record.station,
  });
  const cases = [
    ...stages.map((stage) => testCase(record, stage)),
    ...prompts.map((prompt) => promptCase(record, prompt)),
    runError,
  ].filter((part) => part !== '');
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite${suite}>
    <properties>
${properties(record)}
    </properties>
${cases.join('\n')}
  </testsuite>
</testsuites>
`;
};
