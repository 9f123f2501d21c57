/** `report.html`: one file to hand on, without anything loaded from elsewhere and without scripts. */
import type { Plan } from '../plan/plan.js';
import type { RunRecord } from '../records/record.js';
import type { StageResult } from '../stages/judge.js';
import type { PromptResult } from '../stages/prompts.js';
import type { TimelineEvent } from '../timeline/events.js';
import { calibrationText } from './board-text.js';
import { currentCharts } from './current-chart.js';
import { eventsTable } from './events-table.js';
import { feedChart } from './feed-chart.js';
import { secondsText } from './figure.js';
import { flpChart } from './flp-chart.js';
import { type Insert, type Markup, markup, trusted } from './markup.js';
import { measurementTable } from './measurement-table.js';
import { valueText } from './measurement-text.js';
import { messageLadder } from './message-ladder.js';
import { styleSheet } from './style.js';
import { bannerOf, stageLooks, stageTitles } from './verdict-look.js';
import { waterfall } from './waterfall.js';

const section = (title: string, ...content: readonly Insert[]): Markup =>
  markup`<section><h2>${title}</h2>${content}</section>`;

const facts = (rows: readonly (readonly [string, Insert])[]): Markup =>
  markup`<dl>${rows.map(([term, value]): Markup => markup`<dt>${term}</dt><dd>${value === '' ? '–' : (value ?? '–')}</dd>`)}</dl>`;

const mostEvidence = 12;

const evidence = (numbers: readonly number[]): Markup | null => {
  if (numbers.length === 0) return null;
  const links = numbers.slice(0, mostEvidence).map((seq): Markup => markup` <a href="#e${seq}">${seq}</a>`);
  const more = numbers.length > mostEvidence ? ` and ${numbers.length - mostEvidence} more` : '';
  return markup`Evidence: events${links}${more}`;
};

const logo = trusted(
  '<svg viewBox="0 0 34 24" aria-hidden="true"><path d="M1 20H6V5H8V20H13V9H15V20H20V5H22V20H27V12H29V20H33" fill="none" stroke="var(--accent)" stroke-width="1.6"/></svg>',
);

/** `2026-11-23 03:15:02 UTC`. */
const whenText = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;

const top = (record: RunRecord): Markup =>
  markup`<div class="top"><div class="brand">${logo}<div>Linkpulse <span>IP phone test report</span></div></div><div class="when">${whenText(record.startedAt)}<br>Run <span class="mono">${record.runId}</span></div></div>`;

const banner = (record: RunRecord): Markup => {
  const { word, meaning } = bannerOf(record);
  const blame = record.blame === null ? '' : ` To blame: ${record.blame}.`;
  return markup`<div class="banner ${record.verdict}"><div class="word">${word}</div><div class="meaning">${meaning}${blame}</div><div class="cause">${record.cause}</div></div>`;
};

const took = (stage: StageResult): string =>
  stage.beganAtUs === null || stage.endedAtUs === null ? '' : secondsText(stage.endedAtUs - stage.beganAtUs);

const steps = (record: RunRecord): Markup =>
  markup`<ol class="steps">${record.stages.map((stage, index): Markup => {
    const { sign, label } = stageLooks[stage.verdict];
    return markup`<li class="is-${stage.verdict}"><a href="#${stage.stage}"><b>${index + 1} ${stageTitles[stage.stage]}</b><span><i>${sign} ${label}</i> ${took(stage)}</span></a></li>`;
  })}</ol>`;

const notes = (record: RunRecord): Markup => {
  const next =
    record.nextAction === ''
      ? null
      : markup`<div class="note is-${record.verdict}"><b>Next:</b> ${record.nextAction}</div>`;
  const limited =
    record.limited.length === 0
      ? null
      : markup`<div class="note is-marginal"><b>What this run did not prove:</b><ul>${record.limited.map((item): Markup => markup`<li>${item}</li>`)}</ul></div>`;
  const interrupted =
    record.interruptedBy === null
      ? null
      : markup`<div class="note is-error"><b>Interrupted</b> by ${record.interruptedBy}.</div>`;
  const fault =
    record.benchFault === null
      ? null
      : markup`<div class="note is-error"><b class="mono">${record.benchFault.code}</b> ${record.benchFault.message}. ${record.benchFault.remedy}</div>`;
  const cut =
    record.cutRun === null
      ? null
      : markup`<div class="note is-error"><b>This run was cut:</b> the daemon died; the record was completed on ${whenText(record.cutRun.completedAt)}.</div>`;
  const golden =
    record.golden == null
      ? null
      : markup`<div class="note"><b>Golden run:</b> it tests the bench and judges no phone. ${record.golden.fault === null ? 'The phone is one that is known to be good.' : `Fault on purpose: ${record.golden.fault}.`}</div>`;
  return markup`${golden}${next}${limited}${interrupted}${fault}${cut}`;
};

