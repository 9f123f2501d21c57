/**
 * The tables of a plant's database and how they came to be: numbered steps, each run once, never changed after they were
 * released. PostgreSQL >= 13. What the columns mean for readers is in docs/fleet.md.
 */
import type { ClientBase } from 'pg';
import { BenchError } from '../../errors.js';

const steps: readonly string[] = [
  `
  CREATE TABLE plant (name text PRIMARY KEY, is_only boolean NOT NULL DEFAULT true UNIQUE CHECK (is_only));

  -- How far each outbox of a station has come; its row is the lock under which its entries are taken.
  CREATE TABLE outboxes (
    outbox uuid PRIMARY KEY, station text NOT NULL, next_seq bigint NOT NULL DEFAULT 1,
    seen_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE INDEX outboxes_station ON outboxes (station);

  -- Every entry that was taken, whatever became of it: 1, 2, 3, ... without a hole in each outbox.
  CREATE TABLE entries (
    outbox uuid, seq bigint, kind text NOT NULL, digest bytea NOT NULL,
    PRIMARY KEY (outbox, seq)
  );

  -- Came before those in front of them; as they came.
  CREATE TABLE parked (
    outbox uuid, seq bigint, kind text NOT NULL, digest bytea NOT NULL, payload bytea NOT NULL,
    PRIMARY KEY (outbox, seq)
  );

  CREATE TABLE runs (
    station text, run_id text, outbox uuid NOT NULL, seq bigint NOT NULL,
    started_at timestamptz NOT NULL, taken_at timestamptz NOT NULL DEFAULT now(), port text NOT NULL,
    verdict text NOT NULL, blame text, stage text NOT NULL, cause text NOT NULL, exit_code smallint NOT NULL,
    duration_ms double precision NOT NULL, plan_name text NOT NULL, plan_hash text NOT NULL,
    unit text, serial text, mac text, device_id text, platform text, load text,
    golden boolean NOT NULL, attempt int NOT NULL, first_attempt text NOT NULL, record jsonb NOT NULL,
    PRIMARY KEY (station, run_id)
  );
  CREATE INDEX runs_started ON runs (started_at);
  CREATE INDEX runs_taken ON runs (taken_at);
  CREATE INDEX runs_unit ON runs (unit);
  CREATE INDEX runs_mac ON runs (mac);
  CREATE INDEX runs_attempts ON runs (station, first_attempt);

  CREATE TABLE plans (hash text PRIMARY KEY, name text NOT NULL, text text NOT NULL);

  CREATE TABLE events (
    outbox uuid, seq bigint, station text NOT NULL, at timestamptz NOT NULL, taken_at timestamptz NOT NULL DEFAULT now(),
    event text NOT NULL, port text, run_id text, detail jsonb NOT NULL,
    PRIMARY KEY (outbox, seq)
  );
  CREATE INDEX events_at ON events (at);

  -- What could not be taken as what it says it is, for a person to look at.
  CREATE TABLE refused (
    outbox uuid, seq bigint, station text, code text, message text NOT NULL, payload bytea NOT NULL,
    taken_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (outbox, seq, station, code)
  );
  CREATE INDEX refused_taken ON refused (taken_at);
  `,
  `
  -- What the plant's page asks by (src/fleet/central/records). The model is the plan's own, read by who puts the plan in.
  ALTER TABLE plans ADD COLUMN model text;
  CREATE INDEX runs_station ON runs (station, started_at);
  CREATE INDEX runs_plan ON runs (plan_name, started_at);
  CREATE INDEX runs_plan_hash ON runs (plan_hash, started_at);
  CREATE INDEX runs_bad ON runs (verdict, blame, started_at) WHERE verdict IN ('fail', 'error');
  CREATE INDEX runs_lower_unit ON runs (lower(unit) text_pattern_ops);
  CREATE INDEX runs_lower_serial ON runs (lower(serial) text_pattern_ops);
  CREATE INDEX runs_bare_mac ON runs (replace(lower(mac), ':', '') text_pattern_ops);
  -- Parts of words: with pg_trgm, which comes with PostgreSQL. Without it such a search reads every run.
  DO $$
  BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX runs_words ON runs USING gin ((
      lower(run_id || ' ' || coalesce(unit, '') || ' ' || coalesce(serial, '') || ' ' || coalesce(device_id, '') || ' ' || coalesce(mac, '') || ' ' || coalesce(platform, '') || ' ' || coalesce(load, '') || ' ' || cause || ' ' || plan_name)
    ) gin_trgm_ops);
  EXCEPTION WHEN undefined_file OR insufficient_privilege OR undefined_object OR feature_not_supported THEN
    RAISE NOTICE 'pg_trgm is not there: %', SQLERRM;
  END $$;
  `,
];

/** The version of the tables that this program knows. */
export const databaseVersion = steps.length;

/** Any number that nobody else takes: "linkpulse" in some letters. */
const migrationLock = 0x6c_70_75_6c;

/** The version of the tables there; 0: none yet. */
export const versionOfDatabase = async (client: ClientBase): Promise<number> => {
  const { rows } = await client.query<{ readonly there: string | null }>(
    `SELECT to_regclass('schema_versions')::text AS there`,
  );
  if (rows[0]?.there == null) return 0;
  const versions = await client.query<{ readonly version: number }>(
    'SELECT coalesce(max(version), 0)::int AS version FROM schema_versions',
  );
  return versions.rows[0]?.version ?? 0;
};

const refuseNewer = (version: number): void => {
  if (version > databaseVersion)
    throw new BenchError(
      'DATABASE_TOO_NEW',
      `its tables are of version ${version}, this program knows ${databaseVersion}`,
    );
};

/**
 * Brings the tables to this program's version; any number of collectors may do so at once. Where they are, nothing but
 * reading is needed. Returns the version found. Throws BenchError DATABASE_TOO_NEW, and what `pg` throws.
 */
export const migrate = async (client: ClientBase): Promise<number> => {
  const found = await versionOfDatabase(client);
  refuseNewer(found);
  if (found === databaseVersion) return found;
  await client.query('BEGIN');
  try {
    await client.query('SELECT pg_advisory_xact_lock($1)', [migrationLock]);
    await client.query(
      'CREATE TABLE IF NOT EXISTS schema_versions (version int PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())',
    );
    // Another collector may have been first.
    const version = await versionOfDatabase(client);
    refuseNewer(version);
    for (const [index, step] of steps.entries()) {
      if (index < version) continue;
      await client.query(step);
      await client.query('INSERT INTO schema_versions (version) VALUES ($1)', [index + 1]);
    }
    await client.query('COMMIT');
    return found;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
};

/** The plant whose database this is: the first that came. Throws BenchError DATABASE_REFUSED for another one. */
export const claimPlant = async (client: ClientBase, plant: string): Promise<void> => {
  const held = async () => (await client.query<{ readonly name: string }>('SELECT name FROM plant')).rows[0]?.name;
  let name = await held();
  if (name === undefined) {
    await client.query('INSERT INTO plant (name) VALUES ($1) ON CONFLICT DO NOTHING', [plant]);
    name = await held();
  }
  if (name !== plant)
    throw new BenchError('DATABASE_REFUSED', `it holds the plant ${name}, not ${plant}`, {
      remedy: 'Give each plant a database of its own, or name the plant that this one holds.',
    });
};
