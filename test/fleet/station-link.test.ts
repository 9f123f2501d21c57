import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { type LinkNote, openStationLink, type StationLink } from '../../src/fleet/station-link.js';
import { plantTopics } from '../../src/fleet/topics.js';
import { type Clock, systemClock } from '../../src/timeline/clock.js';
import { sleep } from '../../src/timeline/wait.js';
import { brokerTerms, playCollector } from '../helpers/collector-player.js';
import { startMosquitto } from '../helpers/engines.js';
import { makeRun } from '../helpers/made-runs.js';

const things: { close(): Promise<unknown> | unknown }[] = [];
afterEach(async () => {
  for (const thing of things.splice(0).reverse()) await thing.close();
});
const patiently = { timeout: 20_000 };

interface Linked {
  readonly link: StationLink;
  readonly folder: string;
  readonly runs: string;
  readonly logged: (LinkNote & { readonly text: string })[];
}

const linked = async (url: string, clock: Clock = systemClock): Promise<Linked> => {
  const directory = mkdtempSync(join(tmpdir(), 'linkpulse-link-'));
  const [folder, runs] = [join(directory, 'outbox'), join(directory, 'runs')];
  mkdirSync(runs);
  const logged: Linked['logged'] = [];
  const link = await openStationLink({
    terms: { broker: brokerTerms(url), plant: 'plant', page: null, planKeyPath: null },
    ...{ station: 'line1', version: '1.2.3', ports: ['jack1'], runsDirectory: runs, folder, clock, through: null },
    recoveredRuns: [],
    log: (text, note) => logged.push({ text, ...note }),
  });
  things.push({ close: () => rmSync(directory, { recursive: true, force: true }) }, link);
  return { link, folder, runs, logged };
};

const ended = (runId: string) =>
  ({ runId, verdict: 'pass', blame: null, cause: '', deviceId: null, serial: null }) as const;
const runOf = (runs: string, link: StationLink, runId: string) => {
  link.runStarted('jack1', { runId, plan: 'quick', serial: null });
  makeRun(runs, { runId, startedAt: '2026-11-23T03:15:02.000Z' });
  link.runEnded('jack1', ended(runId));
};

it('makes up for records that could not be put by, each once, as soon as something can be', async (context) => {
  const mosquitto = await startMosquitto(context);
  things.push(mosquitto);
  const collector = await playCollector(mosquitto.url, 'plant');
  things.push(collector);
  const { link, folder, runs, logged } = await linked(mosquitto.url);
  await expect.poll(() => collector.arrived.length, patiently).toBe(1);
  // As a disk that takes nothing: there is no folder to write into.
  renameSync(join(folder, 'entries'), join(folder, 'away'));
  for (const runId of ['r1', 'r2', 'r3']) runOf(runs, link, runId);
  await expect.poll(() => link.status().missing, patiently).toBe(3);
  await expect.poll(() => link.status().failed, patiently).toBeGreaterThan(2);
  expect(logged.filter(({ code, level }) => code === 'OUTBOX_FAILED' && level === 'error')).toHaveLength(1);
  renameSync(join(folder, 'away'), join(folder, 'entries'));
  runOf(runs, link, 'r4');
  const records = () => collector.arrived.flatMap((entry) => (entry.kind === 'record' ? [entry.record.runId] : []));
  await expect.poll(() => records().sort(), patiently).toEqual(['r1', 'r2', 'r3', 'r4']);
  await expect.poll(() => link.status().missing).toBe(0);
  expect(collector.arrived.filter(({ kind }) => kind === 'plan')).toHaveLength(1);
});

it('sends the newest state of a port a few times a second, however often it changes', async (context) => {
  const mosquitto = await startMosquitto(context);
  things.push(mosquitto);
  const collector = await playCollector(mosquitto.url, 'plant');
  things.push(collector);
  const { link } = await linked(mosquitto.url);
  link.runStarted('jack1', { runId: 'r1', plan: 'quick', serial: null });
  for (let count = 0; count < 500; count += 1) {
    link.stages('jack1', [{ stage: 'power', verdict: `${count}` }]);
    if (count % 100 === 0) await sleep(systemClock, 10);
  }
  const { port } = plantTopics('plant').station('line1');
  await expect.poll(() => collector.retained.get(port('jack1')) ?? '', patiently).toContain('"verdict":"499"');
  expect(collector.textsOf(port('jack1')).length).toBeLessThan(50);
});

it('says what the broker does not let it write', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'linkpulse-acl-'));
  things.push({ close: () => rmSync(folder, { recursive: true, force: true }) });
  writeFileSync(
    join(folder, 'acl'),
    'topic read linkpulse/#\ntopic write linkpulse/v1/plant/stations/line1/presence\n',
  );
  const mosquitto = await startMosquitto(context, [`acl_file ${join(folder, 'acl')}`]);
  things.push(mosquitto);
  const { link } = await linked(mosquitto.url);
  await expect.poll(() => link.status().problem?.code, patiently).toBe('BROKER_REFUSED');
  expect(link.status()).toMatchObject({ isConnected: true, waiting: 1 });
  expect(link.status().problem?.message).toContain('/out/event');
});

it('ends although the broker hangs', async (context) => {
  const mosquitto = await startMosquitto(context);
  things.push(mosquitto);
  const proxy = await hangingProxy(mosquitto.port);
  const { link } = await linked(`mqtt://127.0.0.1:${proxy.port}`);
  await expect.poll(() => link.status().isConnected, patiently).toBe(true);
  proxy.hang();
  link.tell({ event: 'port-unlocked', port: 'jack1' });
  await link.close();
  expect(link.status().waiting).toBe(2);
});

/** Nothing goes on through it after `hang`, and nobody closes. */
const hangingProxy = async (port: number) => {
  const sockets = new Set<Socket>();
  const server = createServer((inner) => {
    const outer = connect(port, '127.0.0.1');
    for (const socket of [inner, outer]) {
      sockets.add(socket);
      socket.on('error', () => {});
    }
    inner.pipe(outer).pipe(inner);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  things.push({
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  });
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    hang: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
  };
};
