/** The phone's current over time. */
import { useEffect, useRef } from 'preact/hooks';
import Plot from 'uplot';
import { html } from './html.js';
import { t } from './texts.js';

const usPerSecond = 1e6;

/** [seconds, mA]: the samples of a run in order; at a switch-off they end in a 0. */
export const samplesOf = (events) => {
  const at = [];
  const milliamps = [];
  for (const { atUs, fact } of events) {
    if (fact.kind === 'power-off' && at.length > 0) {
      at.push(atUs / usPerSecond);
      milliamps.push(0);
    }
    if (fact.kind !== 'current') continue;
    fact.milliamps.forEach((value, index) => {
      at.push((atUs - (fact.milliamps.length - 1 - index) * fact.periodMs * 1000) / usPerSecond);
      milliamps.push(value);
    });
  }
  return [at, milliamps];
};

const axis = {
  stroke: '#42566a',
  grid: { stroke: '#dde4ea', width: 1 },
  ticks: { show: false },
  font: '12px system-ui',
};
const optionsOf = ({ width, height }) => ({
  width,
  height,
  legend: { show: false },
  cursor: { show: false },
  padding: [8, 12, 0, 0],
  scales: {
    x: { time: false, range: (_plot, _least, most) => [0, Math.max(1, most ?? 1)] },
    y: { range: (_plot, _least, most) => [0, Math.max(100, (most ?? 0) * 1.1)] },
  },
  axes: [
    { ...axis, size: 28, values: (_plot, values) => values.map((value) => `${value} s`) },
    { ...axis, size: 62, values: (_plot, values) => values.map((value) => `${value} mA`) },
  ],
  series: [{}, { stroke: '#0b6fa4', width: 2, fill: '#0b6fa422' }],
});

export const Current = ({ events }) => {
  const place = useRef(null);
  const plot = useRef(null);
  const samples = samplesOf(events);

  useEffect(() => {
    const box = () => ({ width: place.current.clientWidth, height: place.current.clientHeight });
    plot.current = new Plot(optionsOf(box()), [[], []], place.current);
    const watch = new ResizeObserver(() => plot.current.setSize(box()));
    watch.observe(place.current);
    return () => {
      watch.disconnect();
      plot.current.destroy();
    };
  }, []);
  useEffect(() => plot.current.setData(samples), [events]);

  return html`<figure class="panel current" aria-label=${t('panel.current')}>
    <div class="plot" ref=${place}></div>
    ${samples[0].length === 0 && html`<p class="empty">${t('panel.noCurrent')}</p>`}
  </figure>`;
};
