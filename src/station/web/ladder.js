/** Who said what to whom, newest at the bottom; follows the run unless somebody scrolled up. */
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { seconds } from './clock.js';
import { classes, html } from './html.js';
import { columns, stepsOf } from './ladder-steps.js';
import { t } from './texts.js';

/** A column of the ladder has two halves in the grid; the first grid column is the time. */
const middleOf = (column) => 2 * columns.indexOf(column) + 3;
const nearEndPx = 40;

const Step = ({ step }) => {
  const { from, to, text, count, atUs } = step;
  const here = middleOf(from);
  const there = middleOf(to);
  const times = count > 1 && html` <b>×${count}</b>`;
  if (here === there)
    return html`<div class="step">
      <span class="step-time">${seconds(atUs)}</span>
      <span class="step-note" style=${{ gridColumn: `${here - 1} / span 4` }}>${text}${times}</span>
    </div>`;
  return html`<div class="step">
    <span class="step-time">${seconds(atUs)}</span>
    <span class=${classes('step-arrow', there > here ? 'to-right' : 'to-left')} style=${{ gridColumn: `${Math.min(here, there)} / ${Math.max(here, there)}` }}>
      <span>${text}${times}</span>
    </span>
  </div>`;
};

export const Ladder = ({ events }) => {
  const list = useRef(null);
  const follows = useRef(true);
  const steps = useMemo(() => stepsOf(events), [events]);
  const follow = () => {
    if (follows.current) list.current.scrollTop = list.current.scrollHeight;
  };
  useLayoutEffect(follow, [steps.length]);
  useEffect(() => {
    // Also where it comes into sight.
    const observer = new ResizeObserver(follow);
    observer.observe(list.current);
    return () => observer.disconnect();
  }, []);
  const onScroll = ({ target }) => {
    if (target.clientHeight === 0) return;
    follows.current = target.scrollHeight - target.scrollTop - target.clientHeight < nearEndPx;
  };
  return html`<figure class="panel ladder" aria-label=${t('panel.ladder')}>
    <div class="step ladder-head"><span></span>${columns.map((column) => html`<b key=${column}>${t(`column.${column}`)}</b>`)}</div>
    <div class="ladder-body">
    <div class="lifelines" aria-hidden="true"><span></span>${columns.map((column) => html`<i key=${column}></i>`)}</div>
    <div class="ladder-steps" ref=${list} onScroll=${onScroll} tabindex="0">
      ${steps.map((step) => html`<${Step} key=${step.seq} step=${step} />`)}
    </div>
    </div>
  </figure>`;
};
