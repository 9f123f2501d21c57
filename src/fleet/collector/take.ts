/**
 * One batch of entries into the database, in one transaction. Each outbox is taken in the order of its numbers and without
 * a hole, whichever collector brings an entry, however often, in whatever order:
 *
 *     seq < next   taken before: a duplicate; another content under that number is a conflict
 *     seq = next   taken, and with it what is parked behind it
 *     seq > next   parked until the gap closes
 *
 * What is not of its schema, or what the database cannot hold, is kept in `refused` and counts as taken.
 */
import type { ClientBase } from 'pg';
import { isOfTheValue } from '../database.js';
import type { EntryKind } from '../messages.js';
import { type Arrival, readParked } from './arrival.js';
import { keepContents, keepRefused, type Refused } from './keep.js';

/** Of one outbox, for its receipt. */
export interface Reached {
  readonly station: string;
  readonly outbox: string;
  /** Every entry up to here is in the database. */
  readonly upTo: number;
  readonly refused: readonly { readonly seq: number; readonly code: string; readonly message: string }[];
}

export interface Taken {
  readonly reached: readonly Reached[];
  readonly taken: Readonly<Record<EntryKind, number>>;
  readonly duplicates: number;
  readonly parked: number;
  /** Kept as refused in this batch. */
  readonly refused: readonly Refused[];
  /** Too far ahead to be parked: the station sends them again. */
  readonly tooFar: number;
  /** Outboxes of which more is parked than one transaction takes. */
  readonly unfinished: readonly string[];
}

/** A station has some 64 entries under way; whoever is further ahead of the gap waits at the station. */
export const parkedAtMost = 256;
/** What one transaction takes of what is parked. */
const unparkedBytes = 8 * 1024 ** 2;

interface Outbox {
  readonly outbox: string;
  readonly station: string;
  next: number;
  readonly parked: Map<number, { readonly digest: Buffer; readonly bytes: number }>;
}

const column = <T, K extends keyof T>(rows: readonly T[], key: K): T[K][] => rows.map((row) => row[key]);
const placeOf = ({ outbox, seq }: { readonly outbox: string; readonly seq: number }) => `${outbox} ${seq}`;

/** Their rows are locked in one order, so that two collectors never wait for each other. */
const lockOutboxes = async (client: ClientBase, arrivals: readonly Arrival[], more: readonly string[]) => {
  const stations = new Map(arrivals.map(({ outbox, station }) => [outbox, station]));
  await client.query(
    `INSERT INTO outboxes (outbox, station)
     SELECT * FROM unnest($1::uuid[], $2::text[]) AS come (outbox, station) ORDER BY outbox ON CONFLICT DO NOTHING`,
    [[...stations.keys()], [...stations.values()]],
  );
  const all = [...new Set([...stations.keys(), ...more])];
  const { rows } = await client.query<{ outbox: string; station: string; next_seq: string }>(
    'SELECT outbox, station, next_seq FROM outboxes WHERE outbox = ANY($1::uuid[]) ORDER BY outbox FOR UPDATE',
    [all],
  );
  const parked = await client.query<{ outbox: string; seq: string; digest: Buffer; bytes: number }>(
    'SELECT outbox, seq, digest, octet_length(payload) AS bytes FROM parked WHERE outbox = ANY($1::uuid[])',
    [all],
  );
  const outboxes = new Map<string, Outbox>();
  for (const { outbox, station, next_seq } of rows)
    outboxes.set(outbox, { outbox, station, next: Number(next_seq), parked: new Map() });
  for (const { outbox, seq, digest, bytes } of parked.rows)
    outboxes.get(outbox)?.parked.set(Number(seq), { digest, bytes });
  return outboxes;
};

/** Digests of what was taken under these numbers. */
const takenDigests = async (client: ClientBase, arrivals: readonly Arrival[]) => {
  if (arrivals.length === 0) return new Map<string, Buffer>();
  const { rows } = await client.query<{ outbox: string; seq: string; digest: Buffer }>(
    `SELECT outbox, seq, digest FROM entries JOIN unnest($1::uuid[], $2::bigint[]) AS come (outbox, seq) USING (outbox, seq)`,
    [column(arrivals, 'outbox'), column(arrivals, 'seq')],
  );
  return new Map(rows.map(({ outbox, seq, digest }) => [placeOf({ outbox, seq: Number(seq) }), digest]));
};

