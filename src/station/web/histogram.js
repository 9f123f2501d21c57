/** A histogram with its limits: limits far away are told at the edge, so that the values keep their room. */
import { html } from './html.js';
import { said } from './measurements.js';

const box = { width: 380, height: 110, top: 18, bottom: 18 };
/** Limits within so many widths of the values are drawn in place. */
const nearWidths = 2;

const spanOf = ({ start, width, counts }, limits) => {
  const end = start + width * counts.length;
  const near = nearWidths * (end - start);
  const inPlace = [limits.min, limits.max].filter(
    (limit) => limit !== undefined && limit > start - near && limit < end + near,
  );
  const margin = (end - start) * 0.04;
  return { from: Math.min(start, ...inPlace) - margin, to: Math.max(end, ...inPlace) + margin };
};

export const limitText = ({ min, max }, unit) =>
  [...(min === undefined ? [] : [`≥ ${said(min, unit)}`]), ...(max === undefined ? [] : [`≤ ${said(max, unit)}`])].join(
    '  ',
  );

const Limit = ({ value, unit, x, isMax }) => {
  const isLeft = x < box.width / 2;
  const away = x < 0 || x > box.width;
  const at = Math.min(box.width - 2, Math.max(2, x));
  const text = limitText(isMax ? { max: value } : { min: value }, unit);
  return html`<g class=${`limit ${away ? 'is-away' : ''}`}>
    ${!away && html`<line x1=${at} x2=${at} y1="4" y2=${box.height - box.bottom} />`}
    <text x=${isLeft ? at + 4 : at - 4} y="13" text-anchor=${isLeft ? 'start' : 'end'}>${away && isLeft ? '← ' : ''}${text}${away && !isLeft ? ' →' : ''}</text>
  </g>`;
};

export const Histogram = ({ histogram, limits, unit, label }) => {
  const { from, to } = spanOf(histogram, limits);
  const x = (value) => ((value - from) / (to - from)) * box.width;
  const most = Math.max(1, ...histogram.counts);
  const room = box.height - box.top - box.bottom;
  const end = histogram.start + histogram.width * histogram.counts.length;
  return html`<svg class="histogram" viewBox=${`0 0 ${box.width} ${box.height}`} role="img" aria-label=${label}>
    <line class="axis" x1="0" x2=${box.width} y1=${box.height - box.bottom} y2=${box.height - box.bottom} />
    ${histogram.counts.map((count, index) => {
      const left = histogram.start + index * histogram.width;
      const height = (count / most) * room;
      const isOut =
        (limits.max !== undefined && left >= limits.max) ||
        (limits.min !== undefined && left + histogram.width <= limits.min);
      return html`<rect key=${left} class=${isOut ? 'bin is-out' : 'bin'} x=${x(left) + 0.5} width=${Math.max(1, x(left + histogram.width) - x(left) - 1)} y=${box.height - box.bottom - height} height=${height}><title>${`${said(left, unit)}: ${count}`}</title></rect>`;
    })}
    ${limits.min !== undefined && html`<${Limit} value=${limits.min} unit=${unit} x=${x(limits.min)} isMax=${false} />`}
    ${limits.max !== undefined && html`<${Limit} value=${limits.max} unit=${unit} x=${x(limits.max)} isMax=${true} />`}
    <text class="tick" x=${Math.max(0, x(histogram.start))} y=${box.height - 4}>${said(histogram.start, unit)}</text>
    <text class="tick" x=${Math.min(box.width, x(end))} y=${box.height - 4} text-anchor="end">${said(end, unit)}</text>
  </svg>`;
};
