/** One run: verdict, what to do, stages, measurements with their limits. Its evidence lies at its station. */
import { limitText } from '/common/histogram.js';
import { classes, html } from '/common/html.js';
import { nameOf, said } from '/common/measurements.js';
import { Shape } from '/common/shapes.js';
import { Failure, Loading, useAnswer } from './asking.js';
import { VerdictSign } from './signs.js';
import { t } from './texts.js';
import { utc } from './times.js';

const signOf = { pass: '✓', marginal: '≈', fail: '✕', error: '!', skipped: '–', 'not-reached': '' };
const seconds = (us) => `${(us / 1e6).toFixed(2)} s`;

const limitsOf = ({ limits, unit }) => {
  if (limits === null) return '–';
  const { marginalMin, marginalMax } = limits;
  const close = limitText(
    {
      ...(marginalMin === undefined ? {} : { min: marginalMin }),
      ...(marginalMax === undefined ? {} : { max: marginalMax }),
    },
    unit,
  );
  const bounds = limitText(limits, unit).replace('  ', ', ');
  return html`${bounds}${close !== '' && html` <small>${t('record.close', { limits: close.replace('  ', ', ') })}</small>`}`;
};

/** Under `page`, whose own address may have a path. */
const reportOf = (page, runId) =>
  /^https?:\/\//.test(page ?? '')
    ? new URL(`api/v1/runs/${encodeURIComponent(runId)}/report.html`, page.replace(/\/?$/, '/')).href
    : null;

const Fact = ({ name, value }) =>
  value === null || value === undefined || value === '' ? null : html`<div><dt>${t(name)}</dt><dd>${value}</dd></div>`;

const Head = ({ record, model, report }) => {
  const { verdict, blame, cause, nextAction, phone } = record;
  const shape = verdict === 'error' ? 'bench' : verdict;
  return html`<section class=${classes('card', 'record-head', `is-${verdict}`)} data-verdict=${verdict}>
    <${Shape} of=${shape} />
    <div class="record-words">
      <h1>${t(`run.${verdict}`)}${blame !== null && html` <small>${t(`blame.${blame}`)}</small>`}${record.golden != null && html` <small>${t('past.golden')}</small>`}</h1>
      <p lang="en">${cause}</p>
      ${nextAction !== '' && html`<p class="record-action" lang="en"><b>${t('record.next')}</b> ${nextAction}</p>`}
      ${
        report === null
          ? html`<p class="past-quiet">${t('record.noPage', { station: record.station })}</p>`
          : html`<p><a class="record-report" href=${report} target="_blank" rel="noreferrer">${t('record.report', { station: record.station })} ↗</a></p>`
      }
    </div>
    <dl class="record-facts">
      <${Fact} name="field.serial" value=${phone.serial} />
      <${Fact} name="field.mac" value=${phone.mac} />
      <${Fact} name="record.device" value=${phone.deviceId} />
      <${Fact} name="field.model" value=${model ?? phone.platform} />
      <${Fact} name="record.load" value=${phone.load} />
      <${Fact} name="field.station" value=${`${record.station} · ${record.port}`} />
      <${Fact} name="field.plan" value=${record.plan.title === '' ? record.plan.name : `${record.plan.name}: ${record.plan.title}`} />
      <${Fact} name="head.time" value=${`${utc(record.startedAt)} (${(record.durationMs / 1000).toFixed(1)} s)`} />
      ${record.attempt != null && html`<${Fact} name="record.attempt" value=${t('attempt.now', { number: record.attempt.number, of: record.attempt.of })} />`}
      <${Fact} name="record.id" value=${record.runId} />
    </dl>
  </section>`;
};

const Stage = ({ of }) => {
  const took = of.beganAtUs !== null && of.endedAtUs !== null ? seconds(of.endedAtUs - of.beganAtUs) : '';
  return html`<li class=${classes('record-stage', `is-${of.verdict}`)} data-stage=${of.stage} data-verdict=${of.verdict}>
    <span class="record-sign" aria-hidden="true">${signOf[of.verdict]}</span>
    <b>${t(`stage.${of.stage}`)}</b>
    <span class="record-stage-verdict">${t(`stageVerdict.${of.verdict}`)}</span>
    <span class="record-took">${took}</span>
    <p lang="en">${of.cause}</p>
  </li>`;
};

const Measurements = ({ measurements }) => html`<section class="card">
  <h2>${t('past.measurements')}</h2>
  <div class="wide"><table class="past-table">
    <thead><tr><th scope="col">${t('field.measurement')}</th><th scope="col" class="is-number">${t('record.value')}</th><th scope="col">${t('record.limits')}</th><th scope="col">${t('head.verdict')}</th></tr></thead>
    <tbody>${measurements.map(
      (each) => html`<tr key=${each.name} data-measurement=${each.name} data-verdict=${each.verdict}>
      <th scope="row">${nameOf(each.name)}</th>
      <td class="is-number">${said(each.value, each.unit)}</td>
      <td>${limitsOf(each)}</td>
      <td><${VerdictSign} of=${each.verdict} /> ${t(`run.${each.verdict}`)}</td>
    </tr>`,
    )}</tbody>
  </table></div>
</section>`;

export const Record = ({ station, runId }) => {
  const { answer, error } = useAnswer(`/runs/${encodeURIComponent(station)}/${encodeURIComponent(runId)}`);
  return html`<main class="past record" data-view="record" data-state=${error === null ? (answer === null ? 'loading' : 'ready') : 'failed'}>
    <p><a href="#/records" onClick=${(event) => {
      if (history.length < 2) return;
      event.preventDefault();
      history.back();
    }}>← ${t('record.back')}</a></p>
    ${error !== null && html`<${Failure} error=${error} />`}
    ${error === null && answer === null && html`<${Loading} />`}
    ${
      answer !== null &&
      html`<${Head} record=${answer.record} model=${answer.model} report=${reportOf(answer.page, runId)} />
      <section class="card"><h2>${t('record.stages')}</h2><ol class="record-stages">${answer.record.stages.map((stage) => html`<${Stage} key=${stage.stage} of=${stage} />`)}</ol></section>
      <${Measurements} measurements=${answer.record.measurements} />`
    }
  </main>`;
};
