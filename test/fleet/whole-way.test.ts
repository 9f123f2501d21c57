/** Stations as processes, a broker, collectors, a database: each is killed while the others go on, and every run is counted. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterEach, expect, it } from 'vitest';
import { startMosquitto, startPostgres } from '../helpers/engines.js';
import { invoke, long } from '../helpers/linkpulse.js';
import { madeRecord } from '../helpers/made-runs.js';
import { startProxy } from '../helpers/tcp-proxy.js';

const open: { close(): Promise<unknown> | unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
  // Ten thousand folders, and a database that writes down what it holds.
}, 300_000);
const opened = <T extends { close(): Promise<unknown> | unknown }>(thing: T): T => {
  open.push(thing);
  return thing;
};

const plant = 'lyon';
const stations = ['a', 'b', 'c', 'd'];
const ports = ['p1', 'p2', 'p3', 'p4', 'p5'];
const runsOfPort = long ? 500 : 6;
const runs = stations.length * ports.length * runsOfPort;

it(
  `each of ${runs} runs of four stations is in the database once, whoever is killed meanwhile, stations too`,
  async (context) => {
    const directory = mkdtempSync(join(tmpdir(), 'linkpulse-whole-way-'));
    opened({ close: () => rmSync(directory, { recursive: true, force: true }) });
    const mosquitto = opened(await startMosquitto(context));
    const postgres = opened(await startPostgres(context));
    const wire = opened(await startProxy(mosquitto.port));
    const url = `mqtt://127.0.0.1:${wire.port}`;
    const template = join(directory, 'record.json');
    writeFileSync(template, JSON.stringify(madeRecord({ runId: '', startedAt: '' })));

    const collect = (name: string) => {
      const words = ['collector', '--broker', url, '--plant', plant, '--database', postgres.url, '--name', name];
      const { child, exitCode } = invoke(words);
      return opened({
        close: async () => {
          child.kill('SIGKILL');
          await exitCode;
        },
      });
    };
    const one = collect('one');
    collect('two');

    const script = fileURLToPath(new URL('../helpers/fleet-station.mjs', import.meta.url));
    const startStation = (station: string) => {
      const given = { folder: join(directory, station), url, plant, station, ports, runsOfPort, template };
      const child: ChildProcess = spawn(process.execPath, [script, JSON.stringify(given)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const lines: string[] = [];
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => lines.push(line));
      const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
      const close = async () => {
        child.kill('SIGKILL');
        await ended;
      };
      return opened({ close, ended, lines });
    };
    const running = new Map(stations.map((station) => [station, startStation(station)]));
    const killStation = async (station: string) => {
      await running.get(station)?.close();
      running.set(station, startStation(station));
    };

    const ask = async <T extends pg.QueryResultRow>(sql: string): Promise<T[]> => {
      const client = new pg.Client({ connectionString: postgres.url });
      client.on('error', () => {});
      await client.connect();
      try {
        return (await client.query<T>(sql)).rows;
      } finally {
        await client.end();
      }
    };
    const counted = () =>
      ask<{ runs: number }>('SELECT count(*)::int AS runs FROM runs').then(
        ([row]) => row?.runs ?? 0,
        () => 0,
      );
    const reached = (share: number) =>
      expect.poll(counted, { timeout: 300_000, interval: 200 }).toBeGreaterThanOrEqual(Math.floor(runs * share));

    await reached(0.05);
    await killStation('a');
    await reached(0.15);
    await mosquitto.kill();
    await killStation('b');
    await mosquitto.start();
    await reached(0.3);
    wire.cut();
    await killStation('a');
    await reached(0.45);
    await postgres.kill();
    await killStation('c');
    await postgres.start();
    await reached(0.6);
    await one.close();
    await killStation('d');
    collect('one');
    wire.cut();
    await reached(0.9);
    await killStation('b');

    for (const station of running.values()) expect(await station.ended).toBe(0);
    expect(
      await ask(
        'SELECT count(*)::int AS runs, count(DISTINCT (station, run_id))::int AS ids, count(DISTINCT station)::int AS stations FROM runs',
      ),
    ).toEqual([{ runs, ids: runs, stations: stations.length }]);
    // Nobody had to begin anew, nothing waits for what never comes, nothing was refused.
    expect(await ask('SELECT count(*)::int AS outboxes FROM outboxes')).toEqual([{ outboxes: stations.length }]);
    expect(await ask('SELECT count(*)::int AS parked FROM parked')).toEqual([{ parked: 0 }]);
    expect(await ask('SELECT code, message FROM refused')).toEqual([]);
    expect(await ask(`SELECT event FROM events WHERE event IN ('entry-lost', 'outbox-anew')`)).toEqual([]);
    const sentAgain = [...running.values()].map(({ lines }) => lines.at(-1)).join(', ');
    context.annotate(`${runs} runs; entries sent again by the last process of each station: ${sentAgain}`);
  },
  long ? 900_000 : 180_000,
);
