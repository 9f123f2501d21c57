/** What entries say, as rows: many with one statement. */
import type { ClientBase } from 'pg';
import { planModel } from '../../records/plan-model.js';
import type { RunRecord } from '../../records/record.js';
import { decidingStage } from '../../records/run-index.js';
import { isOfTheValue } from '../database.js';
import type { Entry } from '../messages.js';
import { type Arrival, plainText, type Refusal } from './arrival.js';

export type Refused = Pick<Arrival, 'station' | 'outbox' | 'seq' | 'payload' | 'kind' | 'digest' | 'content'> & Refusal;

type Of<K extends Entry['kind']> = Arrival & { readonly entry: Extract<Entry, { kind: K }>; readonly json: string };

const ofKind = <K extends Entry['kind']>(arrivals: readonly Arrival[], kind: K): Of<K>[] =>
  arrivals.flatMap((arrival) => {
    const { content } = arrival;
    return 'entry' in content && content.entry.kind === kind ? [{ ...arrival, ...content } as Of<K>] : [];
  });

/** Rows of one table: a value of each row for each column. */
type Columns<T> = readonly (readonly [name: string, type: string, value: (row: T) => unknown])[];

/** JSON goes as one document: as an array of texts each quote in it would be escaped here and read again there. */
const insert = <T>(table: string, columns: Columns<T>, rows: readonly T[], ending = '') => {
  const lists = columns.map(([, type], index) =>
    type === 'jsonb' ? `jsonb_array_elements($${index + 1}::jsonb)` : `unnest($${index + 1}::${type}[])`,
  );
  return {
    text: `INSERT INTO ${table} (${columns.map(([name]) => name).join(', ')})
      SELECT * FROM ROWS FROM (${lists.join(', ')}) AS come ${ending}`,
    values: columns.map(([, type, value]) => (type === 'jsonb' ? `[${rows.map(value).join(',')}]` : rows.map(value))),
  };
};

const place: Columns<Arrival> = [
  ['outbox', 'uuid', ({ outbox }) => outbox],
  ['seq', 'bigint', ({ seq }) => seq],
];
const sender: Columns<Arrival> = [...place, ['station', 'text', ({ station }) => station]];

const entryColumns: Columns<Arrival> = [
  ...place,
  ['kind', 'text', ({ kind }) => kind],
  ['digest', 'bytea', ({ digest }) => digest],
];

const runColumns: Columns<Of<'record'>> = [
  ...sender,
  ['run_id', 'text', ({ entry }) => entry.record.runId],
  ['started_at', 'timestamptz', ({ entry }) => entry.record.startedAt],
  ['port', 'text', ({ entry }) => entry.record.port],
  ['verdict', 'text', ({ entry }) => entry.record.verdict],
  ['blame', 'text', ({ entry }) => entry.record.blame],
  ['stage', 'text', ({ entry }) => decidingStage(entry.record as unknown as RunRecord)],
  ['cause', 'text', ({ entry }) => entry.record.cause],
  ['exit_code', 'smallint', ({ entry }) => entry.record.exitCode],
  ['duration_ms', 'double precision', ({ entry }) => entry.record.durationMs],
  ['plan_name', 'text', ({ entry }) => entry.record.plan.name],
  ['plan_hash', 'text', ({ entry }) => entry.record.plan.hash],
  ['unit', 'text', ({ entry: { record } }) => record.phone.serial ?? record.phone.deviceId ?? record.phone.mac],
  ['serial', 'text', ({ entry }) => entry.record.phone.serial ?? null],
  ['mac', 'text', ({ entry }) => entry.record.phone.mac],
  ['device_id', 'text', ({ entry }) => entry.record.phone.deviceId],
  ['platform', 'text', ({ entry }) => entry.record.phone.platform],
  ['load', 'text', ({ entry }) => entry.record.phone.load],
  ['golden', 'boolean', ({ entry }) => entry.record.golden != null],
  ['attempt', 'int', ({ entry }) => entry.record.attempt?.number ?? 1],
  ['first_attempt', 'text', ({ entry }) => entry.record.attempt?.first ?? entry.record.runId],
  ['record', 'jsonb', ({ json }) => json],
];

const planColumns: Columns<Of<'plan'>> = [
  ['hash', 'text', ({ entry }) => entry.hash],
  ['name', 'text', ({ entry }) => entry.name],
  ['text', 'text', ({ entry }) => entry.text],
  ['model', 'text', ({ entry }) => planModel(entry)],
];

