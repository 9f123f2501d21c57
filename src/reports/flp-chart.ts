/** Fast Link Pulse bursts, as sent and as heard: 33 positions, clocks at the odd ones, data bits between them. */
import type { FactOf, TimelineEvent } from '../timeline/events.js';
import { label, line, rect, scale, svg } from './figure.js';
import { type Markup, markup } from './markup.js';

type Burst = FactOf<'flp-burst'>;

/** 802.3 clause 28: a position every 62.5 us, clocks every second one. */
const microsecondsPerPosition = 62.5;
const positions = 33;
const shownFirst = 3;
const shownLast = 3;

const size = { width: 1000, left: 62, right: 212, burstHeight: 92, top: 30, pulseHeight: 22, axisHeight: 22 } as const;
const pulseWidth = 3;
const lastUs = (positions - 1) * microsecondsPerPosition;
const x = scale([0, lastUs], [size.left + 8, size.width - size.right - 8]);

const bitText = (word: number): string =>
  word
    .toString(2)
    .padStart(16, '0')
    .replace(/(.{4})(?=.)/g, '$1 ');

/** The word that positions stand for, where all clocks are there. */
const wordOf = (text: string): number | undefined => {
  const clocks = Array.from({ length: 17 }, (_, index) => text[2 * index]);
  if (clocks.some((clock) => clock !== '1')) return undefined;
  return Array.from({ length: 16 }, (_, bit) => (text[2 * bit + 1] === '1' ? 2 ** bit : 0)).reduce((a, b) => a + b, 0);
};

const hexWord = (word: number): string => `0x${word.toString(16).toUpperCase().padStart(4, '0')}`;

const pulses = (text: string, other: string, baseline: number, differs: boolean): readonly Markup[] =>
  Array.from({ length: positions }, (_, index): Markup | null => {
    const present = text[index] === '1';
    const wrong = differs && text[index] !== other[index];
    const at = x(index * microsecondsPerPosition);
    if (!present && !wrong) return null;
    if (!present)
      return rect('pulse lost', at - pulseWidth / 2, baseline - size.pulseHeight, pulseWidth, size.pulseHeight);
    const kind = wrong ? 'foreign' : index % 2 === 0 ? 'clock' : 'data';
    return rect(`pulse ${kind}`, at - pulseWidth / 2, baseline - size.pulseHeight, pulseWidth, size.pulseHeight);
  }).filter((pulse) => pulse !== null);

const trace = (name: string, baseline: number, content: readonly Markup[]): Markup =>
  markup`${label('t small muted', size.left - 4, baseline - 6, name, 'end')}${line('base', size.left, baseline, size.width - size.right, baseline)}${content}`;

const burstRow = (burst: Burst, row: number): Markup => {
  const top = size.top + row * size.burstHeight;
  const exact = burst.heard === burst.sent;
  const silent = !burst.heard.includes('1');
  const textX = size.width - size.right + 12;
  const heardWord = wordOf(burst.heard);
  const heard = heardWord === undefined ? 'no word of ours' : `heard ${hexWord(heardWord)}, not ours`;
  const verdict = exact ? 'echoed exactly' : silent ? 'nothing heard' : heard;
  const trip = burst.roundTripNanoseconds === null ? '' : `, round trip ${Math.round(burst.roundTripNanoseconds)} ns`;
  return markup`${row % 2 === 0 ? rect('band', 0, top, size.width, size.burstHeight) : null}
${label('t strong', 10, top + 36, `#${burst.index}`)}${label('t small muted', 10, top + 50, `${burst.pulseNanoseconds} ns`)}
${trace('sent', top + 36, pulses(burst.sent, burst.sent, top + 36, false))}
${trace('heard', top + 72, pulses(burst.heard, burst.sent, top + 72, true))}
${label('t strong mono', textX, top + 30, hexWord(burst.word))}${label('t mono small', textX, top + 48, bitText(burst.word))}
${label(exact ? 't small good' : 't small bad', textX, top + 66, `${verdict}${trip}`)}
${burst.foreignPulses > 0 ? label('t small bad', textX, top + 82, `${burst.foreignPulses} foreign pulses`) : null}`;
};

/** D0 is sent first; clocks stand between the data positions. */
const header: Markup = markup`${Array.from(
  { length: 16 },
  (_, bit): Markup => label('t small muted', x((2 * bit + 1) * microsecondsPerPosition), 20, `D${bit}`, 'middle'),
)}`;

const axisAt = (y: number): Markup =>
  markup`${[0, 500, 1000, 1500, 2000].map((at): Markup => markup`${line('grid', x(at), y - 4, x(at), y)}${label('t small muted', x(at), y + 12, `${at} µs`, 'middle')}`)}`;

/** The first and the last bursts of the run; undefined when none was sent. */
export const flpChart = (
  events: readonly TimelineEvent[],
): { readonly drawing: Markup; readonly left: number; readonly total: number } | undefined => {
  const bursts = events.flatMap(({ fact }) => (fact.kind === 'flp-burst' ? [fact] : []));
  if (bursts.length === 0) return undefined;
  const all = bursts.length <= shownFirst + shownLast;
  const shown = all ? bursts : [...bursts.slice(0, shownFirst), ...bursts.slice(-shownLast)];
  const bottom = size.top + shown.length * size.burstHeight;
  return {
    drawing: svg(
      size.width,
      bottom + size.axisHeight,
      'Fast Link Pulse bursts, sent and heard',
      header,
      shown.map(burstRow),
      axisAt(bottom + 4),
    ),
    left: bursts.length - shown.length,
    total: bursts.length,
  };
};
