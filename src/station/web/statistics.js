/** What the station's runs say together: the answer of `linkpulse stats --json`, drawn. */

import { Histogram, limitText } from './histogram.js';
import { classes, html } from './html.js';
import { nameOf, percent, ratio, said } from './measurements.js';
import { PastForm } from './past-form.js';
import { addressOf, commonOf } from './past-query.js';
import { Comparison, Gage } from './statistics-tables.js';
import { t } from './texts.js';
import { Trend } from './trend.js';

const mostCauses = 12;

const Form = ({ query, plans, ports, onAsk }) => {
  const fields = [
    { name: 'plan', options: plans.map(({ name }) => name) },
    { name: 'port', options: ports },
    { name: 'since', type: 'date' },
    { name: 'until', type: 'date' },
    { name: 'serial' },
    { name: 'model' },
    { name: 'golden' },
  ];
  return html`<${PastForm} query=${query} fields=${fields} onAsk=${onAsk} />`;
};

const Tile = ({ name, value, detail }) => html`<div class="tile" data-tile=${name}>
  <span>${t(`tile.${name}`)}</span><b>${value}</b><small>${detail}</small>
</div>`;

const Yield = ({ of, from, to }) => {
  const good = (share) => t('tile.phones', { good: Math.round((share ?? 0) * of.units), all: of.units });
  const later = of.passedOnAttempt.slice(1).reduce((sum, count) => sum + count, 0);
  return html`<section class="tiles">
    <${Tile} name="firstPass" value=${percent(of.firstPass)} detail=${good(of.firstPass)} />
    <${Tile} name="final" value=${percent(of.final)} detail=${later === 0 ? good(of.final) : `${good(of.final)}; ${t('tile.later', { count: later })}`} />
    <${Tile} name="runs" value=${of.runs} detail=${`${from?.slice(0, 10) ?? ''} – ${to?.slice(0, 10) ?? ''}`} />
    <${Tile} name="errors" value=${of.errors} detail=${t('tile.judgedNobody')} />
  </section>`;
};

/** One bar a row, longest first; `cumulative` beside it. */
const Pareto = ({ title, rows, className }) => html`<section class=${classes('card', className)}>
  <h2>${title}</h2>
  <ol class="pareto">
    ${rows.map(
      ({ key, name, detail, count, cumulative, href, blame }) =>
        html`<li key=${key} data-blame=${blame}>
          <b class="pareto-count">${count}</b>
          <span class="pareto-name">${href === undefined ? name : html`<a href=${href}>${name}</a>`}${detail !== undefined && html`<small lang="en">${detail}</small>`}</span>
          <span class="pareto-track"><i class=${blame === 'phone' ? 'is-phone' : ''} style=${{ width: `${((100 * count) / rows[0].count).toFixed(1)}%` }}></i></span>
          <span class="pareto-share">${percent(cumulative)}</span>
        </li>`,
    )}
  </ol>
</section>`;

const longestText = 128;
/** A cause whose numbers and names were taken out, as the search finds it. */
const jokersOf = (cause) => cause.replace(/#|…/g, '%').slice(0, longestText);

const WhatWentWrong = ({ answer, query }) => {
  const runsOf = (more) => addressOf('records', { ...commonOf(query), ...more });
  const blames = answer.blames.map(({ blame, ...row }) => ({
    ...row,
    key: blame,
    blame,
    name: t(`blame.${blame}`),
    href: runsOf({ blame }),
  }));
  const causes = answer.pareto.slice(0, mostCauses).map(({ blame, stage, cause, ...row }) => ({
    ...row,
    key: `${blame} ${stage} ${cause}`,
    blame,
    name: `${t(`blame.${blame}`)}, ${stage === 'bench' ? t('blame.bench') : t(`stage.${stage}`)}`,
    detail: cause,
    href: runsOf({ blame, text: jokersOf(cause) }),
  }));
  return html`<div class="columns">
    <${Pareto} title=${t('past.causes')} rows=${causes} className="is-wide" />
    <${Pareto} title=${t('past.blames')} rows=${blames} />
  </div>`;
};

const Days = ({ trend }) => html`<section class="card">
  <h2>${t('past.perDay')}</h2>
  <${Trend} label=${t('past.perDay')} days=${trend.map(({ day }) => day)} text=${(value) => `${value.toFixed(0)} %`}
    lines=${[
      { label: t('tile.final'), colour: '#0a7a3c', values: trend.map(({ yield: { final } }) => final && 100 * final) },
      {
        label: t('tile.firstPass'),
        colour: '#0b5f94',
        dash: [5, 4],
        values: trend.map(({ yield: { firstPass } }) => firstPass && 100 * firstPass),
      },
    ]} />
</section>`;

const Measurement = ({ of }) => {
  const { name, unit, capability, histogram, limits, trend } = of;
  const { cpk, ppk, count, mean, min, max, deviation } = capability;
  const label = nameOf(name);
  // What never differs has no shape and no drift.
  if (isConstant(of))
    return html`<article class="card measured" data-measurement=${name}>
      <h3>${label}</h3>
      <p class="measured-figures"><span>${t('past.always')} <b>${said(min, unit)}</b></span><span>n <b>${count}</b></span><span>${limitText(limits, unit)}</span></p>
    </article>`;
  const grade = cpk === null ? '' : cpk >= 1.33 ? 'is-good' : cpk >= 1 ? 'is-near' : 'is-poor';
  return html`<article class="card measured" data-measurement=${name}>
    <h3>${label}</h3>
    <p class="measured-figures">
      <span class=${classes('cpk', grade)}>Cpk <b>${ratio(cpk)}</b></span>
      <span>Ppk <b>${ratio(ppk)}</b></span>
      <span>n <b>${count}</b></span>
      <span>x̄ <b>${said(mean, unit)}</b></span>
      <span>s <b>${said(deviation, unit)}</b></span>
      <span>${said(min, unit)} … ${said(max, unit)}</span>
    </p>
    <${Histogram} histogram=${histogram} limits=${limits} unit=${unit} label=${label} />
    ${trend.length > 1 && html`<${Trend} label=${`${label}, ${t('past.perDay')}`} height=${90} days=${trend.map(({ day }) => day)} text=${(value) => said(value, unit)} lines=${[{ label: t('past.dayMean'), colour: '#0b5f94', values: trend.map((day) => day.mean) }]} />`}
  </article>`;
};

const isConstant = ({ capability: { min, max } }) => min === max;
const constantLast = (measurements) => [
  ...measurements.filter((each) => !isConstant(each)),
  ...measurements.filter(isConstant),
];

const Answer = ({ answer, query }) => {
  if (answer.runs === 0) return html`<p class="past-quiet" role="status">${t('past.none')}</p>`;
  return html`<${Yield} of=${answer.yield} from=${answer.from} to=${answer.to} />
    ${answer.pareto.length > 0 && html`<${WhatWentWrong} answer=${answer} query=${query} />`}
    ${answer.trend.length > 1 && html`<${Days} trend=${answer.trend} />`}
    <section class="measured-all"><h2>${t('past.measurements')}</h2>
      <div class="measured-grid">${constantLast(answer.measurements).map((each) => html`<${Measurement} key=${each.name} of=${each} />`)}</div>
    </section>
    <${Gage} measurements=${answer.measurements} />
    <${Comparison} measurements=${answer.measurements} />`;
};

export const Statistics = { Form, Answer };
