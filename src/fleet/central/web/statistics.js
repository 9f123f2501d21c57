/** Yield and causes across the plant, over a chosen time. */
import { classes, html } from '/common/html.js';
import { PastForm } from '/common/past-form.js';
import { Trend } from '/common/trend.js';
import { apiQuery, dayBefore, Failure, Loading, useAnswer } from './asking.js';
import { Hours } from './charts.js';
import { addressOf } from './places.js';
import { t } from './texts.js';

const mostCauses = 12;
const usualDays = 29;
const fields = [
  { name: 'since', type: 'date' },
  { name: 'until', type: 'date' },
  { name: 'station' },
  { name: 'plan' },
  { name: 'model' },
];

const percent = (share) => (share === null ? '–' : `${(100 * share).toFixed(1)} %`);

const Tile = ({ name, value, detail }) => html`<div class="tile" data-tile=${name}>
  <span>${t(`tile.${name}`)}</span><b>${value}</b><small>${detail}</small>
</div>`;

const Tiles = ({ of, from, to }) => {
  const good = (share) => t('tile.phones', { good: Math.round((share ?? 0) * of.units), all: of.units });
  const later = of.passedOnAttempt.slice(1).reduce((sum, count) => sum + count, 0);
  return html`<section class="tiles">
    <${Tile} name="firstPass" value=${percent(of.firstPass)} detail=${good(of.firstPass)} />
    <${Tile} name="final" value=${percent(of.final)} detail=${later === 0 ? good(of.final) : `${good(of.final)}; ${t('tile.later', { count: later })}`} />
    <${Tile} name="runs" value=${of.runs} detail=${`${from.slice(0, 10)} – ${to.slice(0, 10)}`} />
    <${Tile} name="errors" value=${of.errors} detail=${t('tile.judgedNobody')} />
  </section>`;
};

/** One bar a row, longest first. */
const Pareto = ({ title, rows }) => html`<section class="card">
  <h2>${title}</h2>
  <ol class="pareto">
    ${rows.map(
      ({ key, name, detail, count, cumulative, href, blame }) => html`<li key=${key} data-blame=${blame}>
        <b class="pareto-count">${count}</b>
        <span class="pareto-name"><a href=${href}>${name}</a>${detail !== undefined && html`<small lang="en">${detail}</small>`}</span>
        <span class="pareto-track"><i class=${blame === 'phone' ? 'is-phone' : ''} style=${{ width: `${((100 * count) / rows[0].count).toFixed(1)}%` }}></i></span>
        <span class="pareto-share">${percent(cumulative)}</span>
      </li>`,
    )}
  </ol>
</section>`;

