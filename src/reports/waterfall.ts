/** The six stages on one time axis, with what happened when. */
import type { RunRecord } from '../records/record.js';
import type { Fact, TimelineEvent } from '../timeline/events.js';
import { label, line, rect, scale, secondsText, svg, textWidth, ticks } from './figure.js';
import { type Markup, markup } from './markup.js';
import { stageLooks, stageTitles } from './verdict-look.js';

interface KeyEvent {
  readonly name: string;
  readonly is: (fact: Fact) => boolean;
  /** Every one is marked, not only the first. */
  readonly each?: true;
}

const fromPhone = (fact: Fact): boolean => 'from' in fact && fact.from === 'phone';

const keyEvents: readonly KeyEvent[] = [
  { name: 'power on', is: ({ kind }) => kind === 'power-on', each: true },
  { name: 'link up', is: ({ kind }) => kind === 'link-up', each: true },
  { name: 'link down', is: ({ kind }) => kind === 'link-down', each: true },
  { name: 'first CDP', is: (fact) => fact.kind === 'cdp' && fromPhone(fact) },
  { name: 'first LLDP-MED', is: (fact) => fact.kind === 'lldp' && fact.medClass !== null && fromPhone(fact) },
  {
    name: 'voice VLAN told',
    is: (fact) =>
      (fact.kind === 'cdp' && fact.voiceVlanReply !== null) ||
      (fact.kind === 'lldp' && !fromPhone(fact) && fact.voicePolicy !== null),
  },
  { name: 'DISCOVER', is: (fact) => fact.kind === 'dhcp' && fact.messageType === 'DISCOVER' },
  { name: 'ACK', is: (fact) => fact.kind === 'dhcp' && fact.messageType === 'ACK' },
  { name: 'first file', is: ({ kind }) => kind === 'tftp-request' },
  { name: 'config here', is: (fact) => fact.kind === 'tftp-end' && fact.config !== null },
  {
    name: 'Register',
    is: (fact) =>
      (fact.kind === 'sccp' && fact.message === 'Register') ||
      (fact.kind === 'sip' && fact.purpose === 'register' && fact.statusCode === null),
  },
  { name: 'keepalive', is: (fact) => fact.kind === 'sccp' && fact.message === 'KeepAlive' },
  { name: 'power off', is: ({ kind }) => kind === 'power-off', each: true },
  { name: 'board lost', is: ({ kind }) => kind === 'board-lost', each: true },
  { name: 'interrupted', is: ({ kind }) => kind === 'interrupted' },
];

const mostMarks = 24;

export const marksOf = (
  events: readonly TimelineEvent[],
): readonly { readonly atUs: number; readonly name: string }[] =>
  keyEvents
    .flatMap(({ name, is, each }) => {
      const found = events.filter(({ fact }) => is(fact));
      return (each === true ? found : found.slice(0, 1)).map(({ atUs }) => ({ atUs, name }));
    })
    .sort((a, b) => a.atUs - b.atUs)
    .slice(0, mostMarks);

const size = { width: 1000, left: 116, right: 84, laneHeight: 14, rowHeight: 30, axisHeight: 26 } as const;
const laneGap = 8;
const thinnestBar = 3;

/** Puts each mark's name in the lowest lane where it does not touch its neighbours. */
const intoLanes = <Mark extends { readonly x: number; readonly name: string }>(marks: readonly Mark[]) => {
  const ends: number[] = [];
  return marks.map((mark) => {
    const free = ends.findIndex((end) => end + laneGap < mark.x);
    const lane = free === -1 ? ends.length : free;
    ends[lane] = mark.x + textWidth(mark.name) + 4;
    return { ...mark, lane };
  });
};

export const waterfall = ({ stages }: RunRecord, events: readonly TimelineEvent[]): Markup => {
  const lastUs = Math.max(events.at(-1)?.atUs ?? 0, ...stages.map(({ endedAtUs }) => endedAtUs ?? 0), 1000);
  const x = scale([0, lastUs], [size.left, size.width - size.right]);
  const placed = intoLanes(marksOf(events).map(({ atUs, name }) => ({ x: x(atUs), name })));
  const lanes = Math.max(1, ...placed.map(({ lane }) => lane + 1));
  const top = lanes * size.laneHeight + 8;
  const bottom = top + stages.length * size.rowHeight;

  const bands = stages.map((_, row) =>
    rect(
      row % 2 === 0 ? 'band' : 'none',
      size.left,
      top + row * size.rowHeight,
      size.width - size.left - size.right,
      size.rowHeight,
    ),
  );
  const rows = stages.map((stage, row): Markup => {
    const y = top + row * size.rowHeight;
    const name = label('t strong', size.left - 12, y + 20, stageTitles[stage.stage], 'end');
    if (stage.beganAtUs === null) {
      const text = stageLooks[stage.verdict].label.toLowerCase();
      return markup`${name}${label('t muted', size.left + 8, y + 20, text)}`;
    }
    const from = x(stage.beganAtUs);
    const to = Math.max(x(stage.endedAtUs ?? lastUs), from + thinnestBar);
    const took = stage.endedAtUs === null ? 'not ended' : secondsText(stage.endedAtUs - stage.beganAtUs);
    return markup`${name}${rect(`bar ${stage.verdict}`, from, y + 7, to - from, size.rowHeight - 14, 2)}${label('t', to + 6, y + 20, took)}`;
  });

  const marks = placed.map(({ x: at, name, lane }): Markup => {
    const y = top - 6 - (lanes - 1 - lane) * size.laneHeight;
    return markup`${line('mark', at, y - 8, at, bottom)}${label('t small', at + 3, y, name)}`;
  });

  const axis = ticks(lastUs / 1e6, 8).map(
    (second): Markup =>
      markup`${line('grid', x(second * 1e6), top, x(second * 1e6), bottom + 4)}${label('t small muted', x(second * 1e6), bottom + 17, `${second} s`, 'middle')}`,
  );
  return svg(size.width, bottom + size.axisHeight, 'The six stages over time', bands, axis, marks, rows);
};
