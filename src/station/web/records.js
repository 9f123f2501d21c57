/** The records: search, and every form in which a run can be handed on. */
import { classes, html } from './html.js';
import { measurementNames } from './measurements.js';
import { PastForm } from './past-form.js';
import { apiQuery } from './past-query.js';
import { t } from './texts.js';

const pageRuns = 100;
const mostRuns = 1000;

const Form = ({ query, plans, ports, onAsk }) => {
  const fields = [
    { name: 'serial' },
    { name: 'mac' },
    { name: 'model' },
    { name: 'since', type: 'date' },
    { name: 'until', type: 'date' },
    { name: 'verdict', options: ['pass', 'marginal', 'fail', 'error'], prefix: 'run' },
    { name: 'blame', options: ['phone', 'power', 'network', 'config', 'bench', 'operator'], prefix: 'blame' },
    { name: 'measurement', options: measurementNames, prefix: 'measurement' },
    { name: 'min', type: 'number' },
    { name: 'max', type: 'number' },
    { name: 'plan', options: plans.map(({ name }) => name) },
    { name: 'port', options: ports },
    { name: 'text' },
  ];
  return html`<${PastForm} query=${query} fields=${fields} onAsk=${onAsk} />`;
};

const file = (runId, path) => `/api/v1/runs/${encodeURIComponent(runId)}/${path}`;
const time = (startedAt) => `${startedAt.slice(0, 10)} ${startedAt.slice(11, 19)}`;

const Row = ({ run }) => {
  const { runId, verdict, blame, cause } = run;
  const phone = [run.serial, run.deviceId ?? run.mac].filter(Boolean).join(' · ');
  return html`<tr data-run=${runId} data-verdict=${verdict}>
    <td class="past-time"><time datetime=${run.startedAt}>${time(run.startedAt)}</time></td>
    <td><span class=${classes('past-verdict', `is-${verdict}`)}>${t(`run.${verdict}`)}</span>${run.attempt > 1 && html` <small>${t('past.attempt', { number: run.attempt })}</small>`}</td>
    <td>${phone === '' ? '–' : phone}<small>${[run.model ?? run.platform, run.plan, run.port].filter(Boolean).join(' · ')}</small></td>
    <td class="past-cause" lang="en">${blame !== null && html`<b>${t(`blame.${blame}`)}: </b>`}${run.golden && html`<b>${t('past.golden')} ${run.goldenFault}: </b>`}${cause}</td>
    <td class="past-files">
      <a href=${file(runId, 'report.html')} target="_blank" rel="noreferrer">${t('past.report')}</a>
      <a href=${file(runId, 'download/pdf')} download>PDF</a>
      <a href=${file(runId, 'download/csv')} download>CSV</a>
      <a href=${file(runId, 'download/bundle')} download>${t('past.bundle')}</a>
    </td>
  </tr>`;
};

const Answer = ({ answer, query, onAsk }) => {
  const limit = Number(query.limit ?? pageRuns);
  if (answer.length === 0) return html`<p class="past-quiet" role="status">${t('past.none')}</p>`;
  const found = apiQuery({ ...query, limit: '' });
  return html`<section>
    <p class="past-all">${t('past.all')}
      <a href=${`/api/v1/downloads/measurements.csv?${found}`} download>CSV</a>
      <a href=${`/api/v1/downloads/evidence.tar.gz?${found}`} download>${t('past.bundle')}</a>
    </p>
    <table class="past-table">
      <thead><tr>${['time', 'verdict', 'phone', 'cause', 'files'].map((name) => html`<th key=${name} scope="col">${t(`head.${name}`)}</th>`)}</tr></thead>
      <tbody>${answer.map((run) => html`<${Row} key=${run.runId} run=${run} />`)}</tbody>
    </table>
    ${answer.length === limit && limit < mostRuns && html`<button type="button" onClick=${() => onAsk({ ...query, limit: String(Math.min(mostRuns, limit * 3)) })}>${t('past.more', { count: limit })}</button>`}
  </section>`;
};

export const Records = { Form, Answer };
