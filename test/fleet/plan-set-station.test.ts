import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { plantTopics } from '../../src/fleet/topics.js';
import { type CollectorPlayer, playCollector } from '../helpers/collector-player.js';
import { startMosquitto } from '../helpers/engines.js';
import { type HttpStation, startHttpStation } from '../helpers/http-station.js';
import { type Bench, invoke, makeBench, quickPlan, runJson } from '../helpers/linkpulse.js';

const things: { close(): Promise<unknown> | unknown }[] = [];
afterEach(async () => {
  for (const thing of things.splice(0).reverse()) await thing.close();
});

const patiently = { timeout: 40_000, interval: 100 };
const topic = plantTopics('lyon').planSet;
const quick = readFileSync(quickPlan, 'utf8');

/** The program's exit code and all that it said. */
const call = async (...words: string[]) => {
  const run = invoke(words);
  const exitCode = await run.exitCode;
  return { exitCode, said: `${run.stdout()}\n${run.stderr()}` };
};

interface View {
  readonly planSet: {
    readonly inForce: { readonly name: string; readonly version: number } | null;
    readonly refused: { readonly code: string } | null;
  };
}
const ask = async <T>(station: HttpStation, path: string): Promise<T> => {
  const headers = { authorization: `Bearer ${station.token('operator')}` };
  return (await (await fetch(`${station.base}/api/v1${path}`, { headers })).json()) as T;
};

const start = async (bench: Bench): Promise<HttpStation> => {
  const station = await startHttpStation(bench, ['--limited']);
  things.push({ close: () => station.invocation.child.kill('SIGKILL') });
  return station;
};

const eventsOf = (collector: CollectorPlayer) =>
  [...collector.taken.values()].flat().flatMap((entry) => (entry.kind === 'event' ? [entry.event.event] : []));

it('a station takes what is published and signed, runs by it, and refuses what is not and what is old', async (context) => {
  const mosquitto = await startMosquitto(context);
  things.push(mosquitto);
  const collector = await playCollector(mosquitto.url, 'lyon');
  things.push(collector);
  const bench = makeBench(
    'prestandard',
    [],
    [
      `fleet: { broker: "${mosquitto.url}", plant: lyon, planKey: plant.key.pub }`,
      'golden: { every: 1h, plan: quick.yaml, faults: [no-link] }',
    ],
  );
  things.push({ close: () => bench.remove() });
  const [key, one, two] = ['plant.key', 'one.json', 'two.json'].map((name) => join(bench.directory, name)) as [
    string,
    string,
    string,
  ];
  const plans = join(bench.directory, 'plans');
  const planPath = join(plans, 'quick.yaml');
  mkdirSync(plans);
  writeFileSync(planPath, quick);
  expect((await call('plan-set', 'keygen', '--key', key)).exitCode).toBe(0);
  const sign = (output: string, version: number) =>
    call(
      ...['plan-set', 'sign', plans, '--key', key, '--plant', 'lyon', '--name', 'lines'],
      ...['--set-version', String(version), '-o', output],
    );
  const publish = (file: string) => call('plan-set', 'publish', file, '--pub', `${key}.pub`, '--broker', mosquitto.url);
  expect((await sign(one, 1)).exitCode).toBe(0);
  writeFileSync(planPath, quick.replace(/^title: .*/m, 'title: the second'));
  expect((await sign(two, 2)).exitCode).toBe(0);

  let station = await start(bench);
  const viewed = async () => (await ask<View>(station, '/view')).planSet;
  const run = (...more: string[]) => [
    ...['run', '--bench', bench.path, '--socket', bench.socketPath, '--port', 'sim1'],
    ...more,
  ];
  expect(await viewed()).toEqual({ inForce: null, refused: null });
  expect(await ask(station, '/plans')).toEqual([]);
  const early = await call(...run('--plan', quickPlan));
  expect([early.exitCode, early.said.includes('PLAN_SET_NONE')]).toEqual([5, true]);

  expect((await publish(one)).exitCode).toBe(0);
  await expect.poll(async () => (await viewed()).inForce?.version, patiently).toBe(1);
  expect(await ask(station, '/plans')).toMatchObject([{ name: 'quick' }]);
  // The golden run goes by the set's plan, which the bench file names and nobody put beside it.
  expect(existsSync(join(bench.directory, 'quick.yaml'))).toBe(false);
  const golden = await call('golden', '--bench', bench.path, '--socket', bench.socketPath);
  expect(golden.said).toContain('sim1 may judge until');
  // By its text, wherever it lies; by its name.
  const first = await runJson(run('--plan', quickPlan));
  expect(first.record.plan).toMatchObject({ name: 'quick', title: expect.not.stringContaining('second') });

  expect((await publish(two)).said).toContain('1 changed');
  await expect.poll(async () => (await viewed()).inForce?.version, patiently).toBe(2);
  const old = await call(...run('--plan', quickPlan));
  expect(old.said).toContain('PLAN_NOT_IN_SET');
  expect(old.said).toContain('says something else than quick.yaml of the set; lines version 2 has: quick');
  expect(old.exitCode).toBe(4);
  const due = await call(...run('--plan', 'quick'));
  expect(due.said).toContain('GOLDEN_DUE');

  // What nobody signed, as whoever may write at the broker would; then the old set, as it was signed.
  const tampered = readFileSync(two, 'utf8').replace('the second', 'the third.');
  await collector.publish(topic, tampered);
  await expect.poll(async () => (await viewed()).refused?.code, patiently).toBe('PLAN_SET_UNSIGNED');
  expect((await publish(one)).said).toContain('is replaced');
  await expect.poll(async () => (await viewed()).refused?.code, patiently).toBe('PLAN_SET_OLD');
  expect((await viewed()).inForce?.version).toBe(2);
  expect(station.audit().map(({ action }) => action)).toEqual(
    expect.arrayContaining(['plan-set-taken', 'plan-set-refused']),
  );
  const seen = ['plan-set-taken', 'plan-set-taken', 'plan-set-refused', 'plan-set-refused'];
  await expect.poll(() => eventsOf(collector).filter((event) => event.startsWith('plan-set')), patiently).toEqual(seen);
  const retained = JSON.parse(collector.retained.get(plantTopics('lyon').station('e2e').state) ?? '{}');
  expect(retained).toMatchObject({ planSet: { name: 'lines', version: 2 }, planSetRefused: { code: 'PLAN_SET_OLD' } });

  station.invocation.child.kill('SIGKILL');
  await station.invocation.exitCode;
  station = await start(bench);
  expect((await viewed()).inForce).toMatchObject({ name: 'lines', version: 2 });
  const taken = join(bench.directory, 'state/plan-sets');
  const { folder } = JSON.parse(readFileSync(join(taken, 'in-force.json'), 'utf8')) as { readonly folder: string };
  // Somebody softens a limit on the station's own disk: the run goes by what was signed.
  const unpacked = join(taken, folder, 'plans/quick.yaml');
  writeFileSync(unpacked, quick);
  await call('golden', '--bench', bench.path, '--socket', bench.socketPath);
  expect(readFileSync(unpacked, 'utf8')).toBe(readFileSync(planPath, 'utf8'));
  writeFileSync(unpacked, quick);
  const second = await runJson(run('--plan', 'quick'));
  expect(second.record.plan).toMatchObject({ title: 'the second' });
}, 240_000);
