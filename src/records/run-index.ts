/**
 * `runs/index.sqlite`: what can be asked of many runs at once. A copy that is rebuilt from the run folders at any time;
 * nothing stands in it alone.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type Database from 'libsql';
import { BenchError, type Blame, isBenchError } from '../errors.js';
import { planModel } from './plan-model.js';
import type { RunRecord } from './record.js';
import { readRecord } from './run-folder.js';
import { conditionsOf, type RunSearch } from './run-search.js';
import type { RunVerdict } from './run-verdict.js';

export const indexName = 'index.sqlite';
const indexVersion = 5;

const schema = `
  CREATE TABLE runs (
    runId TEXT PRIMARY KEY, station TEXT NOT NULL, port TEXT NOT NULL, startedAt TEXT NOT NULL,
    durationMs REAL NOT NULL, verdict TEXT NOT NULL, blame TEXT, exitCode INTEGER NOT NULL, stage TEXT NOT NULL,
    cause TEXT NOT NULL, unit TEXT, serial TEXT, deviceId TEXT, mac TEXT, platform TEXT, load TEXT, model TEXT,
    plan TEXT NOT NULL, planHash TEXT NOT NULL, board TEXT, cut INTEGER NOT NULL, golden INTEGER NOT NULL, goldenFault TEXT, attempt INTEGER NOT NULL,
    firstAttempt TEXT NOT NULL, recordMs REAL NOT NULL
  );
  CREATE INDEX runs_started ON runs (startedAt);
  CREATE INDEX runs_unit ON runs (unit);
  CREATE INDEX runs_attempts ON runs (firstAttempt);
  CREATE TABLE measurements (
    runId TEXT NOT NULL REFERENCES runs (runId) ON DELETE CASCADE, name TEXT NOT NULL, value REAL NOT NULL,
    unit TEXT NOT NULL, verdict TEXT NOT NULL, min REAL, max REAL
  );
  CREATE INDEX measurements_run ON measurements (runId);
  CREATE INDEX measurements_name ON measurements (name);
  PRAGMA user_version = ${indexVersion};
`;

/** One run as the index knows it. */
export interface IndexedRun {
  readonly runId: string;
  readonly station: string;
  readonly port: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly verdict: RunVerdict;
  readonly blame: Blame | null;
  readonly exitCode: number;
  /** The stage that decided. */
  readonly stage: string;
  readonly cause: string;
  /** What the phone is called across its runs: the serial number on its label, else its device id, else its MAC. */
  readonly unit: string | null;
  readonly serial: string | null;
  readonly deviceId: string | null;
  readonly mac: string | null;
  readonly platform: string | null;
  readonly load: string | null;
  /** Of the plan: also known where the phone never said what it is. */
  readonly model: string | null;
  readonly plan: string;
  readonly planHash: string;
  readonly board: string | null;
  readonly cut: boolean;
  /** A run that tested the bench, and the fault it was given; it counts for no phone. */
  readonly golden: boolean;
  readonly goldenFault: string | null;
  /** From 1; of the same phone in one go. */
  readonly attempt: number;
  /** Run id of the first attempt: its own, where there was one. */
  readonly firstAttempt: string;
}

export interface IndexedMeasurement {
  readonly runId: string;
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly verdict: string;
  readonly min: number | null;
  readonly max: number | null;
}

export interface Reindexed {
  readonly runs: number;
  readonly added: number;
  readonly removed: number;
  /** Folders whose record could not be read: named, and left out. */
  readonly unreadable: readonly { readonly runId: string; readonly reason: string }[];
  /** Folders of runs that have no record yet: running, or cut and not completed. */
  readonly unfinished: number;
}

/** libsql's native part is a package of its own for each processor, and optional: only who asks the records needs it. */
const openDatabase = (path: string): Database.Database => {
  let Libsql: typeof Database;
  try {
    Libsql = createRequire(import.meta.url)('libsql') as typeof Database;
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    throw new BenchError('INDEX_UNAVAILABLE', reason, { cause });
  }
  return new Libsql(path);
};

const rank = { pass: 0, marginal: 1, fail: 2, error: 3 } as Readonly<Record<string, number>>;
/** The stage that decided; `operator`: an answer did, by a question of the plan; `bench`: none of them. */
export const decidingStage = (record: RunRecord): string =>
  [...record.stages, ...(record.prompts ?? []).map(({ verdict }) => ({ verdict, stage: 'operator' }))].reduce(
    (worst, stage) =>
      (rank[stage.verdict] ?? -1) > worst.rank ? { rank: rank[stage.verdict] ?? -1, name: stage.stage } : worst,
    { rank: 0, name: record.verdict === 'error' ? 'bench' : 'registration' } as { rank: number; name: string },
  ).name;

