/** Runs of the whole plant, newest first, a page at a time: a page begins behind the last run of the one before, however many came since. */
import type { IndexedRun } from '../../../records/run-index.js';
import { conditionsOf, modelPattern, type PlantSearch } from './conditions.js';
import type { Ask } from './reader.js';

/** As a station's own index has it, but for what only a station looks for. */
export type FoundRun = Omit<IndexedRun, 'unit' | 'board' | 'cut' | 'goldenFault' | 'firstAttempt'>;

export interface FoundRuns {
  readonly runs: readonly FoundRun[];
  /** Where the next page begins; null: this is the last one. */
  readonly next: string | null;
}

/** A run's place in the order; the time to the microsecond, as the database has it. */
interface Place {
  readonly startedAt: string;
  readonly station: string;
  readonly runId: string;
}

const columns = `r.station, r.run_id AS "runId", r.port,
  to_char(r.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "startedAt",
  to_char(r.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS place,
  r.duration_ms AS "durationMs", r.verdict, r.blame, r.exit_code AS "exitCode", r.stage, r.cause, r.serial,
  r.device_id AS "deviceId", r.mac, r.platform, r.load, plans.model, r.plan_name AS plan, r.plan_hash AS "planHash", r.golden, r.attempt`;

const cursorOf = ({ startedAt, station, runId }: Place): string =>
  Buffer.from(JSON.stringify([startedAt, station, runId])).toString('base64url');

/** undefined: no cursor of ours. */
export const placeOfCursor = (cursor: string): Place | undefined => {
  try {
    const [startedAt, station, runId] = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown[];
    if (typeof startedAt !== 'string' || typeof station !== 'string' || typeof runId !== 'string') return undefined;
    return Number.isNaN(Date.parse(startedAt)) ? undefined : { startedAt, station, runId };
  } catch {
    return undefined;
  }
};

/** Models are few and stand with the plans: looked up first, so that runs are found by an index. */
export const hashesOf = async (ask: Ask, { model, text }: PlantSearch) => {
  const like = async (part: string | undefined): Promise<readonly string[]> => {
    if (part === undefined) return [];
    const rows = await ask<{ hash: string }>('SELECT hash FROM plans WHERE lower(model) LIKE lower($1)', [
      modelPattern(part),
    ]);
    return rows.map(({ hash }) => hash);
  };
  return { ofModel: await like(model), ofText: await like(text) };
};

export const searchRuns = async (
  ask: Ask,
  search: PlantSearch,
  { limit, after }: { readonly limit: number; readonly after: Place | null },
): Promise<FoundRuns> => {
  const { where, values, add } = conditionsOf(search, await hashesOf(ask, search));
  const behind =
    after === null
      ? ''
      : `AND (started_at, station, run_id) < (${add(after.startedAt)}, ${add(after.station)}, ${add(after.runId)})`;
  const rows = await ask<FoundRun & { readonly place: string }>(
    `SELECT ${columns} FROM (SELECT * FROM runs WHERE ${where} ${behind}
       ORDER BY started_at DESC, station DESC, run_id DESC LIMIT ${add(limit + 1)}) r
     LEFT JOIN plans ON plans.hash = r.plan_hash ORDER BY r.started_at DESC, r.station DESC, r.run_id DESC`,
    values,
  );
  const runs = rows.slice(0, limit).map(({ place: _, ...run }) => run);
  const last = rows[limit - 1];
  const next =
    rows.length <= limit || last === undefined
      ? null
      : cursorOf({ startedAt: last.place, station: last.station, runId: last.runId });
  return { runs, next };
};