const unpark = async (
  client: ClientBase,
  places: readonly { readonly outbox: string; readonly seq: number; readonly station: string }[],
): Promise<Arrival[]> => {
  if (places.length === 0) return [];
  const stations = new Map(places.map(({ outbox, station }) => [outbox, station]));
  const { rows } = await client.query<{ outbox: string; seq: string; kind: EntryKind; payload: Buffer }>(
    `DELETE FROM parked USING unnest($1::uuid[], $2::bigint[]) AS come (outbox, seq)
     WHERE parked.outbox = come.outbox AND parked.seq = come.seq
     RETURNING parked.outbox, parked.seq, parked.kind, parked.payload`,
    [column(places, 'outbox'), column(places, 'seq')],
  );
  return rows.map(({ outbox, seq, kind, payload }) =>
    readParked(payload, { station: stations.get(outbox) ?? '', outbox, seq: Number(seq), kind }),
  );
};

const conflict = (arrival: Arrival, message: string): Refused => ({ ...arrival, code: 'OUTBOX_CONFLICT', message });

/** What becomes of each arrival; the rows are locked. */
const sort = (outboxes: ReadonlyMap<string, Outbox>, arrivals: readonly Arrival[]) => {
  const sorted = {
    taken: [] as Arrival[],
    fromParked: [] as { outbox: string; seq: number; station: string }[],
    toPark: [] as Arrival[],
    earlier: [] as Arrival[],
    duplicates: 0,
    conflicts: [] as Refused[],
    tooFar: 0,
    unfinished: [] as string[],
  };
  const ahead = new Map<string, Map<number, Arrival>>();
  for (const arrival of arrivals) {
    const outbox = outboxes.get(arrival.outbox);
    if (outbox === undefined) continue;
    if (outbox.station !== arrival.station) {
      sorted.conflicts.push(conflict(arrival, `this outbox is that of station ${outbox.station}`));
      continue;
    }
    if (arrival.seq < outbox.next) {
      sorted.earlier.push(arrival);
      continue;
    }
    const here = ahead.get(arrival.outbox) ?? new Map<number, Arrival>();
    ahead.set(arrival.outbox, here);
    const before = (outbox.parked.get(arrival.seq) ?? here.get(arrival.seq))?.digest;
    if (before === undefined) here.set(arrival.seq, arrival);
    else if (before.equals(arrival.digest)) sorted.duplicates += 1;
    else sorted.conflicts.push(conflict(arrival, `another entry came as number ${arrival.seq}`));
  }
  let bytes = 0;
  for (const outbox of outboxes.values()) {
    const here = ahead.get(outbox.outbox) ?? new Map<number, Arrival>();
    for (; ; outbox.next += 1) {
      const [arrival, parked] = [here.get(outbox.next), outbox.parked.get(outbox.next)];
      if (arrival !== undefined) sorted.taken.push(arrival);
      else if (parked === undefined) break;
      else if (bytes > unparkedBytes) {
        sorted.unfinished.push(outbox.outbox);
        break;
      } else {
        sorted.fromParked.push({ outbox: outbox.outbox, seq: outbox.next, station: outbox.station });
        bytes += parked.bytes;
      }
    }
    for (const arrival of here.values()) {
      if (arrival.seq < outbox.next) continue;
      if (arrival.seq < outbox.next + parkedAtMost) sorted.toPark.push(arrival);
      else sorted.tooFar += 1;
    }
  }
  return sorted;
};

const park = async (client: ClientBase, arrivals: readonly Arrival[]): Promise<void> => {
  if (arrivals.length === 0) return;
  await client.query(
    `INSERT INTO parked (outbox, seq, kind, digest, payload)
     SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::bytea[], $5::bytea[])`,
    (['outbox', 'seq', 'kind', 'digest', 'payload'] as const).map((key) => column(arrivals, key)),
  );
};

