/** Real broker, real database, collectors as processes; whatever dies in the middle, each run is there once. */
import pg from 'pg';
import { afterEach, expect, it, type TestContext } from 'vitest';
import { openBroker } from '../../src/fleet/broker.js';
import { plantTopics } from '../../src/fleet/topics.js';
import { startMosquitto, startPostgres } from '../helpers/engines.js';
import { type Invocation, invoke, long } from '../helpers/linkpulse.js';
import { startProxy } from '../helpers/tcp-proxy.js';
import { makeOutbox, startWireStation } from '../helpers/wire-station.js';

const plant = 'hamburg';
const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});
const opened = <T extends { close(): Promise<unknown> }>(thing: T): T => {
  open.push(thing);
  return thing;
};

/** A collector as its user starts it. */
const collect = (broker: string, database: string, name: string, ...more: string[]) => {
  const lines: string[] = [];
  const run = invoke(
    ['collector', '--broker', broker, '--plant', plant, '--database', database, '--name', name, ...more],
    (line) => lines.push(line),
  );
  return opened({
    ...run,
    lines,
    ready: () => expect.poll(() => lines.join('\n'), { timeout: 20_000 }).toContain('takes entries'),
    close: async () => {
      run.child.kill('SIGKILL');
      await run.exitCode;
    },
  });
};

const engines = async (context: TestContext) => {
  const mosquitto = opened(await startMosquitto(context));
  const postgres = opened(await startPostgres(context));
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
  return { mosquitto, postgres, ask };
};

const ended = async (run: Pick<Invocation, 'child' | 'exitCode'>): Promise<number | null> => {
  run.child.kill('SIGTERM');
  return run.exitCode;
};

it('takes what stations send, tells them, answers how it is, and ends when it is told to', async (context) => {
  const { mosquitto, postgres, ask } = await engines(context);
  const collector = collect(mosquitto.url, postgres.url, 'one', '--metrics', '0');
  await collector.ready();
  const station = opened(await startWireStation(mosquitto.url, plant, makeOutbox('a', { runs: 20 })));
  await station.done;
  expect(await ask('SELECT count(*)::int AS runs, count(DISTINCT run_id)::int AS ids FROM runs')).toEqual([
    { runs: 20, ids: 20 },
  ]);
  const [, address = ''] = /(http:\S+) answers/.exec(collector.lines.join('\n')) ?? [];
  expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  expect((await fetch(`${address}health`)).status).toBe(200);
  expect(await (await fetch(`${address}ready`)).json()).toEqual({ isReady: true, reasons: [] });
  expect(await (await fetch(`${address}metrics`)).text()).toContain(
    'linkpulse_collector_entries_total{kind="record"} 20',
  );

  await postgres.stop();
  const more = opened(await startWireStation(mosquitto.url, plant, makeOutbox('b', { runs: 1 })));
  await expect.poll(async () => (await fetch(`${address}ready`)).status, { timeout: 20_000 }).toBe(503);
  expect(await (await fetch(`${address}ready`)).json()).toMatchObject({ reasons: [{ code: 'DATABASE_UNREACHABLE' }] });
  expect(more.confirmed).toBe(0);
  await postgres.start();
  await more.done;

  expect(await ended(collector)).toBe(0);
  expect(collector.lines.join('\n')).toMatch(/21 records taken.*\n.*closed/);
  expect(collector.stderr()).toBe('');
});

it('lets bytes that are no entries lie, and takes those behind them', async (context) => {
  const { mosquitto, postgres, ask } = await engines(context);
  const collector = collect(mosquitto.url, postgres.url, 'one');
  await collector.ready();
  const topics = plantTopics(plant).station('a');
  const stranger = opened(
    await openBroker(
      { url: mosquitto.url, username: null, passwordPath: null, caPath: null, certPath: null, keyPath: null },
      { clientId: 'stranger', subscribe: [], onMessage: () => {} },
    ),
  );
  await expect.poll(() => stranger.isConnected).toBe(true);
  const box = makeOutbox('a', { runs: 3, events: false });
  const hostile = [
    '',
    'no JSON',
    'null',
    '[]',
    '{"outbox":"x","seq":1}',
    JSON.stringify({ station: 'a', outbox: box.outbox, seq: 0, kind: 'event' }),
    JSON.stringify({ station: 'a', outbox: box.outbox, seq: 2 ** 53, kind: 'event' }),
    JSON.stringify({ station: 'b', outbox: box.outbox, seq: 1, kind: 'event' }),
    '['.repeat(500_000),
    `{"__proto__":{"station":"a"},"seq":1}`,
    // Readable by its place, and nothing else of it: counts as taken, or it would be sent for ever.
    `{"station":"a","outbox":"${box.outbox}","seq":5,"kind":"event","event":${'['.repeat(200_000)}${']'.repeat(200_000)}}`,
    `{"station":"a","outbox":"${box.outbox}","seq":6,"kind":"event","at":1e999}`,
  ];
  for (const payload of hostile) await stranger.publish(topics.out('event'), payload);
  await stranger.publish(`linkpulse/v1/${plant}/stations/a/out/nonsense`, '{}');
  const station = opened(await startWireStation(mosquitto.url, plant, box));
  await station.done;
  await expect
    .poll(() => ask('SELECT seq, code FROM refused ORDER BY seq'))
    .toEqual([
      { seq: '5', code: 'FLEET_MESSAGE_INVALID' },
      { seq: '6', code: 'FLEET_MESSAGE_INVALID' },
    ]);
  expect(await ask('SELECT count(*)::int AS runs FROM runs')).toEqual([{ runs: 3 }]);
  expect(await ended(collector)).toBe(0);
  expect(collector.lines.join('\n')).toContain('11 could not be read');
});

