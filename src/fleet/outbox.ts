/**
 * What a station still owes the database: a folder with one file an entry, numbered in their order. Written, synced, renamed:
 * an entry is there whole or not at all. An entry goes when a receipt covers it, oldest first; of the newest one a file stays,
 * as delivered: the next number is one above it, so that none is ever used twice, however this process ends.
 *
 *     outbox.json                 which outbox this is, and the plans that it has brought
 *     entries/000000000042.json   an entry without what tells whose and which it is
 *     entries/000000000041.sent   the newest of those that a receipt covered
 */
import { randomUUID } from 'node:crypto';
import { mkdir, opendir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BenchError } from '../errors.js';
import { writeWhole } from '../records/run-folder.js';
import { type FleetEvent, fleetSchema, longestMessageBytes } from './messages.js';

/** A `recordMessage`, `planMessage` or `eventMessage` (messages.ts) without what the outbox knows. */
export type EntryContent =
  | { readonly kind: 'event'; readonly at: string; readonly event: FleetEvent }
  | { readonly kind: 'plan'; readonly at: string; readonly name: string; readonly hash: string; readonly text: string }
  | { readonly kind: 'record'; readonly at: string; readonly record: object };

export interface EntryToSend {
  readonly kind: EntryContent['kind'];
  /** Of the message, JSON. */
  readonly text: string;
}

export interface Outbox {
  readonly id: string;
  /** Sequence number up to which the database holds everything; 0: nothing of this outbox. */
  readonly confirmed: number;
  /** Of the newest entry; 0: none yet. */
  readonly last: number;
  /** Resolves with its number when it is on the disk. Throws BenchError OUTBOX_FAILED: it is not; FLEET_MESSAGE_INVALID: too long. */
  append(content: EntryContent): Promise<number>;
  /** An entry that is damaged or gone is told as `entry-lost` under its number. Throws BenchError OUTBOX_FAILED: try later. */
  read(seq: number): Promise<EntryToSend>;
  /** Lets go of every entry up to `seq`. */
  confirm(seq: number): Promise<void>;
  /** What is not confirmed goes on under the name of a new outbox, from 1. Throws BenchError OUTBOX_FAILED: it is as it was. */
  beginAnew(): Promise<void>;
  /** Whether an entry of this outbox has brought that plan. */
  hasPlan(hash: string): boolean;
  /** When the oldest entry without a receipt was written, ISO 8601; null: there is none, or it does not tell. */
  oldestAt(): Promise<string | null>;
}

export interface OutboxParts {
  /** Made where it is not there. */
  readonly folder: string;
  readonly plant: string;
  readonly station: string;
  /** UTC, for `entry-lost`. */
  wallClock(): Date;
  /** For a person: what was found damaged. */
  log(text: string): void;
}

const positionName = 'outbox.json';
const numberDigits = 12;
/** Room for what is put around a content. */
const largestContentBytes = longestMessageBytes - 1024;
/** More than a plant has; what is forgotten is sent once more. */
const plansKept = 1_000;

interface Position {
  readonly outbox: string;
  readonly plant: string;
  readonly station: string;
  /** Number of the file before the one with sequence number 1. */
  readonly base: number;
  readonly plans: readonly string[];
}

const nameOf = (number: number, kind: 'json' | 'sent'): string =>
  `${String(number).padStart(numberDigits, '0')}.${kind}`;

const readPosition = async (folder: string): Promise<Position | 'none' | 'damaged'> => {
  try {
    const read = JSON.parse(await readFile(join(folder, positionName), 'utf8')) as Partial<Position> | null;
    const { outbox, plant, station, base, plans } = read ?? {};
    const isWhole = [outbox, plant, station].every((text) => typeof text === 'string') && Number.isSafeInteger(base);
    return isWhole && Array.isArray(plans) ? (read as Position) : 'damaged';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'none' : 'damaged';
  }
};

interface Found {
  /** Of entries; infinite: there is none. */
  readonly first: number;
  readonly last: number;
  /** The highest that was delivered; 0: none. */
  readonly sent: number;
}

/** What a killed process left half-written is removed. */
const survey = async (entries: string): Promise<Found> => {
  const found = { first: Number.POSITIVE_INFINITY, last: 0, sent: 0 };
  for await (const { name } of await opendir(entries, { bufferSize: 1_000 })) {
    const [, digits, kind] = /^(\d{12})\.(json|sent)$/.exec(name) ?? [];
    const number = Number(digits);
    if (digits === undefined) await rm(join(entries, name), { force: true, recursive: true });
    else if (kind === 'sent') found.sent = Math.max(found.sent, number);
    else found.first = Math.min(found.first, number);
    if (kind === 'json') found.last = Math.max(found.last, number);
  }
  return found;
};

/** Of whatever was thrown: the disk's own words. */
const failed = (cause: unknown): BenchError =>
  new BenchError('OUTBOX_FAILED', cause instanceof Error ? cause.message : String(cause), { cause });

/** These come and go with the load; anything else is an entry that nobody will read any more. */
const passing: ReadonlySet<string | undefined> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EACCES', 'EPERM']);

