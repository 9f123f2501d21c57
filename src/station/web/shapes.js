/** A sign for each standing: whoever sees no colours sees these. */
import { html } from './html.js';

const stroke = { fill: 'none', stroke: 'currentColor', 'stroke-linecap': 'round', 'stroke-linejoin': 'round' };
const scanner = html`<path d="M8 20v-10h14M78 10h14v10M92 80v10h-14M22 90h-14v-10" ...${stroke} stroke-width="5" /><path d="M22 28v44M34 28v44M43 28v44M57 28v44M66 28v44M78 28v44" ...${stroke} stroke-width="5" />`;
const shapes = {
  pass: () =>
    html`<circle cx="50" cy="50" r="44" ...${stroke} stroke-width="7" /><path d="M28 52l15 15 29-33" ...${stroke} stroke-width="10" />`,
  marginal: () =>
    html`<circle cx="50" cy="50" r="44" ...${stroke} stroke-width="7" stroke-dasharray="17 11" /><path d="M28 42l11 11 21-24M28 76q11-11 22 0t22 0" ...${stroke} stroke-width="9" />`,
  fail: () =>
    html`<path d="M31 5h38l26 26v38l-26 26h-38l-26-26v-38z" ...${stroke} stroke-width="7" /><path d="M33 33l34 34M67 33l-34 34" ...${stroke} stroke-width="11" />`,
  bench: () =>
    html`<path d="M50 8l44 80h-88z" ...${stroke} stroke-width="7" /><path d="M50 36v24M50 74v1" ...${stroke} stroke-width="10" />`,
  refused: () =>
    html`<path d="M22 12v76M34 12v76M43 12v76M57 12v76M66 12v76M78 12v76" ...${stroke} stroke-width="5" opacity="0.55" /><path d="M14 14l72 72M86 14l-72 72" ...${stroke} stroke-width="10" />`,
  locked: () =>
    html`<path d="M18 46h64v44h-64zM30 46v-16q0-20 20-20t20 20v16" ...${stroke} stroke-width="8" /><path d="M50 62v12" ...${stroke} stroke-width="10" />`,
  reserved: () =>
    html`<circle cx="50" cy="50" r="44" ...${stroke} stroke-width="7" /><path d="M50 24v28l18 12" ...${stroke} stroke-width="9" />`,
  waiting: () =>
    html`<path d="M26 8h48M26 92h48M32 8v14q0 12 18 28q18-16 18-28v-14M32 92v-14q0-12 18-28q18 16 18 28v14" ...${stroke} stroke-width="7" />`,
  idle: () => scanner,
  asking: () =>
    html`<path d="M10 14h80v54h-38l-20 20v-20h-22z" ...${stroke} stroke-width="6" /><path d="M40 34q2-9 11-9t10 9q0 6-9 11v3M51 57v1" ...${stroke} stroke-width="6" />`,
  running: () => html`<path d="M5 60h20v-38h10v38h22v-24h10v24h12v-44h8v44h10" ...${stroke} stroke-width="6" />`,
};

export const PowerSign = () =>
  html`<svg class="power-sign" viewBox="0 0 24 24" aria-hidden="true"><path d="M12 3v9M6.5 6.5a8 8 0 1 0 11 0" ...${stroke} stroke-width="2.6" /></svg>`;

/** `of`: a standing. */
export const Shape = ({ of }) =>
  html`<svg class="shape" viewBox="0 0 100 100" aria-hidden="true">${shapes[of]()}</svg>`;
