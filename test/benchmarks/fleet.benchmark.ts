/**
 * What a collector takes a second, beside what a plant would put together itself from the same packages: `mosquitto_sub` piped
 * into `COPY`, which keeps bytes and promises nothing, and `psql` with a statement a record. Same broker, same database, same records.
 * And what a record costs: bytes on the wire, in the database, in its log; processor time.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'vitest';
import { openBroker } from '../../src/fleet/broker.js';
import { plantTopics } from '../../src/fleet/topics.js';
import { type Engine, startMosquitto, startPostgres } from '../helpers/engines.js';
import { invoke } from '../helpers/linkpulse.js';
import { type MadeEntry, makeOutbox, startWireStation } from '../helpers/wire-station.js';
import { median } from './measure.js';

const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const runs = Number(process.env.BENCH_RUNS ?? 4_000);
const stations = ['a', 'b', 'c', 'd'];
const plant = 'bench';
const topics = plantTopics(plant);
/** Under way at once, all stations together: as many as four stations have. */
const window = 256;

interface Measured {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

const ticksPerSecond = 100;
const cpuSecondsOf = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
};

const sqlOf = (postgres: Engine) => (sql: string) =>
  execFileSync('psql', ['-At', '-q', '-c', sql, postgres.url], { encoding: 'utf8' }).trim();

const outboxes = () => stations.map((name) => makeOutbox(name, { runs: runs / stations.length, events: false }));

const ours = async (mosquitto: Engine, postgres: Engine, collectors: number): Promise<Measured> => {
  const processes = Array.from({ length: collectors }, (_, index) => {
    let ready = () => {};
    const isReady = new Promise<void>((resolve) => {
      ready = resolve;
    });
    const words = ['--broker', mosquitto.url, '--plant', plant, '--database', postgres.url, '--name', `c${index}`];
    const run = invoke(['collector', ...words], (line) => line.includes('takes entries') && ready());
    return { ...run, isReady, pid: run.child.pid ?? 0 };
  });
  await Promise.all(processes.map(({ isReady }) => isReady));
  const cpu = () => processes.reduce((sum, { pid }) => sum + cpuSecondsOf(pid), 0);
  const boxes = outboxes();
  const [began, cpuBefore] = [performance.now(), cpu()];
  const senders = await Promise.all(
    boxes.map((box) => startWireStation(mosquitto.url, plant, box, { isTidy: true, againMs: 20_000 })),
  );
  await Promise.all(senders.map(({ done }) => done));
  const measured = { seconds: (performance.now() - began) / 1000, cpuSeconds: cpu() - cpuBefore };
  for (const sender of senders) await sender.close();
  for (const { child, exitCode } of processes) {
    child.kill('SIGTERM');
    await exitCode;
  }
  return measured;
};

/** As one line each, as COPY's csv without quotes takes them. */
const copyCommand = (mosquitto: Engine, postgres: Engine) => {
  const copy = `COPY raw FROM STDIN (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')`;
  return `mosquitto_sub -p ${mosquitto.port} -q 1 -t '${topics.filters.entries}' -C ${runs} | psql -q -c "${copy}" ${postgres.url}`;
};

const piped = async (
  mosquitto: Engine,
  postgres: Engine,
  entries: readonly [string, MadeEntry][],
): Promise<Measured> => {
  sqlOf(postgres)('DROP TABLE IF EXISTS raw; CREATE TABLE raw (record jsonb)');
  const child = spawn('bash', ['-c', `TIMEFORMAT='%U %S'; time { ${copyCommand(mosquitto, postgres)}; }`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (text) => {
    said += String(text);
  });
  const ended = new Promise((resolve) => child.on('close', resolve));
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  let connected = () => {};
  const isConnected = new Promise<void>((resolve) => {
    connected = resolve;
  });
  const broker = await openBroker(
    { url: mosquitto.url, username: null, passwordPath: null, caPath: null, certPath: null, keyPath: null },
    { clientId: 'sender', subscribe: [], onMessage: () => {}, onConnected: () => connected() },
  );
  await isConnected;
  const began = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: window }, async () => {
      for (let entry = entries[next++]; entry !== undefined; entry = entries[next++])
        await broker.publish(topics.station(entry[0]).out(entry[1].kind), entry[1].payload);
    }),
  );
  await ended;
  const seconds = (performance.now() - began) / 1000;
  await broker.close({ endsSession: true });
  const [user = 0, system = 0] = (said.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  return { seconds, cpuSeconds: user + system };
};

