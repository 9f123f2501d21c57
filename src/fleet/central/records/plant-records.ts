/** What the page asks of the database, each with its bound in time. */
import { BenchError } from '../../../errors.js';
import type { DatabaseTerms } from '../../database.js';
import type { PlantSearch } from './conditions.js';
import { openReader } from './reader.js';
import { type FoundRun, type FoundRuns, placeOfCursor, searchRuns } from './search.js';
import { type PlantStatistics, plantStatistics } from './statistics.js';

export interface StoredRun {
  readonly station: string;
  readonly runId: string;
  /** When the database took it, ISO 8601. */
  readonly takenAt: string;
  readonly model: string | null;
  /** record.json without its plan's text (docs/record.md). */
  readonly record: object;
}

export interface PlantRecords {
  /** Whether the database is there and is this plant's. Throws as all others do. */
  check(): Promise<void>;
  /** A page, newest first. `after`: `next` of the page before. Throws BenchError USAGE: it is none. */
  search(search: PlantSearch, page: { readonly limit: number; readonly after: string | null }): Promise<FoundRuns>;
  /** All of a search in parts, newest first, `most` at most. */
  each(search: PlantSearch, most: number): AsyncGenerator<readonly FoundRun[]>;
  statistics(search: PlantSearch): Promise<PlantStatistics>;
  /** Throws BenchError RECORD_UNREADABLE: there is none. */
  run(station: string, runId: string): Promise<StoredRun>;
  close(): Promise<void>;
}

const searchWithinMs = 10_000;
const statisticsWithinMs = 60_000;
const exportPart = 1_000;

const placeOf = (cursor: string | null) => {
  if (cursor === null) return null;
  const place = placeOfCursor(cursor);
  if (place === undefined) throw new BenchError('USAGE', 'after: is none that a page before ended with');
  return place;
};

/** Throws as openReader does. */
export const openPlantRecords = async (terms: DatabaseTerms, plant: string): Promise<PlantRecords> => {
  const reader = await openReader(terms, plant);
  const search: PlantRecords['search'] = async (asked, { limit, after }) => {
    const place = placeOf(after);
    return reader.read(searchWithinMs, (ask) => searchRuns(ask, asked, { limit, after: place }));
  };
  return {
    check: () => reader.read(searchWithinMs, async () => {}),
    search,
    each: async function* (asked, most) {
      let after: string | null = null;
      for (let told = 0; told < most; ) {
        const { runs, next }: FoundRuns = await search(asked, { limit: Math.min(exportPart, most - told), after });
        yield runs;
        told += runs.length;
        if (next === null) return;
        after = next;
      }
    },
    statistics: (asked) => reader.read(statisticsWithinMs, (ask) => plantStatistics(ask, asked)),
    run: async (station, runId) => {
      const [found] = await reader.read(searchWithinMs, (ask) =>
        ask<StoredRun>(
          `SELECT station, run_id AS "runId", model, record,
             to_char(taken_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "takenAt"
           FROM runs LEFT JOIN plans ON plans.hash = plan_hash WHERE station = $1 AND run_id = $2`,
          [station, runId],
        ),
      );
      if (found === undefined) throw new BenchError('RECORD_UNREADABLE', `no run ${runId} of ${station}`);
      return found;
    },
    close: () => reader.close(),
  };
};
