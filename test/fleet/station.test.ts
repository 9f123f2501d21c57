import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, type TestContext } from 'vitest';
import { type PortState, portMessage, presenceMessage, readMessage, stateMessage } from '../../src/fleet/messages.js';
import { plantTopics } from '../../src/fleet/topics.js';
import { systemClock } from '../../src/timeline/clock.js';
import { sleep } from '../../src/timeline/wait.js';
import { type CollectorPlayer, playCollector } from '../helpers/collector-player.js';
import { type Engine, startMosquitto } from '../helpers/engines.js';
import { type Bench, type Invocation, invoke, makeBench, quickPlan, runJson } from '../helpers/linkpulse.js';

const things: { close(): Promise<unknown> | unknown }[] = [];
afterEach(async () => {
  for (const thing of things.splice(0).reverse()) await thing.close();
});

const topics = plantTopics('lyon').station('e2e');
const patiently = { timeout: 25_000 };

const fleetBench = (url: string): Bench => {
  const bench = makeBench('prestandard', [], ['fleet:', `  broker: ${url}`, '  plant: lyon']);
  things.push({ close: () => bench.remove() });
  return bench;
};

/** `more`: in a network of its own where that is left out. */
const startStation = async (bench: Bench, more: readonly string[] = ['--limited']): Promise<Invocation> => {
  const state = join(bench.directory, 'state');
  const words = ['station', '--bench', bench.path, '--socket', bench.socketPath, '--state', state, '--json', ...more];
  const station = invoke(words);
  things.push({
    close: async () => {
      station.child.kill('SIGKILL');
      await station.exitCode;
    },
  });
  await expect.poll(() => station.stdout() + station.stderr(), patiently).toContain('answers on');
  return station;
};

const run = (bench: Bench) =>
  runJson(['run', '--bench', bench.path, '--socket', bench.socketPath, '--port', 'sim1', '--plan', quickPlan]);

const engines = async (context: TestContext): Promise<{ mosquitto: Engine; collector: CollectorPlayer }> => {
  const mosquitto = await startMosquitto(context);
  things.push(mosquitto);
  const collector = await playCollector(mosquitto.url, 'lyon');
  things.push(collector);
  return { mosquitto, collector };
};

const bytes = (text: string | undefined) => new TextEncoder().encode(text ?? '{}');
const presence = (collector: CollectorPlayer) =>
  readMessage(presenceMessage, bytes(collector.retained.get(topics.presence)), 'e2e').message.presence;
const port = (text: string | undefined): PortState => readMessage(portMessage, bytes(text), 'e2e').message;
const recordsOf = (collector: CollectorPlayer): string[] =>
  [...collector.taken.values()].flat().flatMap((entry) => (entry.kind === 'record' ? [entry.record.runId] : []));
const kindsOf = (collector: CollectorPlayer): string[] =>
  [...collector.taken.values()].flat().map((entry) => (entry.kind === 'event' ? entry.event.event : entry.kind));

it('a plant sees a station, its port as it runs, and its record; and that it was killed', async (context) => {
  const { mosquitto, collector } = await engines(context);
  const bench = fleetBench(mosquitto.url);
  const station = await startStation(bench);
  await expect.poll(() => presence(collector), patiently).toBe('online');
  const { record } = await run(bench);
  await expect.poll(() => kindsOf(collector), patiently).toEqual(['station-started', 'run-started', 'plan', 'record']);
  expect(recordsOf(collector)).toEqual([record.runId]);
  const shownPorts = () => collector.textsOf(topics.port('sim1')).map(port);
  await expect
    .poll(() => shownPorts().at(-1), patiently)
    .toMatchObject({ running: null, last: { runId: record.runId, verdict: record.verdict } });
  const shown = shownPorts();
  expect(shown[0]).toMatchObject({ running: null, last: null });
  expect(shown.some(({ running }) => running?.runId === record.runId && running.stages.length > 0)).toBe(true);
  const state = () => readMessage(stateMessage, bytes(collector.retained.get(topics.state)), 'e2e').message;
  await expect.poll(() => state().outboxDepth, patiently).toBe(0);
  expect(state()).toMatchObject({ ports: ['sim1'], page: null, planSet: null });
  station.child.kill('SIGKILL');
  await expect.poll(() => presence(collector), patiently).toBe('lost');
}, 60_000);

it('runs go on without a broker, and the next start brings them, the one that was cut too', async (context) => {
  const { mosquitto, collector } = await engines(context);
  await mosquitto.stop();
  const bench = fleetBench(mosquitto.url);
  const station = await startStation(bench);
  const first = await run(bench);
  let cut = '';
  const words = ['run', '--bench', bench.path, '--socket', bench.socketPath, '--port', 'sim1', '--plan', quickPlan];
  const second = invoke([...words, '--json'], (line) => {
    const said = JSON.parse(line) as { readonly runId?: string; readonly fact?: { readonly kind: string } };
    if (said.runId !== undefined) cut = said.runId;
    if (said.fact?.kind === 'power-on') station.child.kill('SIGKILL');
  });
  await second.exitCode;
  await station.exitCode;
  // Finished, and killed before the outbox had it.
  const pending = join(bench.directory, 'state/outbox/pending');
  writeFileSync(join(pending, first.record.runId), '');
  await mosquitto.start();
  const again = await startStation(bench);
  await expect
    .poll(() => recordsOf(collector).sort(), patiently)
    .toEqual([first.record.runId, first.record.runId, cut]);
  expect(new Set(collector.taken.keys()).size).toBe(1);
  again.child.kill('SIGTERM');
  expect(await again.exitCode).toBe(0);
  await expect.poll(() => presence(collector), patiently).toBe('stopped');
  await sleep(systemClock, 300);
  expect(presence(collector)).toBe('stopped');
}, 90_000);

it('two stations of one name are told of each other', async (context) => {
  const { mosquitto } = await engines(context);
  const one = await startStation(fleetBench(mosquitto.url));
  const two = await startStation(fleetBench(mosquitto.url));
  await expect.poll(() => one.stdout().includes('STATION_TWICE'), patiently).toBe(true);
  await expect.poll(() => two.stdout().includes('STATION_TWICE'), patiently).toBe(true);
}, 60_000);