const failed = (path: string, cause: unknown): BenchError =>
  new BenchError('INDEX_FAILED', `${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });

export class RunIndex {
  readonly #database: Database.Database;
  readonly #directory: string;

  private constructor(directory: string, database: Database.Database) {
    this.#directory = directory;
    this.#database = database;
  }

  /** The same without what stood there: also where SQLite could not read it. */
  static openEmpty(runsDirectory: string): RunIndex {
    for (const ending of ['', '-wal', '-shm']) rmSync(join(runsDirectory, indexName + ending), { force: true });
    return RunIndex.open(runsDirectory);
  }

  /** Opens or makes the index of a runs directory; one of another version is made anew. Throws BenchError INDEX_FAILED, INDEX_UNAVAILABLE. */
  static open(runsDirectory: string): RunIndex {
    const path = join(runsDirectory, indexName);
    try {
      mkdirSync(runsDirectory, { recursive: true });
      const database = openDatabase(path);
      database.pragma('busy_timeout = 10000');
      database.pragma('journal_mode = WAL');
      // A copy: what a power cut takes is built again.
      database.pragma('synchronous = OFF');
      database.pragma('foreign_keys = ON');
      const index = new RunIndex(runsDirectory, database);
      if (index.#version() !== indexVersion)
        index.#inOneGo(() => {
          // Another process may have been first.
          if (index.#version() === indexVersion) return;
          database.exec('DROP TABLE IF EXISTS measurements; DROP TABLE IF EXISTS runs;');
          database.exec(schema);
        });
      return index;
    } catch (cause) {
      throw isBenchError(cause) ? cause : failed(path, cause);
    }
  }

  #version(): number {
    const [row] = this.#database.prepare('PRAGMA user_version').all() as { user_version?: number }[];
    return row?.user_version ?? 0;
  }

  /** Puts a finished run in, or in the place of what stood there. */
  add(record: RunRecord, recordMs = 0): void {
    const { phone } = record;
    const put = this.#database.prepare(`INSERT OR REPLACE INTO runs VALUES (${'?, '.repeat(25)}?)`);
    const measure = this.#database.prepare('INSERT INTO measurements VALUES (?, ?, ?, ?, ?, ?, ?)');
    this.#database.prepare('DELETE FROM measurements WHERE runId = ?').run(record.runId);
    put.run(
      record.runId,
      record.station,
      record.port,
      record.startedAt,
      record.durationMs,
      record.verdict,
      record.blame,
      record.exitCode,
      decidingStage(record),
      record.cause,
      phone.serial ?? phone.deviceId ?? phone.mac,
      phone.serial ?? null,
      phone.deviceId,
      phone.mac,
      phone.platform,
      phone.load,
      planModel(record.plan),
      record.plan.name,
      record.plan.hash,
      record.board?.serial ?? null,
      record.cutRun === null ? 0 : 1,
      record.golden == null ? 0 : 1,
      record.golden?.fault ?? null,
      record.attempt?.number ?? 1,
      record.attempt?.first ?? record.runId,
      recordMs,
    );
    if (record.attempt != null) this.#shareUnit(record.attempt.first);
    for (const { name, value, unit, verdict, limits } of record.measurements) {
      if (Number.isFinite(value))
        measure.run(record.runId, name, value, unit, verdict, limits?.min ?? null, limits?.max ?? null);
    }
  }

  /** An attempt that ended before the phone said its name is one of the phone that the others name. */
  #shareUnit(first: string): void {
    this.#database
      .prepare(
        `UPDATE runs SET unit = (SELECT named.unit FROM runs named WHERE named.firstAttempt = ?1 AND named.unit IS NOT NULL LIMIT 1)
         WHERE firstAttempt = ?1 AND unit IS NULL`,
      )
      .run(first);
  }

  /**
   * Brings the index in step with the folders: reads the records that are new or were written anew, forgets the runs
   * that are gone. `all`: reads every one. `onProgress` is told after each batch.
   */
  async reindex(
    options: { readonly all?: boolean; readonly onProgress?: (done: number, of: number) => void } = {},
  ): Promise<Reindexed> {
    const names = (await readdir(this.#directory, { withFileTypes: true }).catch(() => []))
      // A dot stands before what is no run yet: a bundle that is being taken in.
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => name)
      .sort();
    const known = new Map(
      (this.#database.prepare('SELECT runId, recordMs FROM runs').all() as { runId: string; recordMs: number }[]).map(
        (row) => [row.runId, row.recordMs],
      ),
    );
    const unreadable: { runId: string; reason: string }[] = [];
    let [added, unfinished, done] = [0, 0, 0];
    const present = new Set<string>();
    for (let first = 0; first < names.length; first += batchSize) {
      const batch = names.slice(first, first + batchSize);
      const records = await Promise.all(
        batch.map((name) => this.#readIfNew(name, options.all === true ? undefined : known.get(name))),
      );
      this.#inOneGo(() => {
        records.forEach((found, offset) => {
          const runId = batch[offset] ?? '';
          if (found.kind === 'unfinished') unfinished += 1;
          else if (found.kind === 'unreadable') unreadable.push({ runId, reason: found.reason });
          else present.add(runId);
          if (found.kind !== 'read') return;
          this.add(found.record, found.recordMs);
          added += 1;
        });
      });
      done += batch.length;
      options.onProgress?.(done, names.length);
    }
    const gone = [...known.keys()].filter((runId) => !present.has(runId));
    const remove = this.#database.prepare('DELETE FROM runs WHERE runId = ?');
    this.#inOneGo(() => {
      for (const runId of gone) remove.run(runId);
    });
    return { runs: present.size, added, removed: gone.length, unreadable, unfinished };
  }

  async #readIfNew(name: string, knownMs: number | undefined): Promise<FoundRecord> {
    const path = join(this.#directory, name);
    const recordMs = await stat(join(path, 'record.json')).then(
      ({ mtimeMs }) => mtimeMs,
      () => undefined,
    );
    if (recordMs === undefined) return { kind: 'unfinished' };
    if (recordMs === knownMs) return { kind: 'known' };
    try {
      const record = await readRecord(path);
      if (record.runId !== name) return { kind: 'unreadable', reason: `its record is that of ${record.runId}` };
      return { kind: 'read', record, recordMs };
    } catch (error) {
      return { kind: 'unreadable', reason: error instanceof Error ? error.message : String(error) };
    }
  }

  #inOneGo(work: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw failed(join(this.#directory, indexName), error);
    }
  }

  /** Newest first. */
  search(search: RunSearch = {}): readonly IndexedRun[] {
    const { where, values } = conditionsOf(search);
    const rows = this.#database
      .prepare(`SELECT ${runColumns} FROM runs ${where} ORDER BY startedAt DESC, runId DESC LIMIT ?`)
      .all(...values, search.limit ?? -1) as (Omit<IndexedRun, 'cut' | 'golden'> & { cut: number; golden: number })[];
    return rows.map((row) => ({ ...row, cut: row.cut === 1, golden: row.golden === 1 }));
  }

  /** Of the runs that the search finds, oldest run first. */
  measurements(search: RunSearch & { readonly names?: readonly string[] } = {}): readonly IndexedMeasurement[] {
    const { where, values } = conditionsOf(search);
    const names = search.names ?? [];
    const named = names.length === 0 ? '' : `AND m.name IN (${names.map(() => '?').join(', ')})`;
    return this.#database
      .prepare(
        `SELECT m.runId, m.name, m.value, m.unit, m.verdict, m.min, m.max FROM measurements m
         JOIN (SELECT runId, startedAt FROM runs ${where}) r ON r.runId = m.runId WHERE 1 ${named}
         ORDER BY r.startedAt, r.runId`,
      )
      .all(...values, ...names) as IndexedMeasurement[];
  }

  close(): void {
    this.#database.close();
  }
}

const batchSize = 200;
const runColumns =
  'runId, station, port, startedAt, durationMs, verdict, blame, exitCode, stage, cause, unit, serial, deviceId, mac, platform, load, model, plan, planHash, board, cut, golden, goldenFault, attempt, firstAttempt';

type FoundRecord =
  | { readonly kind: 'unfinished' }
  | { readonly kind: 'known' }
  | { readonly kind: 'unreadable'; readonly reason: string }
  | { readonly kind: 'read'; readonly record: RunRecord; readonly recordMs: number };