const eventColumns: Columns<Of<'event'>> = [
  ...sender,
  ['at', 'timestamptz', ({ entry }) => entry.at],
  ['event', 'text', ({ entry }) => entry.event.event],
  ['port', 'text', ({ entry: { event } }) => ('port' in event ? event.port : null)],
  ['run_id', 'text', ({ entry: { event } }) => ('runId' in event ? event.runId : null)],
  ['detail', 'jsonb', ({ json }) => json],
];

const refusedColumns: Columns<Refused> = [
  ['outbox', 'uuid', ({ outbox }) => outbox],
  ['seq', 'bigint', ({ seq }) => seq],
  ['station', 'text', ({ station }) => station],
  ['code', 'text', ({ code }) => code],
  ['message', 'text', ({ message }) => plainText(message)],
  ['payload', 'bytea', ({ payload }) => payload],
];

/** A run that is there already, from another outbox or under another number, is not taken twice. Returns those with another record. */
const keepRuns = async (client: ClientBase, rows: readonly Of<'record'>[]): Promise<Refused[]> => {
  const kept = await client.query<{ outbox: string; seq: string }>(
    insert('runs', runColumns, rows, 'ON CONFLICT DO NOTHING RETURNING outbox, seq'),
  );
  if (kept.rowCount === rows.length) return [];
  const places = new Set(kept.rows.map(({ outbox, seq }) => `${outbox} ${seq}`));
  const others = rows.filter(({ outbox, seq }) => !places.has(`${outbox} ${seq}`));
  const { rows: different } = await client.query<{ index: number; outbox: string; seq: string }>(
    `SELECT come.index::int AS index, runs.outbox, runs.seq FROM runs
     JOIN unnest($1::text[], $2::text[], $3::jsonb[]) WITH ORDINALITY AS come (station, run_id, record, index)
       ON runs.station = come.station AND runs.run_id = come.run_id
     WHERE runs.record <> come.record`,
    [
      others.map(({ station }) => station),
      others.map(({ entry }) => entry.record.runId),
      others.map(({ json }) => json),
    ],
  );
  return different.flatMap(({ index, outbox, seq }) => {
    const other = others[index - 1];
    if (other === undefined) return [];
    return [{ ...other, code: 'RUN_CONFLICT' as const, message: `it was taken as number ${seq} of outbox ${outbox}` }];
  });
};

const keep = async (client: ClientBase, arrivals: readonly Arrival[]): Promise<Refused[]> => {
  const [runs, plans, events] = [ofKind(arrivals, 'record'), ofKind(arrivals, 'plan'), ofKind(arrivals, 'event')];
  // In the order of the key: two collectors may bring the same plans.
  const byHash = plans.sort((a, b) => (a.entry.hash < b.entry.hash ? -1 : 1));
  if (byHash.length > 0) await client.query(insert('plans', planColumns, byHash, 'ON CONFLICT DO NOTHING'));
  if (events.length > 0) await client.query(insert('events', eventColumns, events));
  return runs.length > 0 ? keepRuns(client, runs) : [];
};

/** With a savepoint each: what the database cannot hold is refused, and the rest kept. */
const keepOneByOne = async (client: ClientBase, arrivals: readonly Arrival[]): Promise<Refused[]> => {
  const refused: Refused[] = [];
  for (const arrival of arrivals) {
    await client.query('SAVEPOINT entry');
    try {
      refused.push(...(await keep(client, [arrival])));
      await client.query('RELEASE SAVEPOINT entry');
    } catch (error) {
      if (!isOfTheValue(error)) throw error;
      await client.query('ROLLBACK TO SAVEPOINT entry');
      refused.push({ ...arrival, code: 'ENTRY_REFUSED', message: (error as Error).message });
    }
  }
  return refused;
};

/** Writes what these entries say, and that they were taken. Returns those that were not what they say they are. */
export const keepContents = async (
  client: ClientBase,
  arrivals: readonly Arrival[],
  isCareful: boolean,
): Promise<Refused[]> => {
  if (arrivals.length === 0) return [];
  await client.query(insert('entries', entryColumns, arrivals));
  const refused = await (isCareful ? keepOneByOne : keep)(client, arrivals);
  for (const arrival of arrivals)
    if ('refusal' in arrival.content) refused.push({ ...arrival, ...arrival.content.refusal });
  return refused;
};

/** Once for each number, station and reason: who sends the same wrong thing for ever fills nothing. */
export const keepRefused = async (client: ClientBase, refused: readonly Refused[]): Promise<void> => {
  if (refused.length > 0) await client.query(insert('refused', refusedColumns, refused, 'ON CONFLICT DO NOTHING'));
};
