/** What the low-voltage probe saw, and which pins of the jack were fed, in one drawing. */
import type { FactOf, TimelineEvent } from '../timeline/events.js';
import { feedOf } from '../timeline/feed.js';
import { label, line, px, rect, svg } from './figure.js';
import { type Markup, markup } from './markup.js';
import { valueText } from './measurement-text.js';

const size = { width: 1000, height: 132 } as const;

// ---- the probe: a resistance on a logarithmic scale, with the zones of 802.3 table 33-8 -------------------------------

const axis = { left: 16, right: 520, top: 46, height: 26, fromOhms: 3e3, toOhms: 2e5 } as const;
/** Valid from 19 to 26.5 kohm; below 15 and above 33 a source must refuse; between the two it may do either. */
const zones = [
  { name: 'bad-zone', from: axis.fromOhms, to: 15_000 },
  { name: 'marginal-zone', from: 15_000, to: 19_000 },
  { name: 'good-zone', from: 19_000, to: 26_500 },
  { name: 'marginal-zone', from: 26_500, to: 33_000 },
  { name: 'bad-zone', from: 33_000, to: axis.toOhms },
] as const;
const marks = [5e3, 10e3, 15e3, 19e3, 26.5e3, 33e3, 50e3, 100e3] as const;

const ohmsAt = (ohms: number): number => {
  const share = Math.log(ohms / axis.fromOhms) / Math.log(axis.toOhms / axis.fromOhms);
  return px(axis.left + Math.min(1, Math.max(0, share)) * (axis.right - axis.left));
};

const findings: Readonly<Record<FactOf<'probe'>['finding'], string>> = {
  open: 'nothing hangs on the jack',
  load: 'something draws and shows no signature, as a prestandard phone does',
  signature: 'a valid 802.3af signature',
  low: 'a resistance below a valid signature',
  high: 'a resistance above a valid signature',
  'not possible': 'not possible: the emergency stop is open',
};

const needle = ({ finding, ohms }: FactOf<'probe'>): Markup | null => {
  if (ohms === null) return null;
  const at = ohmsAt(ohms);
  const kind = finding === 'signature' ? 'needle' : 'needle fail';
  const bottom = axis.top + axis.height + 4;
  return markup`${line('needle-back', at, axis.top - 4, at, bottom)}${line(kind, at, axis.top - 4, at, bottom)}${label('t small strong', at, axis.top - 9, valueText(ohms, 'ohm'), 'middle')}`;
};

const probeDrawing = (probe: FactOf<'probe'> | undefined): Markup => {
  const title = label('t strong', axis.left, 18, 'Low-voltage probe');
  if (probe === undefined)
    return markup`${title}${label('t muted', axis.left, 40, 'not made: the phone’s relay had answered')}`;
  const { powerClass, classMilliamps, lowMillivolts, highMillivolts, finding } = probe;
  const volts = finding === 'not possible' ? [] : [`jack ${lowMillivolts / 1000} V and ${highMillivolts / 1000} V`];
  const classes = classMilliamps === 0 ? [] : [`class ${powerClass ?? 'none'} by ${px(classMilliamps)} mA`];
  const bottom = axis.top + axis.height;
  return markup`${title}${label('t small muted', axis.left + 140, 18, findings[finding])}
${zones.map((zone): Markup => rect(zone.name, ohmsAt(zone.from), axis.top, ohmsAt(zone.to) - ohmsAt(zone.from), axis.height))}
${marks.map((ohms): Markup => line('grid', ohmsAt(ohms), axis.top, ohmsAt(ohms), bottom + 4))}
${marks.map((ohms): Markup => label('t small muted', ohmsAt(ohms), bottom + 17, ohms / 1e3, 'middle'))}${label('t small muted', axis.right, bottom + 17, 'kohm', 'end')}
${needle(probe)}${label('t small', axis.left, bottom + 40, [...volts, ...classes].join(', '))}`;
};

// ---- the jack: eight contacts ------------------------------------------------------------------------------------------

const jack = { left: 610, top: 46, contact: 34, gap: 6, height: 26 } as const;
const contacts = [1, 2, 3, 4, 5, 6, 7, 8] as const;

/** `4,5− 7,8+` -> what each contact carries. */
const signOf = (pins: string, contact: number): '−' | '+' | undefined => {
  const group = pins.split(' ').find((part) => part.slice(0, -1).split(',').includes(String(contact)));
  return group === undefined ? undefined : group.endsWith('+') ? '+' : '−';
};

const jackDrawing = (fed: FactOf<'power-on'> | undefined): Markup => {
  const feed = fed === undefined ? undefined : feedOf(fed.pairs, fed.polarity);
  const told = feed === undefined ? 'never powered' : `${feed.pairs} pairs, ${feed.name}`;
  const row = contacts.map((contact, index): Markup => {
    const x = jack.left + index * (jack.contact + jack.gap);
    const middle = x + jack.contact / 2;
    const sign = feed === undefined ? undefined : signOf(feed.pins, contact);
    const look = sign === undefined ? 'contact' : sign === '−' ? 'contact minus' : 'contact plus';
    return markup`${rect(look, x, jack.top, jack.contact, jack.height, 3)}${label('t small muted', middle, jack.top + jack.height + 17, contact, 'middle')}${sign === undefined ? null : label('t strong on-contact', middle, jack.top + 18, sign, 'middle')}`;
  });
  return markup`${label('t strong', jack.left, 18, 'The jack')}${label('t small muted', jack.left + 66, 18, told)}${row}${label('t small', jack.left, jack.top + jack.height + 40, fed === undefined ? '' : `found by ${fed.method}; − carries −48 V, + its return`)}`;
};

/** undefined: the board neither probed nor powered. */
export const feedChart = (events: readonly TimelineEvent[]): Markup | undefined => {
  const last = <K extends 'probe' | 'power-on'>(kind: K): FactOf<K> | undefined =>
    events.findLast(({ fact }) => fact.kind === kind)?.fact as FactOf<K> | undefined;
  const probe = last('probe');
  const fed = last('power-on');
  if (probe === undefined && fed === undefined) return undefined;
  return svg(size.width, size.height, 'Low-voltage probe and fed pins', probeDrawing(probe), jackDrawing(fed));
};
