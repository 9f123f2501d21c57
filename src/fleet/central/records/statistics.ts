/**
 * Yield and causes of the whole plant, counted as `linkpulse stats` counts (src/records/statistics): golden runs apart, an error
 * judges nobody, a phone counts once, by its first judged run and by its last.
 */
import { conditionsOf, type PlantSearch } from './conditions.js';
import type { Ask } from './reader.js';
import { hashesOf } from './search.js';

export interface GroupYield {
  /** null: its plan names no model. */
  readonly name: string | null;
  readonly yield: {
    /** Phones that were judged at all. */
    readonly units: number;
    /** Shares; null: nobody was judged. */
    readonly firstPass: number | null;
    readonly final: number | null;
    readonly runs: number;
    readonly errors: number;
  };
}

export interface PlantStatistics {
  readonly runs: number;
  readonly from: string | null;
  readonly to: string | null;
  readonly yield: GroupYield['yield'] & {
    /** `passedOnAttempt[n]`: phones that passed at their judged run n + 1. */
    readonly passedOnAttempt: readonly number[];
  };
  readonly blames: readonly { readonly blame: string; readonly count: number; readonly cumulative: number }[];
  readonly pareto: readonly CauseRow[];
  /** Each day (UTC) by itself. */
  readonly trend: readonly { readonly day: string; readonly yield: GroupYield['yield'] }[];
  /** Runs that began in each hour of the last days, ISO 8601; hours without any are left out. */
  readonly hours: readonly { readonly hour: string; readonly runs: number }[];
  readonly plans: readonly GroupYield[];
  readonly stations: readonly GroupYield[];
  readonly models: readonly GroupYield[];
}

export interface CauseRow {
  readonly blame: string;
  readonly stage: string;
  readonly cause: string;
  readonly count: number;
  readonly cumulative: number;
  readonly last: { readonly station: string; readonly runId: string };
}

/** An attempt that ended before the phone said its name is one of the phone that its other attempts name. */
const phone = `coalesce(unit, (SELECT named.unit FROM runs named WHERE named.station = runs.station
  AND named.first_attempt = runs.first_attempt AND named.unit IS NOT NULL ORDER BY named.attempt LIMIT 1), station || ' ' || run_id)`;

/** As `causeKind` has it: numbers, addresses and device ids differ from phone to phone. */
const causeKind = `regexp_replace(regexp_replace(regexp_replace(cause, '\\y(SEP|SIP)[0-9A-F]{12}\\y', '\\1…', 'gi'),
  '\\y[0-9a-f]{2}(:[0-9a-f]{2}){5}\\y', '…', 'gi'), '[0-9]+(\\.[0-9]+)*', '#', 'g')`;

const isGood = "verdict IN ('pass', 'marginal')";
const day = `(started_at AT TIME ZONE 'UTC')::date`;
const mostCauses = 200;
const mostGroups = 2_000;
const hoursShown = 14 * 24;
/** Phones are put together in memory, where there are a million of them. */
const workMemory = '128MB';

const groups = ['whole', 'day', 'plan', 'station', 'model'] as const;
type Group = (typeof groups)[number];

interface Counted {
  readonly grouping: Group;
  readonly name: string | null;
  readonly runs: number;
  readonly errors: number;
}
interface Judged {
  readonly grouping: Group;
  readonly name: string | null;
  readonly units: number;
  readonly first_good: number;
  readonly final_good: number;
}

const grouping = `CASE grouping(day, plan, station, model) WHEN 15 THEN 'whole' WHEN 7 THEN 'day' WHEN 11 THEN 'plan' WHEN 13 THEN 'station' ELSE 'model' END`;
const name = 'coalesce(day::text, plan, station, model)';

const counts = (chosen: string): string => `
  SELECT ${grouping} AS grouping, ${name} AS name, count(*)::int AS runs,
    (count(*) FILTER (WHERE verdict = 'error'))::int AS errors
  FROM (${chosen}) chosen GROUP BY GROUPING SETS ((), (day), (plan), (station), (model))`;

/** `turn`: the place of a judged run among all, with its verdict in the last bit, so that the least and the greatest of a phone tell its first and its last. */
const judged = (chosen: string): string => `
  SELECT *, 2 * row_number() OVER (ORDER BY started_at, run_id COLLATE "C", station COLLATE "C") + good::int AS turn
  FROM (${chosen}) chosen WHERE verdict <> 'error'`;

const yields = (chosen: string): string => `
  WITH judged AS MATERIALIZED (${judged(chosen)}),
  phones AS (
    SELECT ${grouping} AS grouping, ${name} AS name, min(turn) % 2 AS first_good, max(turn) % 2 AS final_good
    FROM judged GROUP BY GROUPING SETS ((phone), (day, phone), (plan, phone), (station, phone), (model, phone))
  )
  SELECT grouping, name, count(*)::int AS units, sum(first_good)::int AS first_good, sum(final_good)::int AS final_good
  FROM phones GROUP BY grouping, name`;

/** Phones that passed, and not at once: at which of their judged runs, and how many. */
const late = (chosen: string): string => `
  WITH judged AS MATERIALIZED (${judged(chosen)}),
  late AS (SELECT phone, min(turn) FILTER (WHERE good) AS passed FROM judged GROUP BY phone HAVING min(turn) % 2 = 0 AND bool_or(good))
  SELECT attempt, count(*)::int AS phones FROM (
    SELECT count(*)::int AS attempt FROM late JOIN judged USING (phone) WHERE turn <= passed GROUP BY phone
  ) attempts GROUP BY attempt`;