const powerOffText = ({ powerOff }: RunRecord): string => {
  if (powerOff === null) return 'never on';
  const safe =
    powerOff.jackSafeMs === null ? 'jack not seen safe' : `jack safe after ${valueText(powerOff.jackSafeMs, 'ms')}`;
  const open =
    powerOff.switchOffMs === null ? 'switch open' : `switch open within ${valueText(powerOff.switchOffMs, 'ms')}`;
  return `${powerOff.cause}: ${open}, ${safe}`;
};

const boardText = ({ serial, revision, firmware }: NonNullable<RunRecord['board']>): string =>
  firmware === null
    ? [serial, 'driven by its discrete lines'].filter((part) => part !== '').join(', ')
    : `${serial}, revision ${revision}, firmware ${firmware}`;

const feedText = ({ power: { asked, fed } }: RunRecord): string => {
  const wanted = `${asked.method}, ${asked.pairs} pairs ${asked.pins ?? 'by method'}`;
  if (fed === null) return `asked for ${wanted}; never fed`;
  const given = `${fed.method}, ${fed.pairs} pairs ${fed.pins ?? ''}`;
  return given === wanted ? given : `${given} (asked for ${wanted})`;
};

/** First pass and final result apart; null: the plan gives one attempt. */
const attemptText = ({ attempt, verdict }: RunRecord): Markup | null =>
  attempt == null
    ? null
    : markup`${attempt.number} of at most ${attempt.of}; ${attempt.earlier.map(
        (one, index) =>
          markup`attempt ${index + 1}: <a href="../${one.runId}/report.html">${one.verdict}</a> (${one.cause}) `,
      )}first pass: <b>${attempt.earlier[0]?.verdict ?? verdict}</b>, final: <b>${verdict}</b>`;

const identity = (record: RunRecord): Markup => {
  const { phone, board } = record;
  const unknown = Object.values(phone).every((value) => value == null);
  return markup`<div class="facts">${section(
    'Phone',
    unknown
      ? markup`<p class="muted">The phone never said who it is.</p>`
      : facts([
          ['Serial number', phone.serial == null ? null : markup`<b class="mono">${phone.serial}</b>`],
          ['MAC on the label', phone.labelMac == null ? null : markup`<span class="mono">${phone.labelMac}</span>`],
          ['Device id', phone.deviceId === null ? null : markup`<b class="mono">${phone.deviceId}</b>`],
          ['MAC address', phone.mac === null ? null : markup`<span class="mono">${phone.mac}</span>`],
          ['Model', phone.platform],
          ['Firmware load', phone.load === null ? null : markup`<span class="mono">${phone.load}</span>`],
          ['Vendor class', phone.vendorClass],
          ['Address used', phone.address],
        ]),
  )}${section(
    'Test',
    facts([
      ['Plan', record.plan.title],
      ['Station, port', `${record.station}, ${record.port}`],
      ['Board', board === null ? null : boardText(board)],
      ['Calibrated', calibrationText(board)],
      ['Duration', `${(record.durationMs / 1000).toFixed(1)} s`],
      ['Attempt', attemptText(record)],
      ['Power', feedText(record)],
      ['Power off', powerOffText(record)],
      ['Exit code', record.exitCode],
    ]),
  )}</div>`;
};

const stageDetail = (stage: StageResult, index: number): Markup => {
  const { label } = stageLooks[stage.verdict];
  const blame = stage.blame === null ? '' : `: ${stage.blame}`;
  const from = stage.beganAtUs === null ? [] : [`starting at ${secondsText(stage.beganAtUs)}`];
  const when = [...(took(stage) === '' ? [] : [took(stage)]), ...from].join(', ');
  return markup`<article class="stage is-${stage.verdict}" id="${stage.stage}"><header><h3>${index + 1} ${stageTitles[stage.stage]}</h3><span class="chip">${label}${blame}</span><span class="took">${when}</span></header><p>${stage.cause}</p>${
    stage.nextAction === '' ? null : markup`<p class="next"><span>Next:</span> ${stage.nextAction}</p>`
  }${measurementTable(stage)}<p class="events">${evidence(stage.evidence)}</p></article>`;
};

