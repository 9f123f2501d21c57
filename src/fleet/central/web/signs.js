/** Small signs, for where a shape of the station's page is too large. */
import { html } from '/common/html.js';
import { t } from './texts.js';

export const signs = { pass: '✓', marginal: '≈', fail: '✕', bench: '!', locked: '⊘', running: '▸', idle: '·' };

/** `of`: a verdict of a record. */
export const VerdictSign = ({ of }) =>
  html`<i class=${`verdict-sign is-${of}`} aria-hidden="true">${signs[of === 'error' ? 'bench' : of]}</i>`;

const stroke = { fill: 'none', stroke: 'currentColor', 'stroke-width': 2.5, 'stroke-linecap': 'round' };
const presenceShapes = {
  online: () => html`<circle cx="12" cy="12" r="7" fill="currentColor" />`,
  stopped: () => html`<rect x="5.5" y="5.5" width="13" height="13" rx="2" ...${stroke} />`,
  lost: () =>
    html`<path d="M12 3l9.5 17h-19z" ...${stroke} stroke-linejoin="round" /><path d="M9.5 11.5l5 5M14.5 11.5l-5 5" ...${stroke} />`,
};

export const PresenceSign = ({ of }) =>
  html`<svg class=${`presence-sign is-${of}`} viewBox="0 0 24 24" role="img" aria-label=${t(`presence.${of}`)}>${presenceShapes[of]()}</svg>`;
