/** Days on a time axis, UTC like the records. */
import { useEffect, useRef } from 'preact/hooks';
import Plot from 'uplot';
import { html } from './html.js';

const axis = {
  stroke: '#42566a',
  grid: { stroke: '#dde4ea', width: 1 },
  ticks: { show: false },
  font: '12px system-ui',
};
const dayLabel = (seconds) => new Date(seconds * 1000).toISOString().slice(5, 10);
const daySeconds = 86_400;

/** `lines`: `{label, colour, values, dash?}`; one value a day, null where there is none. `text` of a value on the axis. */
export const Trend = ({ days, lines, text, height = 150, label }) => {
  const place = useRef(null);
  const drawn = JSON.stringify([days, lines]);
  useEffect(() => {
    const x = days.map((day) => Date.parse(`${day}T00:00:00Z`) / 1000);
    const options = {
      width: place.current.clientWidth,
      height,
      legend: { show: false },
      cursor: { show: false },
      padding: [10, 14, 0, 0],
      scales: {
        x: { time: false, range: (_plot, least, most) => [least - daySeconds / 2, most + daySeconds / 2] },
      },
      axes: [
        {
          ...axis,
          size: 26,
          incrs: [1, 2, 5, 7, 14, 30, 60, 90, 180, 365].map((count) => count * daySeconds),
          values: (_plot, values) => values.map(dayLabel),
        },
        { ...axis, size: 64, space: 22, values: (_plot, values) => values.map(text) },
      ],
      series: [
        {},
        ...lines.map(({ colour, dash }) => ({
          stroke: colour,
          width: 2,
          ...(dash === undefined ? {} : { dash }),
          points: { show: true, size: 6, fill: colour },
        })),
      ],
    };
    const plot = new Plot(options, [x, ...lines.map(({ values }) => values)], place.current);
    const watch = new ResizeObserver(() => plot.setSize({ width: place.current.clientWidth, height }));
    watch.observe(place.current);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [drawn, height]);
  return html`<figure class="trend" aria-label=${label}>
    <figcaption>${lines.map((line) => html`<span key=${line.label} style=${{ color: line.colour }}>— ${line.label} </span>`)}</figcaption>
    <div ref=${place} style=${{ height: `${height}px` }}></div>
  </figure>`;
};
