/** `records` and `stats` as their users call them, on run folders made by hand. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RunRecord } from '../../src/records/record.js';
import { systemClock } from '../../src/timeline/clock.js';
import { sleep } from '../../src/timeline/wait.js';
import { invoke, makeBench, program } from '../helpers/linkpulse.js';
import { healthyRun } from '../reports/fixture-run.js';

const { record, events } = healthyRun();
const runs = mkdtempSync(join(tmpdir(), 'linkpulse-records-'));
const timeline = [{ format: 'linkpulse-timeline', version: 1, startedAt: record.startedAt, startClockUs: 0 }, ...events]
  .map((line) => `${JSON.stringify(line)}\n`)
  .join('');
const write = (runId: string, changes: Partial<RunRecord>) => {
  mkdirSync(join(runs, runId));
  writeFileSync(join(runs, runId, 'record.json'), JSON.stringify({ ...record, runId, ...changes }));
  writeFileSync(join(runs, runId, 'timeline.ndjson'), timeline);
};
write('20261120-080000-sim1-aaaa', { startedAt: '2026-11-20T08:00:00.000Z' });
write('20261121-080000-sim1-bbbb', {
  startedAt: '2026-11-21T08:00:00.000Z',
  verdict: 'error',
  blame: 'network',
  cause: 'No offer came.',
});

const linkpulse = async (...words: string[]) => {
  const called = invoke(words);
  return { exit: await called.exitCode, out: called.stdout(), err: called.stderr() };
};
const inRuns = (...words: string[]) => linkpulse(...words, '--runs', runs);

test('records ls finds, shows newest first, and says when there is nothing', async () => {
  const all = await inRuns('records', 'ls');
  expect(all.exit).toBe(0);
  expect(all.out.split('\n').map((line) => line.slice(0, 8))).toEqual(expect.arrayContaining(['20261121', '20261120']));
  expect(all.out.indexOf('bbbb')).toBeLessThan(all.out.indexOf('aaaa'));
  const blamed = await inRuns('records', 'ls', '--blame', 'network', '--json');
  expect(JSON.parse(blamed.out)).toMatchObject([{ runId: '20261121-080000-sim1-bbbb', blame: 'network' }]);
  expect((await inRuns('records', 'ls', '--since', '2026-12-01')).out).toContain('no such runs');
  expect(await inRuns('records', 'ls', '--since', 'yesterday')).toMatchObject({ exit: 4 });
});

test('a slow reader of a long answer gets all of it', async () => {
  const long = mkdtempSync(join(tmpdir(), 'linkpulse-long-'));
  const cause = 'x'.repeat(300_000);
  mkdirSync(join(long, 'a'));
  writeFileSync(join(long, 'a', 'record.json'), JSON.stringify({ ...record, runId: 'a', cause }));
  const child = spawn(process.execPath, [program, 'records', 'ls', '--json', '--runs', long]);
  await sleep(systemClock, 1_500);
  let told = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) told += chunk;
  expect(JSON.parse(told)).toMatchObject([{ runId: 'a', cause }]);
});

test('records show, export, verify, import, prune', async () => {
  expect((await inRuns('records', 'show', 'aaaa')).out).toContain('PASS');
  const bundle = join(mkdtempSync(join(tmpdir(), 'linkpulse-out-')), 'evidence.tar.gz');
  expect(await inRuns('records', 'export', '--verdict', 'pass', '--to', bundle)).toMatchObject({ exit: 0 });
  expect((await linkpulse('records', 'verify', bundle)).out).toContain('whole  1 runs');
  const other = mkdtempSync(join(tmpdir(), 'linkpulse-other-'));
  expect((await linkpulse('records', 'import', bundle, '--runs', other)).out).toContain('1 runs taken in');
  expect((await linkpulse('records', 'ls', '--runs', other)).out).toContain('aaaa');
  writeFileSync(bundle, readFileSync(bundle).subarray(0, 300));
  const broken = await linkpulse('records', 'verify', bundle);
  expect(broken.exit).toBe(5);
  expect(broken.err).toContain('BUNDLE_INVALID');
  const dry = await inRuns('records', 'prune', '--max-runs', '1', '--dry-run');
  expect(dry.out).toContain('would go  20261120-080000-sim1-aaaa');
});

test('a station keeps the retention of its bench file, and says what went', async () => {
  const bench = makeBench('prestandard', [], ['retention: { runs: 2 }']);
  for (const day of [18, 19, 20, 21]) {
    const folder = join(bench.runsDirectory, `202611${day}-080000-sim1-aaaa`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'record.json'), '{}');
  }
  const dry = await linkpulse('records', 'prune', '--dry-run', '--bench', bench.path);
  expect(dry.out).toContain('2 would go, 2 stay');
  const words = ['station', '--bench', bench.path, '--socket', bench.socketPath, '--state', bench.directory];
  const told = new Promise<string>((resolve) => {
    const station = invoke(words, (line) => {
      if (!line.includes('retention')) return;
      station.child.kill('SIGTERM');
      station.exitCode.then(() => resolve(line));
    });
  });
  expect(await told).toContain('2 runs are gone, 20261118-080000-sim1-aaaa to 20261119-080000-sim1-aaaa; 2 stay');
  expect(readdirSync(bench.runsDirectory).filter((name) => name.startsWith('2026'))).toHaveLength(2);
  expect(readFileSync(join(bench.directory, 'audit.ndjson'), 'utf8')).toContain('"records-pruned"');
  bench.remove();
});

test.each([
  ['html', '<!doctype html>'],
  ['pdf', '%PDF-1.'],
  ['csv', 'run,started_at,'],
  ['json', '{"schema":1,'],
  ['junit', '<?xml '],
])('records report --%s: the same run gives the same bytes', async (form, begin) => {
  const out = mkdtempSync(join(tmpdir(), 'linkpulse-report-'));
  const [one, two] = [join(out, 'one'), join(out, 'two')];
  for (const file of [one, two])
    expect(await inRuns('records', 'report', '20261120-080000-sim1-aaaa', `--${form}`, '-o', file)).toMatchObject({
      exit: 0,
      out: file,
    });
  expect(readFileSync(one).subarray(0, begin.length).toString()).toBe(begin);
  expect(readFileSync(one).equals(readFileSync(two))).toBe(true);
});

test('records report wants one form of a run that is there; to standard output without -o', async () => {
  const report = (...words: string[]) => inRuns('records', 'report', ...words);
  expect(await report('20261120-080000-sim1-aaaa')).toMatchObject({ exit: 4 });
  expect((await report('20261120-080000-sim1-aaaa', '--pdf', '--csv')).err).toContain('say one of --html, --pdf');
  expect(await report('20261120-080000-none', '--csv')).toMatchObject({ exit: 5 });
  expect((await report('20261120-080000-sim1-aaaa', '--csv')).out.split('\n')).toHaveLength(
    1 + record.measurements.length,
  );
});

test('records export --csv: one row per measurement of every run that a search finds', async () => {
  const all = await inRuns('records', 'export', '--csv', '--to', '-');
  expect(all.out.split('\n')).toHaveLength(1 + 2 * record.measurements.length);
  const file = join(mkdtempSync(join(tmpdir(), 'linkpulse-csv-')), 'measurements.csv');
  expect((await inRuns('records', 'export', '--verdict', 'error', '--csv', '--to', file)).out).toContain('1 runs');
  expect(readFileSync(file, 'utf8')).toContain(',error,network,boot,boot.linkUpMs,3813,ms,');
});

test('stats tells yield and measurements; an error of the bench counts against nobody', async () => {
  const told = await inRuns('stats', '--json');
  expect(JSON.parse(told.out)).toMatchObject({ schema: 1, runs: 2, yield: { units: 1, firstPass: 1, errors: 1 } });
  const text = (await inRuns('stats')).out;
  expect(text).toContain('first-pass yield 100.0 %');
  expect(text).toContain('No offer came.');
});
