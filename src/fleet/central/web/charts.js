/** Runs per hour, as bars. */
import { useEffect, useRef } from 'preact/hooks';
import Plot from 'uplot';
import { html } from '/common/html.js';

const hourSeconds = 3_600;
const daySeconds = 86_400;
const axis = {
  stroke: '#42566a',
  grid: { stroke: '#dde4ea', width: 1 },
  ticks: { show: false },
  font: '12px system-ui',
};
const two = (number) => String(number).padStart(2, '0');

/** Hours without runs are none in the answer and zero here. */
const filled = (hours) => {
  const runs = new Map(hours.map((each) => [Date.parse(each.hour) / 1000, each.runs]));
  const known = [...runs.keys()];
  const [from, to] = [Math.min(...known), Math.max(...known)];
  const x = [];
  for (let at = from; at <= to; at += hourSeconds) x.push(at);
  return [x, x.map((at) => runs.get(at) ?? 0)];
};

/** `hours`: `{hour, runs}`, oldest first, UTC. */
export const Hours = ({ hours, label, height = 150 }) => {
  const place = useRef(null);
  const drawn = JSON.stringify(hours);
  useEffect(() => {
    const data = filled(hours);
    const isLong = data[0].length > 48;
    const options = {
      width: place.current.clientWidth,
      height,
      legend: { show: false },
      cursor: { show: false },
      padding: [10, 14, 0, 0],
      scales: {
        x: { time: false, range: (_plot, least, most) => [least - hourSeconds, most + hourSeconds] },
        y: { range: (_plot, _least, most) => [0, Math.max(1, most)] },
      },
      axes: [
        {
          ...axis,
          size: 26,
          incrs: [1, 2, 3, 6, 12, 24, 48, 96, 168].map((count) => count * hourSeconds),
          values: (_plot, values) =>
            values.map((at) => {
              const date = new Date(at * 1000);
              return isLong || at % daySeconds === 0
                ? `${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`
                : `${two(date.getUTCHours())}:00`;
            }),
        },
        { ...axis, size: 48, space: 22 },
      ],
      series: [
        {},
        {
          fill: '#7fb3d3',
          stroke: '#0b5f94',
          width: 0,
          paths: Plot.paths.bars({ size: [0.9, 40] }),
          points: { show: false },
        },
      ],
    };
    if (isLong) options.axes[0].incrs = [1, 2, 3, 5, 7].map((count) => count * daySeconds);
    const plot = new Plot(options, data, place.current);
    const watch = new ResizeObserver(() => plot.setSize({ width: place.current.clientWidth, height }));
    watch.observe(place.current);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [drawn, height]);
  return html`<figure class="trend" aria-label=${label}><div ref=${place} style=${{ height: `${height}px` }}></div></figure>`;
};
