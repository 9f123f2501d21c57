/** Which plans the plant is to test by, and which station does. */
import { classes, html } from '/common/html.js';
import { PresenceSign } from './signs.js';
import { planStanding, presenceOf } from './standing.js';
import { t } from './texts.js';
import { moment } from './times.js';

const standings = ['refused', 'other', 'current'];
const signOf = { current: '✓', other: '…', refused: '✕', none: '·' };
const shortened = (hash) => `${hash.slice(0, 16)}…`;

const Published = ({ planSet, counts }) => {
  if (planSet === null)
    return html`<section class="card"><h2>${t('plans.none')}</h2><p class="past-quiet">${t('plans.noneHint')}</p></section>`;
  return html`<section class="card plan-set" data-plan-set=${planSet.name}>
    <h2>${t('plans.published')}</h2>
    <p class="plan-set-name"><b>${planSet.name}</b> <span>v${planSet.version}</span></p>
    ${planSet.note !== '' && html`<p>${planSet.note}</p>`}
    <dl class="record-facts">
      <div><dt>${t('plans.createdAt')}</dt><dd>${moment(planSet.createdAt)}</dd></div>
      <div><dt>${t('plans.key')}</dt><dd><code title=${planSet.key}>${shortened(planSet.key)}</code></dd></div>
      <div><dt>${t('plans.sha256')}</dt><dd><code title=${planSet.sha256}>${shortened(planSet.sha256)}</code></dd></div>
      <div><dt>${t('plans.count', { count: planSet.plans.length })}</dt><dd>${planSet.plans.join(', ')}</dd></div>
    </dl>
    <p class="plan-counts">${standings.map((each) => html`<span key=${each} class=${`plan-standing is-${each}`} data-count=${each}><i aria-hidden="true">${signOf[each]}</i> <b>${counts[each] ?? 0}</b> ${t(`plans.state.${each}`)}</span>`)}</p>
  </section>`;
};

const Row = ({ station, planSet }) => {
  const { state } = station;
  const standing = planStanding(station, planSet);
  const presence = presenceOf(station);
  const refused = standing === 'current' ? null : (state?.planSetRefused ?? null);
  return html`<tr class=${classes(presence !== 'online' && 'is-old')} data-station=${station.station} data-plans=${standing}>
    <th scope="row"><span class="plan-station"><${PresenceSign} of=${presence} /> ${station.station}</span></th>
    <td><span class=${`plan-standing is-${standing}`}><i aria-hidden="true">${signOf[standing]}</i> ${t(`plans.state.${standing}`)}</span></td>
    <td>${state === null ? '–' : state.planSet === null ? t('plans.own') : `${state.planSet.name} v${state.planSet.version}`}</td>
    <td lang="en">${refused !== null && html`<b>${refused.code}</b> <small>${moment(refused.at)}</small> ${refused.message}`}</td>
  </tr>`;
};

const rank = { refused: 0, other: 1, none: 2, current: 3 };

export const Plans = ({ stations, planSet }) => {
  const counts = {};
  for (const station of stations) {
    const standing = planStanding(station, planSet);
    counts[standing] = (counts[standing] ?? 0) + 1;
  }
  const sorted = [...stations].sort(
    (left, right) => rank[planStanding(left, planSet)] - rank[planStanding(right, planSet)],
  );
  return html`<main class="past" data-view="plans">
    <${Published} planSet=${planSet} counts=${counts} />
    ${
      stations.length > 0 &&
      html`<div class="wide plan-stations"><table class="past-table">
      <thead><tr><th scope="col">${t('field.station')}</th><th scope="col">${t('plans.published')}</th><th scope="col">${t('plans.runs')}</th><th scope="col">${t('plans.why')}</th></tr></thead>
      <tbody>${sorted.map((station) => html`<${Row} key=${station.station} station=${station} planSet=${planSet} />`)}</tbody>
    </table></div>`
    }
  </main>`;
};
