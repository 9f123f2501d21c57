/** The plant's database as the page may use it: read only, one question a transaction, each bounded in time, few at once. */
import type { ClientBase, Pool, PoolClient, QueryResultRow } from 'pg';
import { BenchError } from '../../../errors.js';
import { databaseVersion, versionOfDatabase } from '../../collector/migrations.js';
import { type DatabaseTerms, databaseError, databaseOptions, nameOfDatabase } from '../../database.js';

export type Ask = <Row extends QueryResultRow>(text: string, values?: readonly unknown[]) => Promise<readonly Row[]>;

export interface DatabaseReader {
  /**
   * All that `question` asks is asked of one state of the database. Throws BenchError DATABASE_UNREACHABLE, DATABASE_REFUSED,
   * DATABASE_TOO_NEW, DATABASE_SLOW (not answered within `withinMs`), RECORDS_BUSY.
   */
  read<T>(withinMs: number, question: (ask: Ask) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const mostAtOnce = 4;
const mostWaiting = 32;
const queryCanceled = '57014';

/** The tables are those of the plant, and this program's. */
const examine = async (client: ClientBase, terms: DatabaseTerms, plant: string): Promise<void> => {
  const version = await versionOfDatabase(client);
  if (version < databaseVersion)
    throw new BenchError(
      'DATABASE_REFUSED',
      `${nameOfDatabase(terms)}: ${version === 0 ? 'its tables are not made yet' : `its tables are of version ${version}, this program needs ${databaseVersion}`}`,
      { remedy: 'Start a collector of this version once: it makes the tables.' },
    );
  if (version > databaseVersion)
    throw new BenchError(
      'DATABASE_TOO_NEW',
      `its tables are of version ${version}, this program knows ${databaseVersion}`,
    );
  const { rows } = await client.query<{ readonly name: string }>('SELECT name FROM plant');
  const [held] = rows;
  if (held !== undefined && held.name !== plant)
    throw new BenchError('DATABASE_REFUSED', `it holds the plant ${held.name}, not ${plant}`, {
      remedy: 'Name the database of this plant, or the plant of this database.',
    });
};

/** Returns at once; connects when something is asked. Throws BenchError USAGE, DATABASE_REFUSED: as databaseOptions does. */
export const openReader = async (terms: DatabaseTerms, plant: string): Promise<DatabaseReader> => {
  const { default: pg } = await import('pg');
  const pool: Pool = new pg.Pool({ ...databaseOptions(terms, 'linkpulse central'), max: mostAtOnce });
  // Of a connection that nobody uses: the next question finds out for itself.
  pool.on('error', () => {});
  let isExamined = false;
  return {
    read: async (withinMs, question) => {
      if (pool.waitingCount >= mostWaiting) throw new BenchError('RECORDS_BUSY', `${mostWaiting} questions wait`);
      let client: PoolClient | undefined;
      let broken: Error | undefined;
      try {
        const asked = await pool.connect();
        client = asked;
        await asked.query(
          `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = ${Math.round(withinMs)}`,
        );
        if (!isExamined) await examine(asked, terms, plant);
        isExamined = true;
        const answer = await question(async (text, values) => (await asked.query(text, [...(values ?? [])])).rows);
        await asked.query('COMMIT');
        return answer;
      } catch (error) {
        // What became of its transaction is not asked: the connection is given up.
        broken = error instanceof Error ? error : new Error(String(error));
        if ((error as { readonly code?: string }).code === queryCanceled)
          throw new BenchError('DATABASE_SLOW', `not answered within ${withinMs / 1000} s`, { cause: error });
        throw databaseError(error, terms);
      } finally {
        client?.release(broken);
      }
    },
    close: () => pool.end(),
  };
};
