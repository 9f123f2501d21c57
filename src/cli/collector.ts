import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { InvalidArgumentError } from 'commander';
import type { CollectorNews } from '../fleet/collector/collector.js';
import { stationName } from '../fleet/messages.js';
import { isJournal, openLog, type StationLog } from '../station/log.js';
import type { Clock } from '../timeline/clock.js';
import { databaseTermsOf, type PlantOptions, plantTermsOf, withPlant } from './fleet-options.js';
import { whereToListen } from './http-options.js';
import type { RegisterVerb } from './verb.js';

interface CollectorOptions extends PlantOptions {
  readonly name?: string;
  readonly metrics?: { readonly host: string; readonly port: number };
  readonly tablesOnly: boolean;
  readonly json: boolean;
}

const collectorName = (text: string): string => {
  if (!stationName.safeParse(text).success) throw new InvalidArgumentError('a name without spaces');
  return text;
};

/** One that nobody else has: so the broker keeps nothing for it once it is gone. */
const passingName = (): string =>
  `${hostname()
    .replace(/[^A-Za-z0-9-]/g, '-')
    .slice(0, 40)}-${randomBytes(4).toString('hex')}`;

export const registerCollector: RegisterVerb = (program, { composition, signal }) => {
  const { terminal, clock, version } = composition;
  const command = program
    .command('collector')
    .description('takes what a plant’s stations send to the broker into PostgreSQL; several share the work')
    .option(
      '--name <name>',
      'this collector, where it is started again under the same name; no other of the plant has it',
      collectorName,
    )
    .option(
      '--metrics <[address:]port>',
      '/health, /ready and /metrics, on loopback unless an address is named',
      whereToListen,
    )
    .option('--tables-only', 'make the tables, or bring them to this version, and end', false)
    .option('--json', 'newline-delimited JSON instead of text', false);
  withPlant(command).action(async (options: CollectorOptions) => {
    const form = options.json ? 'json' : isJournal(process.env.JOURNAL_STREAM) ? 'journal' : 'text';
    const log = openLog(form, clock, (line) => terminal.line(line));
    if (options.tablesOnly) return makeTables(options, log);
    const terms = plantTermsOf(options);
    const name = options.name ?? passingName();
    // mqtt and pg are waited for only here.
    const [{ startCollector }, { createCollectorMetrics }, { openHealthServer }] = await Promise.all([
      import('../fleet/collector/collector.js'),
      import('../fleet/collector/metrics.js'),
      import('../fleet/health-server.js'),
    ]);
    let waiting = () => 0;
    const metrics = createCollectorMetrics({ name, plant: options.plant, version, waiting: () => waiting() });
    const server = options.metrics === undefined ? undefined : await openHealthServer(options.metrics, metrics);
    if (server !== undefined)
      log(`http://${options.metrics?.host}:${server.port}/ answers /health, /ready and /metrics`);
    const manager = composition.serviceManager();
    const feeding =
      manager.feedEveryMs === null ? undefined : clock.every(manager.feedEveryMs, () => manager.tell('WATCHDOG=1'));
    const tell = createTeller(log, clock);
    let isReady = false;
    try {
      const collector = await startCollector(
        {
          ...terms,
          plant: options.plant,
          name,
          keepsSession: options.name !== undefined,
          clock,
          hear: (news) => {
            metrics.hear(news);
            tell.hear(news);
            if (news.kind !== 'broker' && news.kind !== 'database') return;
            const [reason] = metrics.reasons();
            if (reason === undefined && !isReady) log(`collector ${name} of ${options.plant} takes entries`);
            if (reason === undefined) isReady = true;
            manager.tell(...(isReady ? ['READY=1'] : []), `STATUS=${reason?.message ?? 'takes entries'}`);
          },
        },
        signal,
      );
      waiting = () => collector.waiting;
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      manager.tell('STOPPING=1', 'STATUS=finishing its batch');
      await collector.close();
      tell.close();
      log(`collector ${name} closed`);
    } catch (error) {
      // Told to end before the database was there.
      if (!signal.aborted) throw error;
    } finally {
      tell.close();
      feeding?.cancel();
      await server?.close();
    }
  });
};

/** For a role that may make tables, where the collector's own may not. */
const makeTables = async (options: CollectorOptions, log: StationLog): Promise<void> => {
  const { makeTables: make } = await import('../fleet/collector/collector.js');
  const { databaseVersion } = await import('../fleet/collector/migrations.js');
  const found = await make(databaseTermsOf(options), options.plant);
  log(
    found === databaseVersion
      ? `tables of ${options.plant} are of version ${databaseVersion}`
      : `tables of ${options.plant} made: version ${databaseVersion}, was ${found === 0 ? 'none' : found}`,
  );
};

const sumEveryMs = 60_000;
/** Two of one name throw each other out at every connection; mosquitto does not say so. */
const lostOften = 5;

/**
 * Changes at once; what is taken, and what is wrong with messages, as a sum a minute: stations may send thousands. The first of
 * each kind of mistake is told as it is.
 */
const createTeller = (log: StationLog, clock: Clock) => {
  const sums = new Map<string, number>();
  const seen = new Set<string>();
  const count = (what: string, by = 1) => {
    if (by > 0) sums.set(what, (sums.get(what) ?? 0) + by);
  };
  const first = (key: string, text: string, code: string) => {
    if (seen.has(key)) return;
    if (seen.size < 1_000) seen.add(key);
    log(text, { level: 'warning', code });
  };
  let lost = 0;
  const tellSums = () => {
    if (lost >= lostOften)
      log(`the broker was lost ${lost} times in a minute: does another collector have this name (--name)?`, {
        level: 'warning',
        code: 'BROKER_UNREACHABLE',
      });
    lost = 0;
    if (sums.size > 0) log([...sums].map(([what, number]) => `${number} ${what}`).join(', '));
    sums.clear();
    seen.clear();
  };
  const summing = clock.every(sumEveryMs, tellSums);
  return {
    hear: (news: CollectorNews) => {
      if (news.kind === 'broker' || news.kind === 'database') {
        if (news.kind === 'broker' && news.error !== null) lost += 1;
        if (news.error === null) log(`${news.kind} is there`);
        else
          log(`${news.error.message}; ${news.kind === 'broker' ? 'connects again' : 'tries again'} by itself`, {
            level: 'error',
            code: news.error.code,
          });
      } else if (news.kind === 'taken') {
        const { taken, duplicates, parked, refused, tooFar } = news.taken;
        count('records taken', taken.record);
        count('events taken', taken.event);
        count('plans taken', taken.plan);
        count('came again', duplicates);
        count('came before those in front of them', parked);
        count('too far ahead', tooFar);
        count('refused', refused.length);
        for (const { station, outbox, seq, code, message } of refused)
          first(
            `${station} ${code}`,
            `${station}: entry ${seq} of outbox ${outbox} is kept as refused. ${message}`,
            code,
          );
      } else if (news.kind === 'unreadable') {
        const { topic, reason } = news.unreadable;
        count('could not be read');
        first(reason, `a message on ${topic} is left out: ${reason}`, 'FLEET_MESSAGE_INVALID');
      } else count('left out while the database took nothing');
    },
    close: () => {
      summing.cancel();
      tellSums();
    },
  };
};
