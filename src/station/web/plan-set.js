/** Which of the plant's signed plan sets this station tests by, and what is wrong with a newer one. */
import { classes, html } from './html.js';
import { t } from './texts.js';

export const PlanSet = ({ planSet: { inForce, refused } }) => {
  const isBad = inForce === null || refused !== null;
  const refusal = refused === null ? '' : t('planSet.refused', { code: refused.code });
  return html`<p class=${classes('plan-set', isBad && 'is-bad')} role=${isBad ? 'alert' : undefined} title=${refused?.message ?? inForce?.note ?? ''}>
    ${inForce === null ? t('planSet.none') : t('planSet', { name: inForce.name, version: inForce.version })}${refusal === '' ? '' : ` ${refusal}`}
  </p>`;
};