const yieldOf = ({ runs, errors }: Pick<Counted, 'runs' | 'errors'>, row: Judged | undefined): GroupYield['yield'] => {
  const { units = 0, first_good = 0, final_good = 0 } = row ?? {};
  const share = (good: number) => (units === 0 ? null : good / units);
  return { units, firstPass: share(first_good), final: share(final_good), runs, errors };
};

const passedOnAttempt = (
  firstGood: number,
  later: readonly { readonly attempt: number; readonly phones: number }[],
): readonly number[] => {
  const most = Math.max(firstGood > 0 ? 1 : 0, ...later.map(({ attempt }) => attempt));
  return Array.from({ length: most }, (_, index) =>
    index === 0 ? firstGood : (later.find(({ attempt }) => attempt === index + 1)?.phones ?? 0),
  );
};

const cumulated = <Row extends { readonly count: number }>(rows: readonly Row[], all: number) => {
  let counted = 0;
  return rows.map((row) => {
    counted += row.count;
    return { ...row, cumulative: counted / all };
  });
};

export const plantStatistics = async (ask: Ask, search: PlantSearch): Promise<PlantStatistics> => {
  const { where, values } = conditionsOf(search, await hashesOf(ask, search));
  const chosen = `FROM runs WHERE NOT golden AND ${where}`;
  const fields = `SELECT ${day} AS day, plan_name AS plan, station, coalesce(model, '') AS model, verdict,
    ${phone} AS phone, ${isGood} AS good, started_at, run_id
    FROM (SELECT * ${chosen}) runs LEFT JOIN (SELECT hash, model FROM plans) plans ON plans.hash = runs.plan_hash`;
  // What compiling a statement takes, it does not give back here.
  await ask('SET LOCAL jit = off');
  await ask(`SET LOCAL work_mem = '${workMemory}'`);
  const [span] = await ask<{ runs: number; from: string | null; to: string | null }>(
    `SELECT count(*)::int AS runs, to_char(min(started_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS from,
       to_char(max(started_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS to ${chosen}`,
    values,
  );
  const ofPhones = await ask<Judged>(yields(fields), values);
  const ofRuns = await ask<Counted>(counts(fields), values);
  const later = await ask<{ attempt: number; phones: number }>(late(fields), values);
  const blameOf = "CASE WHEN verdict = 'fail' THEN 'phone' ELSE coalesce(blame, 'bench') END";
  const causes = await ask<{
    blame: string;
    stage: string;
    cause: string;
    count: number;
    station: string;
    run: string;
    all: number;
  }>(
    `WITH bad AS (SELECT ${blameOf} AS blame, stage, ${causeKind} AS cause, started_at, station, run_id ${chosen} AND NOT (${isGood}))
     SELECT blame, stage, cause, count(*)::int AS count, (sum(count(*)) OVER ())::int AS all,
       (array_agg(station ORDER BY started_at DESC, run_id DESC))[1] AS station, (array_agg(run_id ORDER BY started_at DESC, run_id DESC))[1] AS run
     FROM bad GROUP BY blame, stage, cause ORDER BY count(*) DESC, cause LIMIT ${mostCauses}`,
    values,
  );
  const blames = await ask<{ blame: string; count: number }>(
    `SELECT ${blameOf} AS blame, count(*)::int AS count ${chosen} AND NOT (${isGood}) GROUP BY 1 ORDER BY 2 DESC, 1`,
    values,
  );
  const hours = await ask<{ hour: string; runs: number }>(
    `SELECT to_char(date_trunc('hour', started_at AT TIME ZONE 'UTC'), 'YYYY-MM-DD"T"HH24:00:00"Z"') AS hour, count(*)::int AS runs
     ${chosen} GROUP BY 1 ORDER BY 1 DESC LIMIT ${hoursShown}`,
    values,
  );
  const phonesOf = new Map(ofPhones.map((row) => [JSON.stringify([row.grouping, row.name]), row]));
  const group = (kind: Group): readonly GroupYield[] =>
    ofRuns
      .filter((counted) => counted.grouping === kind)
      .slice(0, mostGroups)
      .map((counted) => ({
        name: kind === 'model' && counted.name === '' ? null : counted.name,
        yield: yieldOf(counted, phonesOf.get(JSON.stringify([kind, counted.name]))),
      }))
      .sort((left, right) => (left.name ?? '').localeCompare(right.name ?? '', 'en', { numeric: true }));
  const whole = group('whole')[0]?.yield ?? yieldOf({ runs: 0, errors: 0 }, undefined);
  const wholeGood = ofPhones.find((row) => row.grouping === 'whole')?.first_good ?? 0;
  return {
    runs: span?.runs ?? 0,
    from: span?.from ?? null,
    to: span?.to ?? null,
    yield: { ...whole, passedOnAttempt: passedOnAttempt(wholeGood, later) },
    blames: cumulated(
      blames,
      blames.reduce((sum, { count }) => sum + count, 0),
    ),
    pareto: cumulated(causes, causes[0]?.all ?? 0).map(({ blame, stage, cause, count, cumulative, station, run }) => ({
      ...{ blame, stage, cause, count, cumulative },
      last: { station, runId: run },
    })),
    trend: group('day').map(({ name, yield: ofDay }) => ({ day: name ?? '', yield: ofDay })),
    hours: [...hours].reverse(),
    plans: group('plan'),
    stations: group('station'),
    models: group('model'),
  };
};
