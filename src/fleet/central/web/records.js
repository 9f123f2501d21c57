/** Search over all records of the plant, a page at a time. */
import { classes, html } from '/common/html.js';
import { PastForm } from '/common/past-form.js';
import { apiQuery, Failure, Loading, useAnswer } from './asking.js';
import { addressOf, recordAddress } from './places.js';
import { t } from './texts.js';
import { utc } from './times.js';

const fields = [
  { name: 'text' },
  { name: 'serial' },
  { name: 'mac' },
  { name: 'verdict', options: ['pass', 'marginal', 'fail', 'error'], prefix: 'run' },
  { name: 'blame', options: ['phone', 'power', 'network', 'config', 'bench', 'operator'], prefix: 'blame' },
  { name: 'since', type: 'date' },
  { name: 'until', type: 'date' },
  { name: 'station' },
  { name: 'port' },
  { name: 'plan' },
  { name: 'model' },
];

const Row = ({ run }) => {
  const { station, runId, verdict, blame, cause } = run;
  const phone = [run.serial, run.deviceId ?? run.mac].filter(Boolean).join(' · ');
  return html`<tr data-run=${runId} data-verdict=${verdict}>
    <td class="past-time"><a href=${recordAddress(station, runId)}><time datetime=${run.startedAt}>${utc(run.startedAt)}</time></a></td>
    <td><span class=${classes('past-verdict', `is-${verdict}`)}>${t(`run.${verdict}`)}</span>${run.attempt > 1 && html` <small>${t('past.attempt', { number: run.attempt })}</small>`}</td>
    <td>${phone === '' ? '–' : phone}<small>${[run.model ?? run.platform, run.plan].filter(Boolean).join(' · ')}</small></td>
    <td>${station}<small>${run.port}</small></td>
    <td class="past-cause" lang="en">${blame !== null && html`<b>${t(`blame.${blame}`)}: </b>`}${run.golden && html`<b>${t('past.golden')}: </b>`}${cause}</td>
  </tr>`;
};

const Answer = ({ answer, query }) => {
  const { after, ...search } = query;
  const file = apiQuery(search);
  if (answer.runs.length === 0) return html`<p class="past-quiet" role="status">${t('past.none')}</p>`;
  const pages = html`<nav class="pages">
    ${after !== undefined && html`<a href=${addressOf('records', search)}>⇤ ${t('records.first')}</a>`}
    ${answer.next !== null && html`<a href=${addressOf('records', { ...search, after: answer.next })} data-page="next">${t('records.next')} →</a>`}
    <span class="gap"></span>
    <span>${t('past.all')} <a href=${`/api/v1/runs.csv?${file}`} download>CSV</a> · <a href=${`/api/v1/runs.json?${file}`} download>JSON</a></span>
  </nav>`;
  return html`<section class="found">
    ${pages}
    <div class="wide"><table class="past-table">
      <thead><tr>${['head.time', 'head.verdict', 'head.phone', 'field.station', 'head.cause'].map((name) => html`<th key=${name} scope="col">${t(name)}</th>`)}</tr></thead>
      <tbody>${answer.runs.map((run) => html`<${Row} key=${`${run.station} ${run.runId}`} run=${run} />`)}</tbody>
    </table></div>
    ${answer.runs.length > 20 && pages}
  </section>`;
};

export const Records = ({ query }) => {
  const { answer, error } = useAnswer(`/runs?${apiQuery({ limit: 100, ...query })}`);
  const { after: _, ...search } = query;
  return html`<main class="past" data-view="records" data-state=${error === null ? (answer === null ? 'loading' : 'ready') : 'failed'}>
    <${PastForm} query=${search} fields=${fields} onAsk=${(wanted) => {
      location.hash = addressOf('records', wanted);
    }} />
    ${error !== null && html`<${Failure} error=${error} />`}
    ${error === null && answer === null && html`<${Loading} />`}
    ${answer !== null && html`<${Answer} answer=${answer} query=${query} />`}
  </main>`;
};