const answered = ({ answer, by, where, askedAtUs, answeredAtUs }: PromptResult): string =>
  answer === null || askedAtUs === null || answeredAtUs === null
    ? ''
    : `${answer}, ${by}, ${where}, after ${secondsText(answeredAtUs - askedAtUs)}`;

const promptDetail = (prompt: PromptResult): Markup => {
  const { label } = stageLooks[prompt.verdict];
  const blame = prompt.blame === null ? '' : `: ${prompt.blame}`;
  return markup`<article class="stage is-${prompt.verdict}"><header><h3>${prompt.question}</h3><span class="chip">${label}${blame}</span><span class="took">${answered(prompt)}</span></header><p>${prompt.cause}</p>${
    prompt.nextAction === '' ? null : markup`<p class="next"><span>Next:</span> ${prompt.nextAction}</p>`
  }<p class="events">${evidence(prompt.evidence)}</p></article>`;
};

const operatorsAnswers = ({ prompts = [] }: RunRecord): Markup | null =>
  prompts.length === 0 ? null : section('What the operator saw', prompts.map(promptDetail));

const current = (events: readonly TimelineEvent[], plan: Plan): Markup | null => {
  const { overTime, inrush } = currentCharts(events, plan);
  if (overTime === null && inrush === null) return null;
  const pair = markup`<div class="pair">${overTime}${inrush}</div>`;
  return section(
    'Current',
    markup`<figure>${pair}<figcaption>Left: current through the jack over the whole run. Right: charging of the phone’s capacitors just after power-on.</figcaption></figure>`,
  );
};

const feed = (events: readonly TimelineEvent[]): Markup | null => {
  const chart = feedChart(events);
  if (chart === undefined) return null;
  return section(
    'Detection and feed',
    markup`<figure class="wide">${chart}<figcaption>Left: what hangs on the jack at less than 10 V, as a resistance (slope between two points); green is a valid 802.3af signature. Right: the contacts that were fed.</figcaption></figure>`,
  );
};

const flp = (events: readonly TimelineEvent[]): Markup | null => {
  const chart = flpChart(events);
  if (chart === undefined) return null;
  const left = chart.left === 0 ? '' : ` ${chart.left} bursts between these are left out.`;
  return section(
    'Discovery by Fast Link Pulses',
    markup`<figure class="wide">${chart.drawing}<figcaption>Each burst carries a fresh random word. Grey: the 17 clock pulses; blue: data pulses, a one where there is a pulse. An unpowered phone’s relay sends exactly what was sent back.${left}</figcaption></figure>`,
  );
};

const versions = (record: RunRecord): Markup =>
  facts([
    ['Linkpulse', record.versions.linkpulse],
    ['Board firmware', record.versions.firmware],
    ['Node.js', record.versions.node],
    ['Kernel', record.versions.kernel],
    ['Events', `${record.events.total} in all, ${record.events.stored} stored`],
    [
      'In this folder',
      Object.values(record.files).map(
        (name, index): Markup => markup`${index === 0 ? '' : ', '}<a href="${name}">${name}</a>`,
      ),
    ],
  ]);

/** The whole page. `plan`: the plan the run was made by, for the limits in the drawings. */
export const htmlReport = (record: RunRecord, events: readonly TimelineEvent[], plan: Plan): string =>
  markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${bannerOf(record).word}: ${record.phone.deviceId ?? record.runId}</title>
<style>${trusted(styleSheet)}</style>
</head>
<body>
${top(record)}
${banner(record)}
${steps(record)}
${notes(record)}
${identity(record)}
${section('Start-up over time', markup`<figure class="wide">${waterfall(record, events)}</figure>`)}
${section('Stages', record.stages.map(stageDetail))}
${operatorsAnswers(record)}
${feed(events)}
${current(events, plan)}
${flp(events)}
${section('Conversation', messageLadder(events))}
${section('Plan', markup`<p class="hash muted">${record.plan.name}, SHA-256 <span class="mono">${record.plan.hash}</span></p><pre>${record.plan.text}</pre>`)}
${section('Made with', versions(record))}
${section('All events', eventsTable(events, record.events))}
<footer>Linkpulse ${record.versions.linkpulse}, run ${record.runId}. This page needs no network and holds no scripts.</footer>
</body>
</html>
`.markup;