/** The refusals of these entries, of this batch or of an earlier one whose receipt may have been lost. */
const refusalsOf = async (client: ClientBase, arrivals: readonly Arrival[]) => {
  const refusals = new Map<string, { seq: number; code: string; message: string }[]>();
  if (arrivals.length === 0) return refusals;
  const { rows } = await client.query<{ outbox: string; station: string; seq: string; code: string; message: string }>(
    `SELECT DISTINCT outbox, station, seq, code, message FROM refused
     JOIN unnest($1::uuid[], $2::bigint[], $3::text[]) AS come (outbox, seq, station) USING (outbox, seq, station)`,
    (['outbox', 'seq', 'station'] as const).map((key) => column(arrivals, key)),
  );
  for (const { outbox, station, seq, code, message } of rows) {
    const key = `${station} ${outbox}`;
    refusals.set(key, [...(refusals.get(key) ?? []), { seq: Number(seq), code, message }]);
  }
  return refusals;
};

const take = async (
  client: ClientBase,
  arrivals: readonly Arrival[],
  options: { readonly isCareful: boolean; readonly unfinished: readonly string[] },
): Promise<Taken> => {
  const outboxes = await lockOutboxes(client, arrivals, options.unfinished);
  const sorted = sort(outboxes, arrivals);
  const digests = await takenDigests(client, sorted.earlier);
  for (const arrival of sorted.earlier) {
    if (digests.get(placeOf(arrival))?.equals(arrival.digest) === false)
      sorted.conflicts.push(conflict(arrival, `another entry was taken as number ${arrival.seq}`));
    else sorted.duplicates += 1;
  }
  const taken = [...sorted.taken, ...(await unpark(client, sorted.fromParked))];
  const refused = [...(await keepContents(client, taken, options.isCareful)), ...sorted.conflicts];
  await keepRefused(client, refused);
  await park(client, sorted.toPark);
  await client.query(
    `UPDATE outboxes SET next_seq = reached.next, seen_at = now()
     FROM unnest($1::uuid[], $2::bigint[]) AS reached (outbox, next) WHERE outboxes.outbox = reached.outbox`,
    [[...outboxes.keys()], column([...outboxes.values()], 'next')],
  );
  const refusals = await refusalsOf(client, [...refused, ...sorted.earlier]);
  const strangers = sorted.conflicts.filter(({ outbox, station }) => outboxes.get(outbox)?.station !== station);
  const counts = { record: 0, plan: 0, event: 0 };
  for (const { kind } of taken) counts[kind] += 1;
  return {
    reached: [
      ...[...outboxes.values()].map(({ station, outbox, next }) => ({ station, outbox, upTo: next - 1 })),
      // Nothing of theirs is in that outbox.
      ...new Map(strangers.map(({ station, outbox }) => [station + outbox, { station, outbox, upTo: 0 }])).values(),
    ].map((reached) => ({ ...reached, refused: refusals.get(`${reached.station} ${reached.outbox}`) ?? [] })),
    taken: counts,
    duplicates: sorted.duplicates,
    parked: sorted.toPark.length,
    refused,
    tooFar: sorted.tooFar,
    unfinished: sorted.unfinished,
  };
};

const inTransaction = async <T>(client: ClientBase, work: () => Promise<T>): Promise<T> => {
  await client.query('BEGIN');
  try {
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
};

/**
 * Takes a batch, and what is parked of the `unfinished` outboxes of the batch before. When it returns, all is committed; when it
 * throws (what `pg` throws) nothing may be, or all: taking it again is right in both cases.
 */
export const takeBatch = async (
  client: ClientBase,
  arrivals: readonly Arrival[],
  unfinished: readonly string[] = [],
): Promise<Taken> => {
  try {
    return await inTransaction(client, () => take(client, arrivals, { isCareful: false, unfinished }));
  } catch (error) {
    if (!isOfTheValue(error)) throw error;
    // One of them is at fault: entry by entry, so that the others are not refused with it.
    return inTransaction(client, () => take(client, arrivals, { isCareful: true, unfinished }));
  }
};
