/** Bytes from the broker -> an entry of an outbox, or why not. Nothing here trusts who sent them beyond the topic they came by. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { isBenchError } from '../../errors.js';
import type { BrokerMessage } from '../broker.js';
import { checkMessage, type Entry, type EntryKind, entryMessage, readJson, stationName } from '../messages.js';
import { stationOfTopic } from '../topics.js';

export interface Refusal {
  readonly code: 'FLEET_MESSAGE_INVALID' | 'OUTBOX_CONFLICT' | 'RUN_CONFLICT' | 'ENTRY_REFUSED';
  readonly message: string;
}

/** What an entry says; or, where it is not of its schema, why: its place in the order is known all the same. */
export type Content =
  | {
      readonly entry: Entry;
      /** The record, or the event, as JSON text with fields of later versions. */
      readonly json: string;
    }
  | { readonly refusal: Refusal };

/** An entry whose place in an outbox could be read. */
export interface Arrival {
  readonly station: string;
  readonly outbox: string;
  readonly seq: number;
  readonly kind: EntryKind;
  readonly payload: Buffer;
  /** Of the bytes: an entry that is sent again is the same to the byte. */
  readonly digest: Buffer;
  readonly content: Content;
}

export interface Unreadable {
  readonly topic: string;
  readonly reason: string;
}

const place = z.object({ outbox: z.uuid(), seq: z.int().min(1), station: stationName, kind: z.string() });
const kinds: readonly string[] = ['record', 'plan', 'event'] satisfies readonly EntryKind[];
const digestBytes = 16;

/** What a text column holds: no NUL, no half of a surrogate pair; and no more than a person reads. */
export const plainText = (text: string): string =>
  Buffer.from(text.slice(0, 1_000).replaceAll('\0', '')).toString('utf8');

const contentOf = (raw: unknown, station: string): Content => {
  try {
    const message = checkMessage(entryMessage, raw, station);
    if (message.kind === 'plan' && message.hash !== createHash('sha256').update(message.text).digest('hex'))
      return { refusal: { code: 'FLEET_MESSAGE_INVALID', message: 'hash: not that of the text' } };
    const { record, event } = raw as { readonly record?: unknown; readonly event?: unknown };
    return { entry: message, json: JSON.stringify(record ?? event ?? null) };
  } catch (error) {
    // JSON that is nested too deeply is readable, and cannot be written again.
    const message = isBenchError(error) ? error.detail : String(error);
    return { refusal: { code: 'FLEET_MESSAGE_INVALID', message: plainText(message) } };
  }
};

type Place = Pick<Arrival, 'station' | 'outbox' | 'seq' | 'kind'>;

const arrivalOf = (raw: unknown, payload: Buffer, place: Place): Arrival => ({
  ...place,
  payload,
  digest: createHash('sha256').update(payload).digest().subarray(0, digestBytes),
  content: contentOf(raw, place.station),
});

/** An entry that was parked: its place was readable when it came. */
export const readParked = (payload: Buffer, place: Place): Arrival => arrivalOf(readJson(payload), payload, place);

export const readBrokerMessage = ({ topic, payload }: BrokerMessage): Arrival | Unreadable => {
  const unreadable = (reason: string): Unreadable => ({ topic: plainText(topic), reason });
  const station = stationOfTopic(topic);
  const kind = topic.slice(topic.lastIndexOf('/') + 1);
  if (station === undefined || !kinds.includes(kind)) return unreadable('no topic of entries');
  let raw: unknown;
  try {
    raw = readJson(payload);
  } catch (error) {
    return unreadable(isBenchError(error) ? error.detail : String(error));
  }
  const read = place.safeParse(raw);
  if (!read.success) return unreadable('without outbox and number');
  if (read.data.station !== station) return unreadable('of another station than its topic');
  if (read.data.kind !== kind) return unreadable('of another kind than its topic');
  const { outbox, seq } = read.data;
  return arrivalOf(raw, Buffer.from(payload), { station, outbox: outbox.toLowerCase(), seq, kind: kind as EntryKind });
};

export const isUnreadable = (read: Arrival | Unreadable): read is Unreadable => 'reason' in read;
