/** Takes the entries of a plant's stations from the broker into the database, and tells each station how far it has come. */
import pg from 'pg';
import type { BenchError } from '../../errors.js';
import type { BrokerTerms } from '../../plan/fleet-terms.js';
import type { Clock } from '../../timeline/clock.js';
import { openBroker } from '../broker.js';
import { type DatabaseTerms, databaseError, databaseOptions } from '../database.js';
import { longestMessageBytes } from '../messages.js';
import { plantTopics } from '../topics.js';
import { type Arrival, isUnreadable, readBrokerMessage, type Unreadable } from './arrival.js';
import { createIntake } from './intake.js';
import { claimPlant, migrate } from './migrations.js';
import { createReceipts } from './receipts.js';
import { type Taken, takeBatch } from './take.js';

export type CollectorNews =
  | { readonly kind: 'database'; readonly error: BenchError | null }
  | { readonly kind: 'broker'; readonly error: BenchError | null }
  | { readonly kind: 'taken'; readonly taken: Taken; readonly milliseconds: number }
  /** Left out: no place in an outbox could be read. */
  | { readonly kind: 'unreadable'; readonly unreadable: Unreadable }
  /** Left out while the database took nothing: its station sends it again. */
  | { readonly kind: 'no-room' };

export interface CollectorParts {
  readonly broker: BrokerTerms;
  readonly plant: string;
  readonly database: DatabaseTerms;
  /** One at a time of a plant. */
  readonly name: string;
  /** The broker keeps what comes for it while it is away for a moment; only where the name is the same next time. */
  readonly keepsSession: boolean;
  readonly clock: Clock;
  hear(news: CollectorNews): void;
}

export interface Collector {
  /** Came, and neither taken nor refused yet. */
  readonly waiting: number;
  /** Takes what has come, sends its receipts, leaves the broker. Ends within 15 s, whatever hangs. */
  close(): Promise<void>;
}

/** Longer, and what the broker keeps for a collector that does not come back would be missing to the others. */
const sessionSeconds = 60;
const retryFirstMs = 250;
const retryAtMostMs = 10_000;
/** The database answers a batch in milliseconds; a connection that was cut without a word answers never. */
const answerWithinMs = 60_000;
const closeWithinMs = 10_000;
const receiptsWithinMs = 2_000;

/** SQLSTATE of two transactions that got into each other's way: the same again at once. */
const isCollision = (error: unknown): boolean =>
  ['40001', '40P01'].includes(String((error as { readonly code?: unknown }).code));

const microsecondsPerMillisecond = 1000;

/** Makes the tables, or brings them to this version; returns the one found, 0: none. Throws BenchError DATABASE_... */
export const makeTables = async (database: DatabaseTerms, plant: string): Promise<number> => {
  const client = new pg.Client(databaseOptions(database, 'linkpulse collector'));
  client.on('error', () => {});
  try {
    await client.connect();
    const found = await migrate(client);
    await claimPlant(client, plant);
    return found;
  } catch (error) {
    throw databaseError(error, database);
  } finally {
    await client.end().catch(() => {});
  }
};

/**
 * Waits for the database, then reads from the broker. Throws BenchError DATABASE_REFUSED, DATABASE_TOO_NEW, BROKER_REFUSED (a file of
 * the terms) and the signal's reason.
 */
export const startCollector = async (parts: CollectorParts, signal: AbortSignal): Promise<Collector> => {
  const { clock, hear, plant } = parts;
  const closing = new AbortController();
  const pool = new pg.Pool({
    ...databaseOptions(parts.database, `linkpulse collector ${parts.name}`),
    max: 1,
    idleTimeoutMillis: 0,
    query_timeout: answerWithinMs,
  });
  // A connection that ends is told to whoever asks by it, then or next; as an event without a listener it would end the process.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  let told: string | undefined;
  /** Told once for each cause until it is there again. */
  const databaseIs = (error: BenchError | null) => {
    const cause = error?.code ?? 'there';
    if (told !== cause) hear({ kind: 'database', error });
    told = cause;
  };
  const withClient = async <T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> => {
    const client = await pool.connect();
    try {
      const result = await work(client);
      client.release();
      return result;
    } catch (error) {
      client.release(true);
      throw error;
    }
  };
  const pause = (milliseconds: number, until: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const done = () => {
        alarm.cancel();
        until.removeEventListener('abort', done);
        resolve();
      };
      const alarm = clock.alarm(milliseconds, done);
      until.addEventListener('abort', done);
      if (until.aborted) done();
    });

  for (let retryMs = retryFirstMs; told !== 'there'; retryMs = Math.min(retryMs * 2, retryAtMostMs)) {
    try {
      await withClient(async (client) => {
        await migrate(client);
        await claimPlant(client, plant);
      });
      databaseIs(null);
    } catch (thrown) {
      const error = databaseError(thrown, parts.database);
      if (error.code !== 'DATABASE_UNREACHABLE') {
        await pool.end();
        throw error;
      }
      databaseIs(error);
      await pause(retryMs, signal);
      if (signal.aborted) {
        await pool.end();
        signal.throwIfAborted();
      }
    }
  }

  const topics = plantTopics(plant);
  const intake = createIntake(clock);
  const broker = await openBroker(parts.broker, {
    clientId: `linkpulse-collector-${parts.name}`,
    subscribe: [topics.filters.sharedEntries],
    largestMessageBytes: longestMessageBytes,
    sessionSeconds: parts.keepsSession ? sessionSeconds : 0,
    onMessage: async (message) => {
      const read = readBrokerMessage(message);
      if (isUnreadable(read)) hear({ kind: 'unreadable', unreadable: read });
      else if (!(await intake.add(read))) hear({ kind: 'no-room' });
    },
    onConnected: () => hear({ kind: 'broker', error: null }),
    onDisconnected: (error) => hear({ kind: 'broker', error }),
  });
  const receipts = createReceipts(broker, topics);

  /** Until it is in the database; false: told to close before. */
  const take = async (arrivals: readonly Arrival[]): Promise<boolean> => {
    let unfinished: readonly string[] = [];
    let rest = arrivals;
    for (let retryMs = retryFirstMs; rest.length > 0 || unfinished.length > 0; ) {
      const began = clock.nowUs();
      try {
        const taken = await withClient((client) => takeBatch(client, rest, unfinished));
        databaseIs(null);
        receipts.tell(taken.reached);
        hear({ kind: 'taken', taken, milliseconds: (clock.nowUs() - began) / microsecondsPerMillisecond });
        [rest, unfinished, retryMs] = [[], taken.unfinished, retryFirstMs];
      } catch (error) {
        if (isCollision(error)) continue;
        databaseIs(databaseError(error, parts.database));
        if (closing.signal.aborted) return false;
        await pause(retryMs, closing.signal);
        retryMs = Math.min(retryMs * 2, retryAtMostMs);
      }
    }
    return true;
  };
  const taking = (async () => {
    for (let batch = await intake.next(); batch.length > 0; batch = await intake.next())
      if (!(await take(batch))) return;
  })();

  const within = async (milliseconds: number, work: Promise<unknown>): Promise<void> => {
    const late = new AbortController();
    await Promise.race([work, pause(milliseconds, late.signal)]);
    late.abort();
  };
  return {
    get waiting() {
      return intake.length;
    },
    close: async () => {
      intake.close();
      closing.abort();
      await within(closeWithinMs, taking);
      await within(receiptsWithinMs, receipts.flushed());
      // The others get at once what the broker would keep for this one.
      await within(receiptsWithinMs, broker.close({ endsSession: true }));
      await within(receiptsWithinMs, pool.end());
    },
  };
};
