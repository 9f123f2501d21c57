/** Current over time, and the inrush close up. */
import type { Plan } from '../plan/plan.js';
import type { FactOf, TimelineEvent } from '../timeline/events.js';
import { label, line, polyline, px, type Scale, scale, svg, textWidth, ticks } from './figure.js';
import { type Markup, markup } from './markup.js';
import { marksOf } from './waterfall.js';

interface Sample {
  readonly atUs: number;
  readonly milliamps: number;
}

const samplesOf = (events: readonly TimelineEvent[]): readonly Sample[] =>
  events.flatMap(({ atUs, fact }) =>
    fact.kind !== 'current'
      ? []
      : fact.milliamps.map((milliamps, index) => ({
          atUs: atUs - (fact.milliamps.length - 1 - index) * fact.periodMs * 1000,
          milliamps,
        })),
  );

const mostColumns = 900;

/** At most two points a column, the lowest and the highest, so that no peak is lost. */
const thinned = (samples: readonly Sample[]): readonly Sample[] => {
  if (samples.length <= 2 * mostColumns) return samples;
  const perColumn = Math.ceil(samples.length / mostColumns);
  const kept: Sample[] = [];
  for (let start = 0; start < samples.length; start += perColumn) {
    const column = samples.slice(start, start + perColumn);
    const sorted = [...column].sort((a, b) => a.milliamps - b.milliamps);
    const pair = [sorted[0], sorted.at(-1)].filter((sample) => sample !== undefined);
    kept.push(...pair.sort((a, b) => a.atUs - b.atUs));
  }
  return kept;
};

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const mainFrame: Frame = { width: 660, height: 250, left: 44, right: 12, top: 36, bottom: 28 };
const inrushFrame: Frame = { width: 330, height: 250, left: 44, right: 14, top: 36, bottom: 28 };
const headroom = 1.08;

const grid = (frame: Frame, y: Scale, maxMilliamps: number): readonly Markup[] =>
  ticks(maxMilliamps, 5).map(
    (value): Markup =>
      markup`${line('grid', frame.left, y(value), frame.width - frame.right, y(value))}${label('t small muted', frame.left - 6, y(value) + 4, value, 'end')}`,
  );

const threshold = (frame: Frame, y: Scale, milliamps: number, name: string): Markup =>
  markup`${line('limit', frame.left, y(milliamps), frame.width - frame.right, y(milliamps))}${label('t small limit-text', frame.width - frame.right, y(milliamps) - 4, name, 'end')}`;

const unitLabel = (frame: Frame): Markup => label('t small muted', frame.left - 6, frame.top - 12, 'mA', 'end');

const shownMarks: ReadonlySet<string> = new Set(['power on', 'link up', 'link down', 'power off', 'board lost']);

const overTime = (events: readonly TimelineEvent[], samples: readonly Sample[], plan: Plan): Markup => {
  const frame = mainFrame;
  const { overloadMilliamps, overloadMs } = plan.power;
  const max = Math.max(overloadMilliamps, ...thinned(samples).map(({ milliamps }) => milliamps)) * headroom;
  const lastUs = Math.max(events.at(-1)?.atUs ?? 0, 1000);
  const x = scale([0, lastUs], [frame.left, frame.width - frame.right]);
  const y = scale([0, max], [frame.height - frame.bottom, frame.top]);
  const points = thinned(samples).map(({ atUs, milliamps }) => [x(atUs), y(milliamps)] as const);
  const first = points[0];
  const last = points.at(-1);
  const area =
    first === undefined || last === undefined
      ? null
      : markup`<polygon class="area" points="${[[first[0], y(0)], ...points, [last[0], y(0)]].map(([px1, py1]) => `${px1},${py1}`).join(' ')}"/>`;
  let labelledTo = 0;
  const marks = marksOf(events)
    .filter(({ name }) => shownMarks.has(name))
    .map(({ atUs, name }): Markup => {
      const at = x(atUs);
      const nearEnd = at > frame.width - frame.right - textWidth(name);
      const from = nearEnd ? at - textWidth(name) : at;
      // Where two names would lie on each other the first is kept; the stages above show both.
      const free = from >= labelledTo;
      if (free) labelledTo = from + textWidth(name);
      const text = free
        ? label('t small', at + (nearEnd ? -3 : 3), frame.top - 12, name, nearEnd ? 'end' : 'start')
        : null;
      return markup`${line('mark', at, frame.top - 20, at, y(0))}${text}`;
    });
  const axis = ticks(lastUs / 1e6, 8).map((second) =>
    label('t small muted', x(second * 1e6), frame.height - 10, `${second} s`, 'middle'),
  );
  return svg(
    frame.width,
    frame.height,
    'Current over time',
    unitLabel(frame),
    grid(frame, y, max),
    area,
    polyline('trace', points),
    threshold(frame, y, overloadMilliamps, `overload ${overloadMilliamps} mA for ${overloadMs} ms`),
    marks,
    axis,
  );
};

const closeUp = (inrush: FactOf<'inrush'>, plan: Plan): Markup => {
  const frame = inrushFrame;
  const limit = plan.limits['power.inrushPeakMilliamps']?.max;
  const lastMs = Math.max(inrush.milliamps.length * inrush.samplePeriodMs, inrush.durationMs * headroom, 1);
  const max = Math.max(inrush.peakMilliamps, limit ?? 0, 1) * headroom;
  const x = scale([0, lastMs], [frame.left, frame.width - frame.right]);
  const y = scale([0, max], [frame.height - frame.bottom, frame.top]);
  const points = inrush.milliamps.map((value, index) => [x(index * inrush.samplePeriodMs), y(value)] as const);
  const end = x(inrush.durationMs);
  const atLeft = end > frame.width / 2;
  const axis = ticks(lastMs, 4).map((at) => label('t small muted', x(at), frame.height - 10, `${at} ms`, 'middle'));
  return svg(
    frame.width,
    frame.height,
    'Inrush close up',
    unitLabel(frame),
    grid(frame, y, max),
    limit === undefined ? null : threshold(frame, y, limit, `at most ${limit} mA`),
    polyline('trace', points),
    line('mark', end, frame.top, end, y(0)),
    label(
      't small',
      end + (atLeft ? -5 : 5),
      y(0) - 12,
      `over after ${px(inrush.durationMs)} ms`,
      atLeft ? 'end' : 'start',
    ),
    axis,
  );
};

/** The drawings there is data for; none when the phone was never powered. */
export const currentCharts = (
  events: readonly TimelineEvent[],
  plan: Plan,
): { readonly overTime: Markup | null; readonly inrush: Markup | null } => {
  const samples = samplesOf(events);
  const inrush = events.find(({ fact }) => fact.kind === 'inrush')?.fact;
  return {
    overTime: samples.length === 0 ? null : overTime(events, samples, plan),
    inrush: inrush?.kind === 'inrush' && inrush.milliamps.length > 1 ? closeUp(inrush, plan) : null,
  };
};
