/** Connections to the plant's PostgreSQL, and what its errors mean for a person. */
import { readFileSync } from 'node:fs';
import type { ClientConfig } from 'pg';
import { BenchError, isBenchError } from '../errors.js';

export interface DatabaseTerms {
  /** postgres://user@host:5432/name; what it leaves out comes from PG* variables, as of every program that speaks to PostgreSQL. */
  readonly url: string;
  /** A file with the password. null: PGPASSWORD, PGPASSFILE, ~/.pgpass. */
  readonly passwordPath: string | null;
}

export const databaseUrl = /^postgres(ql)?:\/\/\S{0,1000}$/;

/** Where it is, for people: never the password. */
export const nameOfDatabase = ({ url }: DatabaseTerms): string => {
  try {
    const { hostname, port, pathname } = new URL(url);
    const host = hostname === '' ? (process.env.PGHOST ?? 'localhost') : decodeURIComponent(hostname);
    return `${host}${port === '' ? '' : `:${port}`}${pathname}`;
  } catch {
    return 'that address';
  }
};

/** Options of a `pg` client or pool. Throws BenchError USAGE, DATABASE_REFUSED: the password's file cannot be read. */
export const databaseOptions = (terms: DatabaseTerms, application: string): ClientConfig => {
  let parsed: URL;
  try {
    parsed = new URL(terms.url);
  } catch {
    throw new BenchError('USAGE', 'the database is no address such as postgres://linkpulse@db.plant.example/linkpulse');
  }
  if (parsed.password !== '' || parsed.searchParams.has('password'))
    throw new BenchError(
      'USAGE',
      'a password in the address of the database stands in the list of processes: give it by a file',
    );
  if (terms.passwordPath !== null)
    try {
      // Beside the address `pg` passes over it.
      parsed.searchParams.set('password', readFileSync(terms.passwordPath, 'utf8').trimEnd());
    } catch (error) {
      throw new BenchError('DATABASE_REFUSED', `${terms.passwordPath} cannot be read`, { cause: error });
    }
  return {
    connectionString: parsed.href,
    application_name: application,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  };
};

/** SQLSTATE classes 22, 23 and 54: this value cannot be held, whenever it is tried again. */
export const isOfTheValue = (error: unknown): boolean =>
  /^(22|23|54)/.test(String((error as { readonly code?: unknown }).code ?? ''));

/** SQLSTATE classes: 28 who are you, 3D no such database, 42 rights and tables. */
const refusal = /^(28|3D|42)/;

/** What `pg` threw, as an error for people; a BenchError stays what it is. */
export const databaseError = (error: unknown, terms: DatabaseTerms): BenchError => {
  if (isBenchError(error)) return error;
  const { code = '', message } = error as { readonly code?: string; readonly message: string };
  const isRefusal = refusal.test(code) || /SASL|no pg_hba|password/i.test(message);
  // An AggregateError of several addresses has no message of its own.
  const said = message || code || String(error);
  return new BenchError(isRefusal ? 'DATABASE_REFUSED' : 'DATABASE_UNREACHABLE', `${nameOfDatabase(terms)}: ${said}`, {
    cause: error,
  });
};
