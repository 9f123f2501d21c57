/** Gage study and golden unit: tables of measurements. */
import { html } from './html.js';
import { nameOf, said } from './measurements.js';
import { t } from './texts.js';

const wholePercent = (value) => (value === null ? '–' : `${value.toFixed(0)} %`);

const Table = ({ title, hint, heads, rows, name }) => html`<section class="card" data-table=${name}>
  <h2>${title}</h2>
  <p class="past-quiet">${hint}</p>
  <div class="wide-table"><table>
    <thead><tr>${heads.map((head) => html`<th key=${head} scope="col">${head}</th>`)}</tr></thead>
    <tbody>${rows.map(([first, ...cells]) => html`<tr key=${first}><th scope="row">${first}</th>${cells.map((cell, index) => html`<td key=${index}>${cell}</td>`)}</tr>`)}</tbody>
  </table></div>
</section>`;

export const Gage = ({ measurements }) => {
  const rows = measurements
    .filter(({ gage }) => gage !== null && gage.total > 0)
    .map(({ name, unit, gage }) => [
      nameOf(name),
      `${gage.parts} × ${gage.appraisers} × ${gage.trials}`,
      said(gage.repeatability, unit),
      said(gage.reproducibility, unit),
      said(gage.gage, unit),
      said(gage.partToPart, unit),
      wholePercent(gage.percentOfTotal),
      wholePercent(gage.percentOfTolerance),
      gage.distinctCategories ?? '–',
    ]);
  if (rows.length === 0) return null;
  const heads = [
    'measurement',
    'study',
    'repeatability',
    'reproducibility',
    'gage',
    'parts',
    'ofTotal',
    'ofTolerance',
    'categories',
  ];
  return html`<${Table} name="gage" title=${t('past.gage')} hint=${t('past.gageHint')} heads=${heads.map((head) => t(`gage.${head}`))} rows=${rows} />`;
};

export const Comparison = ({ measurements }) => {
  const rows = measurements
    .filter(({ golden, capability }) => golden !== null && (golden.shift !== 0 || capability.min !== capability.max))
    .map(({ name, unit, golden, capability }) => [
      nameOf(name),
      `${said(golden.goldenMean, unit)} (${golden.goldenCount})`,
      `${said(capability.mean, unit)} (${capability.count})`,
      `${golden.shift > 0 ? '+' : ''}${said(golden.shift, unit)}`,
      golden.shiftInDeviations === null ? '–' : `${(Math.round(golden.shiftInDeviations * 10) / 10 || 0).toFixed(1)} σ`,
    ]);
  if (rows.length === 0) return null;
  const heads = ['measurement', 'golden', 'others', 'shift', 'deviations'];
  return html`<${Table} name="golden" title=${t('past.goldenUnit')} hint=${t('past.goldenHint')} heads=${heads.map((head) => t(`compared.${head}`))} rows=${rows} />`;
};
