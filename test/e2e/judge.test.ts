/** Stored runs judged again: many at once, and beside a phone that is powered meanwhile. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { copyRun } from '../helpers/copied-runs.js';
import { invoke, makeBench, quickPlan, type Run, runJson } from '../helpers/linkpulse.js';

const bench = makeBench();
const runs = mkdtempSync(join(tmpdir(), 'linkpulse-judge-'));
const onBench = ['run', '--no-station', '--bench', bench.path, '--port', 'sim1', '--plan', quickPlan];
const copies = 60;
let run: Run;
let ids: readonly string[];

beforeAll(async () => {
  run = await runJson(onBench);
  expect(run.exitCode).toBe(0);
  ids = copyRun(run.folder, runs, copies);
}, 60_000);
afterAll(() => {
  bench.remove();
  rmSync(runs, { recursive: true });
});

const judge = async (...words: string[]) => {
  const called = invoke(['judge', '--since', '2026-09-01', ...words]);
  return { exit: await called.exitCode, out: called.stdout().split('\n'), err: called.stderr() };
};

test('runs judged by their own plans are judged as before, whether by frames or by timeline', async () => {
  const told = await judge('--runs', runs);
  expect(told).toMatchObject({ exit: 0, out: [`${copies} judged, 0 with another verdict`] });
  const one = invoke(['judge', run.folder, '--json']);
  await one.exitCode;
  const byFrames = JSON.parse(one.stdout()) as { readonly stages: unknown; readonly verdict: string };
  const byTimeline = await judge('--runs', bench.runsDirectory, '--json');
  expect(JSON.parse(byTimeline.out[0] ?? '')).toMatchObject({ stages: byFrames.stages, verdict: byFrames.verdict });
  expect(byFrames.stages).toEqual(run.record.stages);
}, 60_000);

test('under other limits: which verdicts change, from what to what, in the order of the runs', async () => {
  const plan = join(bench.directory, 'hasty.yaml');
  writeFileSync(
    plan,
    readFileSync(quickPlan, 'utf8').replace(/^( +)boot\.linkUpMs:.*$/m, '$1boot.linkUpMs: { max: 1ms }'),
  );
  const told = await judge('--runs', runs, '--plan', plan);
  expect(told.exit).toBe(1);
  expect(told.out.at(-1)).toBe(`${copies} judged, ${copies} with another verdict (${copies} pass -> fail)`);
  const changed = told.out.filter((line) => /^\d/.test(line)).slice(0, -1);
  expect(changed.map((line) => line.split(' ')[0])).toEqual(ids);
  expect(changed[0]).toMatch(/ {2}fail +boot\.linkUpMs is /);
  const json = (await judge('--runs', runs, '--plan', plan, '--json')).out.map((line) => JSON.parse(line));
  expect(json).toHaveLength(copies + 1);
  expect(json[0]).toMatchObject({ source: ids[0], before: { verdict: 'pass' }, verdict: 'fail', exitCode: 1 });
  expect(json.at(-1)).toEqual({
    summary: { judged: copies, words: 0, unreadable: 0, verdicts: { 'pass -> fail': copies } },
  });
}, 60_000);

test('a run that cannot be read is left out and named; the others are judged', async () => {
  const broken = mkdtempSync(join(tmpdir(), 'linkpulse-broken-'));
  const [first = ''] = copyRun(run.folder, broken, 30);
  appendFileSync(join(broken, first, 'timeline.ndjson'), 'no event\n');
  const told = await judge('--runs', broken);
  expect(told).toMatchObject({ exit: 5, out: ['29 judged, 0 with another verdict'] });
  expect(told.err).toContain(`${first} (RECORD_UNREADABLE`);
  expect((await judge('--runs', broken, '--plan', '/none.yaml')).err).toContain('PLAN_UNREADABLE');
}, 60_000);

test('beside a powered phone: it registers and the board never trips; stopped, it says how far it came', async () => {
  const many = mkdtempSync(join(tmpdir(), 'linkpulse-many-'));
  const count = 1500;
  copyRun(run.folder, many, count);
  let isPowered = false;
  let judgedUnderPower = 0;
  let begun: () => void = () => {};
  const hasBegun = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const judging = invoke(['judge', '--since', '2026-09-01', '--runs', many, '--all'], () => {
    begun();
    if (isPowered) judgedUnderPower += 1;
  });
  await hasBegun;
  const beside = await runJson(onBench, ({ fact }) => {
    if (fact.kind === 'power-on') isPowered = true;
    if (fact.kind === 'power-off') isPowered = false;
  });
  const wasBeside = judgedUnderPower > 0 || judging.child.exitCode === null;
  judging.child.kill('SIGTERM');
  expect(beside.record).toMatchObject({ verdict: 'pass', safetyTrip: false, powerOff: { cause: 'COMMANDED' } });
  // On a busy machine the lowest priority may not get a turn in those seconds; it wanted one all the while.
  expect(wasBeside).toBe(true);
  const exit = await judging.exitCode;
  if (exit !== 0) expect(judging.stdout()).toContain(`stopped: ${count} were asked for`);
  expect([0, 2]).toContain(exit);
  rmSync(many, { recursive: true });
}, 120_000);
