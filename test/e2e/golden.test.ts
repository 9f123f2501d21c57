/** The golden run gates the shift: a port judges only where its bench has shown lately that it finds what it must. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readRecord } from '../../src/records/run-folder.js';
import { findStation } from '../../src/station/station-client.js';
import { systemClock } from '../../src/timeline/clock.js';
import { sleep } from '../../src/timeline/wait.js';
import { invoke, makeBench, quickPlan } from '../helpers/linkpulse.js';
import { closedProblems } from '../helpers/record-schema.js';

const golden = (plan: string, fault: string) => `golden: { every: 1h, plan: ${plan}, faults: [${fault}] }`;
const bench = makeBench('prestandard', [], [golden(quickPlan, 'short-circuit')]);
const autoPlan = join(bench.directory, 'auto.yaml');
writeFileSync(
  autoPlan,
  readFileSync(quickPlan, 'utf8')
    .replace(/method: prestandard/, 'method: auto')
    .replace(/polarity: prestandard/, 'polarity: by-method'),
);
const blind = makeBench('prestandard', [], [golden(autoPlan, 'af-phone')]);
afterAll(() => {
  bench.remove();
  blind.remove();
});

const linkpulse = async (...words: string[]) => {
  const called = invoke(words);
  return { exit: await called.exitCode, out: called.stdout(), err: called.stderr() };
};
const run = (path = bench.path) =>
  linkpulse('run', '--no-station', '--bench', path, '--port', 'sim1', '--plan', quickPlan);
const statePath = join(bench.runsDirectory, 'golden-sim1.json');

test('no golden run: no phone is judged, by the verb and by the station alike', async () => {
  const refused = await run();
  expect(refused.exit).toBe(5);
  expect(refused.err).toMatch(/^GOLDEN_DUE: .*sim1: the known phone was never run/);
  const station = invoke(['station', '--bench', bench.path, '--socket', bench.socketPath, '--state', bench.directory]);
  for (let tries = 0; tries < 200 && (await findStation(bench.socketPath)) === undefined; tries += 1)
    await sleep(systemClock, 50);
  const words = ['--bench', bench.path, '--socket', bench.socketPath];
  const through = await linkpulse('run', ...words, '--port', 'sim1', '--plan', quickPlan);
  expect(through).toMatchObject({ exit: 5, err: expect.stringContaining('GOLDEN_DUE') });
  const tested = await linkpulse('golden', ...words);
  expect(tested.err).toBe('');
  expect(tested.out).toMatch(/short-circuit +power fail/);
  expect(tested.exit).toBe(0);
  expect((await linkpulse('run', ...words, '--port', 'sim1', '--plan', quickPlan)).exit).toBe(0);
  station.child.kill('SIGTERM');
  await station.exitCode;
}, 120_000);

test('its records say what they are, and stay out of yield', async () => {
  const ids = readdirSync(bench.runsDirectory).filter((name) => name.includes('-sim1-'));
  const records = await Promise.all(ids.map((id) => readRecord(join(bench.runsDirectory, id))));
  expect(records.map((record) => record.golden)).toEqual([{ fault: null }, { fault: 'short-circuit' }, null]);
  for (const record of records) expect(closedProblems(record)).toEqual([]);
  const { out } = await linkpulse('stats', '--runs', bench.runsDirectory, '--json');
  expect(JSON.parse(out)).toMatchObject({ runs: 1, yield: { units: 1, firstPass: 1 }, pareto: [] });
  expect((await linkpulse('records', 'ls', '--runs', bench.runsDirectory)).out).toContain('golden short-circuit');
}, 30_000);

test('a golden run that is too old, or of another plan, is none', async () => {
  const status = () => linkpulse('golden', '--status', '--bench', bench.path);
  expect(await status()).toMatchObject({ exit: 0, out: expect.stringContaining('sim1 may judge until') });
  const text = readFileSync(statePath, 'utf8');
  writeFileSync(statePath, text.replaceAll(/"at": "[^"]*"/g, '"at": "2020-01-01T00:00:00.000Z"'));
  expect(await status()).toMatchObject({ exit: 5, out: expect.stringContaining('was run last at 2020') });
  expect((await run()).err).toContain('GOLDEN_DUE');
  writeFileSync(statePath, text.replaceAll(/"planHash": "[^"]*"/g, '"planHash": "0"'));
  expect((await run()).err).toContain('the golden plan has changed');
}, 30_000);

test('a bench whose detector does not fire judges no phone', async () => {
  const tested = await linkpulse('golden', '--no-station', '--bench', blind.path, '--json');
  const lines = tested.out.split('\n').map((line) => JSON.parse(line));
  expect(lines.map(({ type, fault, asExpected }) => [type, fault, asExpected])).toEqual([
    ['case', null, true],
    ['case', 'af-phone', false],
    ['port', undefined, undefined],
  ]);
  expect(tested.exit).toBe(5);
  const refused = await run(blind.path);
  expect(refused.exit).toBe(5);
  expect(refused.err).toMatch(/^GOLDEN_FAILED: .*af-phone: power error \(config\) was wanted/);
}, 60_000);

test('a bench file without golden runs says so', async () => {
  const plain = makeBench();
  const told = await linkpulse('golden', '--bench', plain.path);
  expect(told).toMatchObject({ exit: 4, err: expect.stringContaining('has no golden section') });
  plain.remove();
});
