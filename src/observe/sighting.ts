import type { Party } from '../timeline/events.js';

/** Whose frame it was: what every fact of `observe` carries. */
export interface Seen {
  readonly from: Party;
  readonly vlan: number | null;
  readonly mac: string;
}

/** A frame on the wire, as live links and capture files give it. */
export interface ObservedFrame {
  /** From the destination MAC on, 802.1Q tag in place. */
  readonly bytes: Uint8Array;
  /** `in`: from the phone; `out`: from the bench; undefined: a capture that does not say. */
  readonly direction: 'in' | 'out' | undefined;
  /** Any time base that does not run backwards; only differences are used. */
  readonly atUs: number;
  readonly number: number;
}

export interface Sighting {
  readonly seen: Seen;
  readonly atUs: number;
}

/** A fact is at most 4 KiB on the timeline: texts from the wire are cut here. */
const bounds = { textLength: 200, listLength: 40, fieldCount: 24 } as const;

export const clip = (text: string): string =>
  text.length <= bounds.textLength ? text : `${text.slice(0, bounds.textLength)}…`;

export const clipOrNull = (text: string | undefined): string | null => (text === undefined ? null : clip(text));

export const clipList = <T>(list: readonly T[]): readonly T[] => list.slice(0, bounds.listLength);

export const clipFields = <T extends string | number>(
  fields: Readonly<Record<string, T>>,
): Readonly<Record<string, T | string>> =>
  Object.fromEntries(
    Object.entries(fields)
      .slice(0, bounds.fieldCount)
      .map(([name, value]) => [clip(name), typeof value === 'string' ? clip(value) : value]),
  );