const inserted = (postgres: Engine, path: string): Measured => {
  sqlOf(postgres)('DROP TABLE IF EXISTS raw; CREATE TABLE raw (record jsonb)');
  const began = performance.now();
  execFileSync('psql', ['-q', '-f', path, postgres.url], { stdio: 'ignore' });
  return { seconds: (performance.now() - began) / 1000, cpuSeconds: Number.NaN };
};

test('a collector beside mosquitto_sub | COPY and psql', async (context: TestContext) => {
  const [mosquitto, postgres] = [
    await startMosquitto(context, ['max_queued_messages 0']),
    await startPostgres(context),
  ];
  const folder = mkdtempSync(join(tmpdir(), 'linkpulse-bench-'));
  const sql = sqlOf(postgres);
  const entries = outboxes().flatMap(({ station, entries: all }) =>
    all.filter(({ kind }) => kind === 'record').map((entry): [string, MadeEntry] => [station, entry]),
  );
  const statements = join(folder, 'insert.sql');
  writeFileSync(
    statements,
    entries.map(([, { payload }]) => `INSERT INTO raw VALUES ('${payload.replaceAll("'", "''")}');\n`).join(''),
  );
  const results = new Map<string, Measured[]>();
  const keep = (name: string, measured: Measured) => results.set(name, [...(results.get(name) ?? []), measured]);
  let perRun = '';
  try {
    for (let round = 1; round <= rounds; round += 1) {
      for (const collectors of [1, 2]) {
        sql('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
        const before = sql('SELECT pg_current_wal_lsn()');
        keep(`${collectors} collector${collectors > 1 ? 's' : ''}`, await ours(mosquitto, postgres, collectors));
        if (collectors === 1) {
          sql('VACUUM ANALYZE');
          const bytes = (what: string) => Math.round(Number(sql(`SELECT ${what}`)) / runs);
          const total = (table: string) => bytes(`pg_total_relation_size('${table}')`);
          perRun = [
            `runs ${total('runs')} (of it indexes ${bytes(`pg_indexes_size('runs')`)}), entries ${total('entries')}`,
            `write-ahead log ${bytes(`pg_current_wal_lsn() - '${before}'::pg_lsn`)}`,
          ].join('; ');
        }
      }
      keep('mosquitto_sub | COPY', await piped(mosquitto, postgres, entries));
      keep('psql, a statement each', inserted(postgres, statements));
      console.log(`  round ${round} of ${rounds}`);
    }
  } finally {
    await mosquitto.close();
    await postgres.close();
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`${runs} records of ${stations.length} stations, medians of ${rounds}`);
  for (const [name, all] of results) {
    const seconds = median(all.map((each) => each.seconds));
    const cpu = median(all.map(({ cpuSeconds }) => cpuSeconds));
    const processor = Number.isNaN(cpu) ? '' : `${((cpu / runs) * 1000).toFixed(2)} s CPU a 1,000 records`;
    console.log(`  ${name.padEnd(24)} ${(runs / seconds).toFixed(0).padStart(6)} records/s  ${processor}`);
  }
  const payload = entries.reduce((sum, [, entry]) => sum + Buffer.byteLength(entry.payload), 0) / entries.length;
  const [station = '', first] = entries[0] ?? [];
  // Fixed header, topic with its length, packet id, no properties.
  const packet = payload + 5 + 2 + topics.station(station).out(first?.kind ?? 'record').length + 2 + 1;
  console.log(`  a record: ${payload.toFixed(0)} bytes of JSON, ${packet.toFixed(0)} as MQTT packet`);
  console.log(`  in the database, bytes a run: ${perRun}`);
});
