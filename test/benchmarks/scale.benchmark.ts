/**
 * What plants of 1, 20 and 2,000 stations need. First the bytes and the processor time of what a run sends are measured, with
 * the station's own side, a real broker, collectors and a real database; then a working day of each plant is simulated by them.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type TestContext, test } from 'vitest';
import { openBroker } from '../../src/fleet/broker.js';
import { openStationLink, type StationLink } from '../../src/fleet/station-link.js';
import type { RunRecord } from '../../src/records/record.js';
import { stageNames } from '../../src/stages/judge.js';
import { systemClock } from '../../src/timeline/clock.js';
import { sleep } from '../../src/timeline/wait.js';
import { brokerTerms } from '../helpers/collector-player.js';
import { startMosquitto, startPostgres } from '../helpers/engines.js';
import { invoke, makeBench, plansDirectory, runJson } from '../helpers/linkpulse.js';
import { type MeasuredCosts, type PlantFigures, type PlantTerms, simulatePlant } from './scale-model.js';

const plant = 'bench';
const liveRuns = Number(process.env.BENCH_RUNS ?? 400);
const liveStations = 20;
/** Longer than a port's state rests, so that each stage is told. */
const stageMs = 350;
const barWidth = 50;
const backlogStations = 60;
const runsPerBacklog = 50;
const clockTicksPerSecond = 100;
const million = 1e6;

/** Processor seconds of a process and of all that it forked and that still run. */
const cpuSeconds = (pid: number): number => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
    const own = (Number(fields[11]) + Number(fields[12])) / clockTicksPerSecond;
    // What the database's processes that have ended used is counted with their parent (cutime, cstime).
    const ended = (Number(fields[13]) + Number(fields[14])) / clockTicksPerSecond;
    return own + ended + children.reduce((sum, child) => sum + cpuSeconds(Number(child)), 0);
  } catch {
    return 0;
  }
};

