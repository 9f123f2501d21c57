import type { Fact, TimelineEvent } from './events.js';

/** An event on disk, newline included, is never longer. */
export const longestEventBytes = 4096;

/** Tried in turn until the event fits: longest text and longest list that stay whole. */
const bounds = [
  { text: 1024, list: 512 },
  { text: 256, list: 256 },
  { text: 128, list: 64 },
  { text: 32, list: 16 },
  { text: 8, list: 4 },
] as const;
type Bound = (typeof bounds)[number];

const shortenText = (text: string, { text: longest }: Bound): string =>
  text.length <= longest ? text : `${text.slice(0, longest)}…[cut, was ${text.length}]`;

const shorten = (value: unknown, bound: Bound): unknown => {
  if (typeof value === 'string') return shortenText(value, bound);
  if (Array.isArray(value)) return value.slice(0, bound.list).map((item) => shorten(item, bound));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).slice(0, bound.list);
  return Object.fromEntries(entries.map(([key, item]) => [shortenText(key, bound), shorten(item, bound)]));
};

/** Every field of the fact stays, the kind as it is; what the fields hold may have come from the wire and is cut. */
const shortenFact = (fact: Fact, bound: Bound): Fact => {
  const fields = Object.entries(fact).map(([key, value]) => [key, key === 'kind' ? value : shorten(value, bound)]);
  return Object.fromEntries(fields) as Fact;
};

const fits = (event: TimelineEvent): boolean => Buffer.byteLength(JSON.stringify(event)) < longestEventBytes;

/** The event itself where it is short enough, else with long texts and lists cut and `cut` set. */
export const shortenToFit = (event: TimelineEvent): TimelineEvent => {
  if (fits(event)) return event;
  let shorter = event;
  for (const bound of bounds) {
    shorter = { ...event, cut: true, fact: shortenFact(event.fact, bound) };
    if (fits(shorter)) break;
  }
  return shorter;
};