/** Throws BenchError OUTBOX_FAILED: the folder cannot be made or read. */
export const openOutbox = async (parts: OutboxParts): Promise<Outbox> => {
  const { folder, plant, station } = parts;
  const entries = join(folder, 'entries');
  const fresh = (base: number): Position => ({ outbox: randomUUID(), plant, station, base, plans: [] });
  const keep = (next: Position) => writeWhole(folder, positionName, `${JSON.stringify(next)}\n`);

  let position: Position;
  /** Numbers of files: the oldest that is still there, the newest, and up to where receipts go. */
  let oldest: number;
  let last: number;
  let confirmed: number;
  /** Of the `.sent` that is there; 0: none. */
  let sent: number;
  try {
    await mkdir(entries, { recursive: true });
    const found = await readPosition(folder);
    const there = await survey(entries);
    if (found === 'damaged') parts.log(`${join(folder, positionName)} is damaged: what waits goes on as a new outbox`);
    const isOurs = typeof found === 'object' && found.plant === plant && found.station === station;
    // Entries go oldest first, so what is not there in front of the oldest was delivered.
    const delivered = Math.max(there.sent, Number.isFinite(there.first) ? there.first - 1 : 0);
    const base = isOurs ? found.base : delivered;
    confirmed = Math.max(base, delivered);
    last = Math.max(confirmed, there.last);
    oldest = Math.min(there.first, confirmed + 1);
    sent = there.sent;
    position = isOurs ? found : fresh(base);
    if (!isOurs) await keep(position);
  } catch (cause) {
    throw failed(cause);
  }

  let line: Promise<unknown> = Promise.resolve();
  /** One after the other: an entry's number is its place. */
  const inLine = <T>(work: () => Promise<T>): Promise<T> => {
    const done = line.then(work);
    line = done.catch(() => {});
    return done;
  };

  const message = (seq: number, body: string): string => {
    const head = { schema: fleetSchema, station, outbox: position.outbox, seq };
    return `${JSON.stringify(head).slice(0, -1)},${body.slice(1)}`;
  };
  /** By sequence number: what is sent again must be the same to the byte, or the database takes it for another's. */
  const lostEntries = new Map<number, EntryToSend>();
  const lost = (seq: number, reason: string): EntryToSend => {
    parts.log(`outbox: entry ${seq} ${reason}; it is told as lost`);
    const event = { event: 'entry-lost', message: `entry ${seq} ${reason}` } as const;
    const content: EntryContent = { kind: 'event', at: parts.wallClock().toISOString(), event };
    const entry: EntryToSend = { kind: 'event', text: message(seq, JSON.stringify(content)) };
    lostEntries.set(seq, entry);
    return entry;
  };

  const write = async (content: EntryContent): Promise<number> => {
    const text = JSON.stringify(content);
    if (Buffer.byteLength(text) > largestContentBytes)
      throw new BenchError(
        'FLEET_MESSAGE_INVALID',
        `${Buffer.byteLength(text)} bytes are more than a message may have`,
      );
    // A number whose file could not be written is taken by the next entry: nothing is read, or sent, above `last`.
    await writeWhole(entries, nameOf(last + 1, 'json'), text).catch((cause) => {
      throw failed(cause);
    });
    last += 1;
    const seq = last - position.base;
    if (content.kind === 'plan') {
      const plans = [...position.plans.filter((hash) => hash !== content.hash), content.hash].slice(-plansKept);
      position = { ...position, plans };
      // What is not noted is brought once more after the next start.
      await keep(position).catch(() => {});
    }
    return seq;
  };

  /** Whatever cannot be removed stops it until the next receipt: nothing may be missing in the middle. */
  const letGo = async (upTo: number): Promise<void> => {
    confirmed = Math.max(confirmed, Math.min(last, upTo));
    for (const seq of lostEntries.keys()) if (seq <= confirmed - position.base) lostEntries.delete(seq);
    const pathOf = (number: number, kind: 'json' | 'sent') => join(entries, nameOf(number, kind));
    try {
      for (; oldest <= confirmed && oldest < last; oldest += 1) await rm(pathOf(oldest, 'json'), { force: true });
      if (oldest <= confirmed) {
        await rename(pathOf(oldest, 'json'), pathOf(oldest, 'sent'));
        oldest += 1;
        if (sent > 0) await rm(pathOf(sent, 'sent'), { force: true });
        sent = last;
      }
    } catch {
      // It costs room, and a duplicate after the next start.
    }
  };

  return {
    get id() {
      return position.outbox;
    },
    get confirmed() {
      return confirmed - position.base;
    },
    get last() {
      return last - position.base;
    },
    append: (content) => inLine(() => write(content)),
    read: async (seq) => {
      const known = lostEntries.get(seq);
      if (known !== undefined) return known;
      let text: string;
      try {
        text = await readFile(join(entries, nameOf(position.base + seq, 'json')), 'utf8');
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (passing.has(code)) throw failed(error);
        return lost(seq, `cannot be read (${code})`);
      }
      try {
        const { kind } = JSON.parse(text) as EntryContent;
        if (kind === 'event' || kind === 'plan' || kind === 'record') return { kind, text: message(seq, text) };
      } catch {
        // Told below.
      }
      return lost(seq, 'is damaged on the station’s disk');
    },
    confirm: (seq) => inLine(() => letGo(position.base + seq)),
    beginAnew: () =>
      inLine(async () => {
        const next = fresh(confirmed);
        await keep(next).catch((cause) => {
          throw failed(cause);
        });
        position = next;
        lostEntries.clear();
      }),
    hasPlan: (hash) => position.plans.includes(hash),
    oldestAt: async () => {
      if (confirmed === last) return null;
      try {
        const { at } = JSON.parse(await readFile(join(entries, nameOf(confirmed + 1, 'json')), 'utf8')) as EntryContent;
        return typeof at === 'string' ? at : null;
      } catch {
        return null;
      }
    },
  };
};