it('ends when it is told to, also with a batch that no database takes; the station has it and brings it to the next one', async (context) => {
  const { mosquitto, postgres, ask } = await engines(context);
  const first = collect(mosquitto.url, postgres.url, 'one');
  await first.ready();
  await postgres.stop();
  const station = opened(await startWireStation(mosquitto.url, plant, makeOutbox('a', { runs: 5 })));
  await expect.poll(() => first.lines.join('\n'), { timeout: 20_000 }).toContain('tries again by itself');
  expect(await ended(first)).toBe(0);
  const second = collect(mosquitto.url, postgres.url, 'one');
  await expect.poll(() => second.lines.join('\n'), { timeout: 20_000 }).toContain('tries again by itself');
  expect(station.confirmed).toBe(0);
  await postgres.start();
  await station.done;
  expect(await ask('SELECT count(*)::int AS runs FROM runs')).toEqual([{ runs: 5 }]);
  expect(await ended(second)).toBe(0);
});

it('says why it cannot begin', async (context) => {
  const { mosquitto, postgres, ask } = await engines(context);
  const refused = collect(mosquitto.url, postgres.url.replace('/postgres', '/nowhere'), 'one');
  expect(await refused.exitCode).toBe(5);
  expect(refused.stderr()).toMatch(/^DATABASE_REFUSED: .*database "nowhere" does not exist/);
  await ask('CREATE TABLE schema_versions AS SELECT 1000 AS version');
  const older = collect(mosquitto.url, postgres.url, 'one');
  expect(await older.exitCode).toBe(5);
  expect(older.stderr()).toMatch(/^DATABASE_TOO_NEW: /);
});

const runs = long ? 10_000 : 400;
const stations = ['a', 'b', 'c', 'd'];

it(`each of ${runs} runs is in the database once and in order, whatever is killed, cut, doubled and shuffled`, {
  timeout: 600_000,
}, async (context) => {
  const { mosquitto, postgres, ask } = await engines(context);
  const brokerWire = opened(await startProxy(mosquitto.port));
  const databaseWire = opened(await startProxy(postgres.port));
  const broker = `mqtt://127.0.0.1:${brokerWire.port}`;
  const database = postgres.url.replace(String(postgres.port), String(databaseWire.port));
  const start = (name: string) => collect(broker, database, name);
  const one = start('one');
  let two = start('two');
  await Promise.all([one.ready(), two.ready()]);

  const began = performance.now();
  const boxes = stations.map((name) =>
    makeOutbox(name, { runs: runs / stations.length, events: false, jumpsAt: runs / stations.length / 2 }),
  );
  const senders = await Promise.all(
    boxes.map((box, index) => startWireStation(broker, plant, box, { seed: index + 1 }).then(opened)),
  );
  const confirmed = () => senders.reduce((sum, sender) => sum + sender.confirmed, 0);
  const reached = (share: number) =>
    expect.poll(confirmed, { timeout: 120_000, interval: 20 }).toBeGreaterThan(runs * share);

  /** What a reader of the database sees meanwhile: never a hole, never a receipt for what is not there. */
  const holes: unknown[] = [];
  let looks = 0;
  let isWatching = true;
  const watching = (async () => {
    while (isWatching) {
      try {
        holes.push(
          ...(await ask(
            `SELECT outbox, count(*), max(seq), next_seq FROM outboxes LEFT JOIN entries USING (outbox) GROUP BY outbox
             HAVING count(seq) <> coalesce(max(seq), 0) OR next_seq <> count(seq) + 1`,
          )),
        );
        looks += 1;
      } catch {
        // Just then it is not there.
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();

  await reached(0.15);
  await mosquitto.kill();
  await mosquitto.start();
  await reached(0.3);
  await postgres.kill();
  await postgres.start();
  await reached(0.45);
  await two.close();
  two = start('two');
  await reached(0.6);
  expect(brokerWire.cut()).toBeGreaterThan(0);
  await reached(0.75);
  expect(databaseWire.cut()).toBeGreaterThan(0);

  await Promise.all(senders.map((sender) => sender.done));
  const seconds = (performance.now() - began) / 1000;
  isWatching = false;
  await watching;
  expect(holes).toEqual([]);
  expect(looks).toBeGreaterThan(0);
  expect(
    await ask(
      'SELECT count(*)::int AS runs, count(DISTINCT (station, run_id))::int AS ids, min(run_id), max(run_id) FROM runs',
    ),
  ).toEqual([{ runs, ids: runs, min: 'a-000001', max: `d-${String(runs / stations.length).padStart(6, '0')}` }]);
  expect(await ask('SELECT count(*)::int AS entries FROM entries')).toEqual([{ entries: runs + stations.length }]);
  expect(await ask('SELECT * FROM parked')).toEqual([]);
  expect(await ask('SELECT * FROM refused')).toEqual([]);
  expect([await ended(one), await ended(two)]).toEqual([0, 0]);
  const published = senders.reduce((sum, sender) => sum + sender.published, 0);
  context.annotate(`${runs} runs in ${seconds.toFixed(1)} s, ${published} messages, ${looks} looks`);
});
