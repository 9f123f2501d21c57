import type { ObserveFact } from '../timeline/events.js';
import type { Malformed } from '../wire/cursor.js';
import { clip, type Seen } from './sighting.js';

/** Kinds of damage remembered, at most; beyond that damage is no longer told. */
const maxKinds = 128;

export type TellMalformed = (protocol: string, malformed: Malformed, seen: Seen) => readonly ObserveFact[];

/** Tells each kind of damage the first, tenth, hundredth ... time it is seen. */
export const createMalformedTeller = (): TellMalformed => {
  const counts = new Map<string, number>();
  return (protocol, { offset, reason }, seen) => {
    const key = `${seen.from} ${protocol} ${reason}`;
    const before = counts.get(key);
    if (before === undefined && counts.size >= maxKinds) return [];
    const count = (before ?? 0) + 1;
    counts.set(key, count);
    if (!isPowerOfTen(count)) return [];
    const words = count === 1 ? reason : `${reason} (${count} times so far)`;
    return [{ kind: 'malformed', ...seen, protocol, offset, reason: clip(words) }];
  };
};

const isPowerOfTen = (count: number): boolean => Number.isInteger(Math.log10(count));