/** What went wrong there went wrong before or beside the stages. */
const stageless = { bench: true, operator: true };
const longestText = 128;
/** A cause whose numbers and names were taken out, as the search finds it. */
const jokersOf = (cause) => cause.replace(/#|…/g, '%').slice(0, longestText);

const WhatWentWrong = ({ answer, query }) => {
  const runsOf = (more) => addressOf('records', { ...query, ...more });
  const blames = answer.blames.map(({ blame, ...row }) => ({
    ...{ ...row, key: blame, blame, name: t(`blame.${blame}`), href: runsOf({ blame }) },
  }));
  const causes = answer.pareto.slice(0, mostCauses).map(({ blame, stage, cause, ...row }) => ({
    ...row,
    key: `${blame} ${stage} ${cause}`,
    blame,
    name: stage in stageless ? t(`blame.${blame}`) : `${t(`blame.${blame}`)}, ${t(`stage.${stage}`)}`,
    detail: cause,
    href: runsOf({ blame, text: jokersOf(cause) }),
  }));
  return html`<div class="columns">
    <${Pareto} title=${t('past.causes')} rows=${causes} />
    <${Pareto} title=${t('past.blames')} rows=${blames} />
  </div>`;
};

const inPercent = (share) => (share === null ? null : 100 * share);
const Charts = ({ answer }) => html`<div class="columns is-even">
  ${
    answer.trend.length > 1 &&
    html`<section class="card"><h2>${t('past.perDay')}</h2>
    <${Trend} label=${t('past.perDay')} days=${answer.trend.map(({ day }) => day)} text=${(value) => `${value.toFixed(0)} %`}
      lines=${[
        { label: t('tile.final'), colour: '#0a7a3c', values: answer.trend.map((day) => inPercent(day.yield.final)) },
        {
          label: t('tile.firstPass'),
          colour: '#0b5f94',
          dash: [5, 4],
          values: answer.trend.map((day) => inPercent(day.yield.firstPass)),
        },
      ]} />
  </section>`
  }
  <section class="card" data-chart="hours"><h2>${t('stats.hours')}</h2><${Hours} label=${t('stats.hours')} hours=${answer.hours} /></section>
</div>`;

/** Those that stand worst first: they are why somebody looks. */
const mostRows = 200;
const worstFirst = (rows) =>
  [...rows].sort((left, right) => (left.yield.firstPass ?? 2) - (right.yield.firstPass ?? 2));

const Groups = ({ kind, rows, query }) => {
  if (rows.length === 0) return null;
  return html`<section class="card groups" data-groups=${kind}>
    <h2>${t(`stats.by.${kind}`)}</h2>
    <div class="groups-scroll"><table class="past-table">
      <thead><tr><th scope="col">${t(`field.${kind}`)}</th><th scope="col" class="is-number">${t('tile.firstPass')}</th><th scope="col" class="is-number">${t('tile.final')}</th><th scope="col" class="is-number">${t('stats.phones')}</th><th scope="col" class="is-number">${t('tile.runs')}</th><th scope="col" class="is-number">${t('tile.errors')}</th></tr></thead>
      <tbody>${worstFirst(rows)
        .slice(0, mostRows)
        .map(
          ({ name, yield: of }) => html`<tr key=${name}>
        <th scope="row">${name === null ? '–' : html`<a href=${addressOf('statistics', { ...query, [kind]: name })}>${name}</a>`}</th>
        <td class="is-number"><span class=${classes('share', of.firstPass !== null && of.firstPass < 0.9 && 'is-low')}>${percent(of.firstPass)}</span></td>
        <td class="is-number">${percent(of.final)}</td><td class="is-number">${of.units}</td><td class="is-number">${of.runs}</td><td class="is-number">${of.errors}</td>
      </tr>`,
        )}</tbody>
    </table></div>
  </section>`;
};

const Answer = ({ answer, query }) => {
  if (answer.runs === 0) return html`<p class="past-quiet" role="status">${t('past.none')}</p>`;
  return html`<${Tiles} of=${answer.yield} from=${answer.from} to=${answer.to} />
    <${Charts} answer=${answer} />
    ${answer.pareto.length > 0 && html`<${WhatWentWrong} answer=${answer} query=${query} />`}
    <div class="columns is-groups">
      <${Groups} kind="station" rows=${answer.stations} query=${query} />
      <div class="group-pair">
        <${Groups} kind="plan" rows=${answer.plans} query=${query} />
        <${Groups} kind="model" rows=${answer.models} query=${query} />
      </div>
    </div>`;
};

export const Statistics = ({ query: asked }) => {
  const query = Object.keys(asked).length === 0 ? { since: dayBefore(usualDays) } : asked;
  const { answer, error } = useAnswer(`/statistics?${apiQuery(query)}`);
  return html`<main class="past" data-view="statistics" data-state=${error === null ? (answer === null ? 'loading' : 'ready') : 'failed'}>
    <${PastForm} query=${query} fields=${fields} onAsk=${(wanted) => {
      location.hash = addressOf('statistics', wanted);
    }} />
    ${error !== null && html`<${Failure} error=${error} />`}
    ${error === null && answer === null && html`<${Loading} />`}
    ${answer !== null && html`<${Answer} answer=${answer} query=${query} />`}
  </main>`;
};