/** Counts what goes through to the broker and back. */
const countingWay = async (to: number) => {
  const bytes = { toBroker: 0, fromBroker: 0 };
  const server: Server = createServer((socket) => {
    const beyond = connect(to, '127.0.0.1');
    socket.on('data', ({ length }) => {
      bytes.toBroker += length;
    });
    beyond.on('data', ({ length }) => {
      bytes.fromBroker += length;
    });
    socket.pipe(beyond).pipe(socket);
    for (const end of [socket, beyond])
      end.on('error', () => {
        socket.destroy();
        beyond.destroy();
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const address = server.address();
  return {
    bytes,
    url: `mqtt://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    close: () => server.close(),
  };
};

/** The record of a real run on a simulated bench. */
const realRun = async (): Promise<RunRecord> => {
  const bench = makeBench();
  try {
    const plan = join(plansDirectory, 'cp-7960g.yaml');
    return (
      await runJson(['run', '--bench', bench.path, '--port', 'sim1', '--socket', bench.socketPath, '--plan', plan])
    ).record;
  } finally {
    bench.remove();
  }
};

const openLink = (folder: string, station: string, url: string): Promise<StationLink> =>
  openStationLink({
    terms: { broker: brokerTerms(url), plant, page: null, planKeyPath: null },
    station,
    version: '0',
    ports: ['jack1'],
    runsDirectory: join(folder, station),
    folder: join(folder, `outbox-${station}`),
    clock: systemClock,
    through: null,
    recoveredRuns: [],
    log: () => {},
  });

const storeRun = (folder: string, station: string, runId: string, record: RunRecord) => {
  mkdirSync(join(folder, station, runId), { recursive: true });
  writeFileSync(join(folder, station, runId, 'record.json'), JSON.stringify({ ...record, station, runId }));
};

const lastOf = (runId: string, { verdict, blame, cause, phone }: RunRecord) => ({
  ...{ runId, verdict, blame, cause },
  ...{ deviceId: phone.deviceId, serial: 'FCH00000000' },
});

/** As a station's desk tells it, without the waiting. */
const tellRun = async (link: StationLink, runId: string, record: RunRecord, stageMs: number) => {
  link.runStarted('jack1', { runId, plan: record.plan.name, serial: 'FCH00000000' });
  const stages = stageNames.map((stage) => ({ stage: stage as string, verdict: 'not-reached' }));
  for (const stage of stages) {
    stage.verdict = 'pass';
    link.stages(
      'jack1',
      stages.map((each) => ({ ...each })),
    );
    await sleep(systemClock, stageMs);
  }
  link.runEnded('jack1', lastOf(runId, record));
};

const count = async (database: pg.Client): Promise<number> => {
  try {
    return Number((await database.query('select count(*) from runs')).rows[0]?.count ?? 0);
  } catch {
    return 0;
  }
};

const untilStored = async (database: pg.Client, wanted: number): Promise<void> => {
  while ((await count(database)) < wanted) await sleep(systemClock, 100);
};

/** MQTT packets that the broker took and gave, of all clients: its figure of PUBLISH alone leaves QoS 1 out. */
const messagesOf = async (url: string, clock = systemClock) => {
  const figures = { received: 0, sent: 0 };
  const watcher = await openBroker(brokerTerms(url), {
    clientId: 'counting',
    subscribe: ['$SYS/broker/messages/received', '$SYS/broker/messages/sent'],
    onMessage: ({ topic, payload }) => {
      figures[topic.endsWith('sent') ? 'sent' : 'received'] = Number(new TextDecoder().decode(payload));
    },
  });
  return {
    now: async () => {
      await sleep(clock, 2_500);
      return { ...figures };
    },
    close: () => watcher.close(),
  };
};

const measure = async (context: TestContext, folder: string): Promise<MeasuredCosts> => {
  const record = await realRun();
  const broker = await startMosquitto(context, ['sys_interval 1', 'max_queued_messages 0']);
  const engine = await startPostgres(context);
  const way = await countingWay(broker.port);
  const messages = await messagesOf(broker.url);
  const database = new pg.Client({ connectionString: engine.url });
  await database.connect();
  const collectorWords = [
    'collector',
    '--broker',
    broker.url,
    '--plant',
    plant,
    '--database',
    engine.url,
    '--name',
    'one',
  ];
  let collector = invoke(collectorWords);
  const cost = () => ({
    broker: cpuSeconds(broker.pid),
    collector: cpuSeconds(Number(collector.child.pid)),
    database: cpuSeconds(engine.pid),
  });
  try {
    const perStation = Math.ceil(liveRuns / liveStations);
    const runs = perStation * liveStations;
    const stations = Array.from({ length: liveStations }, (_, index) => `live${index}`);
    for (const station of stations)
      for (let run = 0; run < perStation; run += 1) storeRun(folder, station, `live-${run}`, record);
    const links = await Promise.all(stations.map((station) => openLink(folder, station, way.url)));
    const before = { told: await messages.now(), bytes: { ...way.bytes }, cost: cost() };
    await Promise.all(
      links.map(async (link) => {
        for (let run = 0; run < perStation; run += 1) await tellRun(link, `live-${run}`, record, stageMs);
      }),
    );
    await untilStored(database, runs);
    const after = { told: await messages.now(), bytes: { ...way.bytes }, cost: cost() };
    for (const link of links) await link.close();

    // Hours of records in the outboxes of stations that were away.
    collector.child.kill('SIGTERM');
    await collector.exitCode;
    const away = await Promise.all(
      Array.from({ length: backlogStations }, async (_, index) => {
        const station = `away${index}`;
        for (let run = 0; run < runsPerBacklog; run += 1) storeRun(folder, station, `away-${run}`, record);
        const link = await openLink(folder, station, broker.url);
        for (let run = 0; run < runsPerBacklog; run += 1) {
          link.runStarted('jack1', { runId: `away-${run}`, plan: record.plan.name, serial: null });
          link.runEnded('jack1', lastOf(`away-${run}`, record));
        }
        return link;
      }),
    );
    while (away.some((link) => link.status().waiting < 2 * runsPerBacklog)) await sleep(systemClock, 100);
    const backlog = away.reduce((sum, link) => sum + link.status().waiting, 0);
    const began = performance.now();
    collector = invoke(collectorWords);
    await untilStored(database, runs + backlogStations * runsPerBacklog);
    const seconds = (performance.now() - began) / 1000;
    for (const link of away) await link.close();

    const { rows } = await database.query(
      'select (select sum(pg_total_relation_size(relid)) from pg_stat_user_tables)::float8 / count(*) as bytes from runs',
    );
    const each = (unit: (of: typeof after) => number) => (unit(after) - unit(before)) / runs;
    return {
      messagesPerRun: each(({ told }) => told.received + told.sent),
      bytesToBrokerPerRun: each(({ bytes }) => bytes.toBroker),
      bytesToStationPerRun: each(({ bytes }) => bytes.fromBroker),
      entryBytes: JSON.stringify({ ...record, plan: { ...record.plan, text: '' } }).length / 2,
      storedBytesPerRun: Number((rows[0] as { readonly bytes: number }).bytes),
      brokerMicroseconds: each((of) => of.cost.broker) * million,
      collectorMicroseconds: each((of) => of.cost.collector) * million,
      databaseMicroseconds: each((of) => of.cost.database) * million,
      collectorEntriesPerSecond: backlog / seconds,
    };
  } finally {
    collector.child.kill('SIGTERM');
    await collector.exitCode;
    await messages.close();
    await database.end();
    way.close();
    await broker.close();
    await engine.close();
  }
};

/** A run of a minute and a quarter, three quarters of a minute for the next phone; two shifts; the broker away for a morning. */
const ofPlant = (stations: number, collectors: number): PlantTerms => ({
  ...{ stations, collectors, portsPerStation: 8 },
  ...{ runSeconds: 75, runSpread: 0.25, handlingSeconds: 45 },
  ...{ hoursPerDay: 16, daysPerYear: 250, outageHours: 4, stationEntriesPerSecond: 100 },
});

const unit = (value: number, units: readonly string[], step: number): string => {
  let [left, index] = [value, 0];
  while (left >= step && index < units.length - 1) {
    left /= step;
    index += 1;
  }
  return `${left.toFixed(left < 10 ? 1 : 0)} ${units[index]}`;
};
const bytes = (value: number): string => unit(value, ['B', 'KiB', 'MiB', 'GiB', 'TiB'], 1024);

const tell = ({ stations, collectors }: PlantTerms, of: PlantFigures) => {
  const { cores, afterOutage } = of;
  const lines = [
    `runs a day ${of.runsPerDay}, a second ${of.runsPerSecond.mean.toFixed(2)}, in the worst ${of.runsPerSecond.worst}`,
    `packets a second ${of.messagesPerSecond.toFixed(1)}, ${bytes(of.bytesPerSecond)} a second`,
    `cores: broker ${cores.broker.toFixed(4)}, collectors ${cores.collectors.toFixed(4)}, database ${cores.database.toFixed(4)}`,
    `records a year ${of.recordsPerYear}, ${bytes(of.storedBytesPerYear)}`,
    `broker away for 4 h: an outbox holds at most ${afterOutage.longestOutboxEntries} entries, ${bytes(afterOutage.longestOutboxBytes)}; all are empty ${afterOutage.minutesToDrain.toFixed(1)} min after`,
  ];
  console.log(`  ${stations} stations, ${collectors} collectors`);
  for (const line of lines) console.log(`    ${line}`);
};

/** Entries waiting in all outboxes, a row a quarter of an hour. */
const plot = (waiting: readonly number[]) => {
  const most = Math.max(1, ...waiting);
  for (let minute = 0; minute < waiting.length && minute <= 420; minute += 15) {
    const value = waiting[minute] ?? 0;
    const hour = `${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, '0')}`.padStart(6);
    console.log(
      `    ${hour} ${'█'.repeat(Math.round((value / most) * barWidth)).padEnd(barWidth)} ${Math.round(value)}`,
    );
  }
};

test('what plants need', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'linkpulse-scale-'));
  try {
    const costs = await measure(context, folder);
    console.log('  measured:');
    for (const [name, value] of Object.entries(costs)) console.log(`    ${name.padEnd(28)} ${value.toFixed(1)}`);
    for (const terms of [ofPlant(1, 1), ofPlant(20, 1), ofPlant(2_000, 2)]) {
      const figures = simulatePlant(terms, costs);
      tell(terms, figures);
      if (terms.stations === 2_000) plot(figures.waitingByMinute);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
