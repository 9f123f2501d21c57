import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunRecord } from '../../src/records/record.js';
import { judgedAgain } from '../helpers/judged-again.js';
import { invoke, makeBench, quickPlan, runJson } from '../helpers/linkpulse.js';

const bench = makeBench();
afterAll(() => bench.remove());

const planWith = (name: string, retry: string): string => {
  const path = join(bench.directory, `${name}.yaml`);
  const text = readFileSync(quickPlan, 'utf8')
    .replace('linkAllowance: 5s', 'linkAllowance: 2s')
    // A phone echoes again when its capacitor is empty: sooner, the first bursts of an attempt come back as silence.
    .replace('offDwell: 500ms', 'offDwell: 1500ms');
  writeFileSync(path, `${text}retry: ${retry}\n`);
  return path;
};
const words = (plan: string, ...more: readonly string[]) => [
  'run',
  '--no-station',
  '--bench',
  bench.path,
  '--port',
  'sim1',
  '--plan',
  plan,
  '--fault',
  'two-bad-starts',
  ...more,
];
const recordsOf = (): RunRecord[] =>
  readdirSync(bench.runsDirectory)
    .filter((name) => existsSync(join(bench.runsDirectory, name, 'record.json')))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(bench.runsDirectory, name, 'record.json'), 'utf8')) as RunRecord);

describe('a plan with retry', () => {
  it('takes power away, tries again and passes on attempt 3, each attempt kept', async () => {
    const run = await runJson(
      words(planWith('three', '{ attempts: 3, powerCycle: true, on: [phone] }'), '--serial', 'FCH1'),
    );
    expect(run.record.verdict, run.record.cause).toBe('pass');
    expect(run.exitCode).toBe(0);
    const records = recordsOf();
    expect(records.map(({ verdict }) => verdict)).toEqual(['fail', 'fail', 'pass']);
    const [first] = records;
    expect(records.map(({ attempt }) => [attempt?.number, attempt?.of, attempt?.first])).toEqual(
      [1, 2, 3].map((number) => [number, 3, first?.runId]),
    );
    expect(run.record.attempt?.earlier.map(({ verdict }) => verdict)).toEqual(['fail', 'fail']);
    // Between two attempts the jack was dead.
    for (const { powerOff } of records)
      expect(powerOff).toMatchObject({ cause: 'COMMANDED', jackSafeMs: expect.any(Number) });
    expect(await judgedAgain(run)).toEqual(run.record.stages);
    const report = readFileSync(join(run.folder, 'report.html'), 'utf8');
    expect(report).toContain('PASS on attempt 3');
    expect(report).toContain(`../${first?.runId}/report.html`);
    expect(readFileSync(join(run.folder, 'junit.xml'), 'utf8')).toContain('name="attempt" value="3"');
  }, 90_000);

  it('counts it as a phone that failed first and passed in the end', async () => {
    const stats = invoke(['stats', '--json', '--bench', bench.path]);
    expect(await stats.exitCode).toBe(0);
    expect(JSON.parse(stats.stdout()).yield).toMatchObject({
      units: 1,
      firstPass: 0,
      final: 1,
      passedOnAttempt: [0, 0, 1],
      runs: 3,
    });
  });

  it('gives up after its last attempt, and says so on the terminal', async () => {
    const run = invoke(words(planWith('two', '{ attempts: 2, on: [boot] }')));
    expect(await run.exitCode, run.stdout() + run.stderr()).toBe(1);
    expect(run.stdout()).toContain('attempt 1 of at most 2');
    expect(run.stdout()).toContain('attempt 2 of at most 2');
    expect(run.stdout()).toMatch(/attempt 1 {2}fail .*\nFAIL: this phone/);
  }, 90_000);

  it('does not try again for what it does not name', async () => {
    const before = recordsOf().length;
    const run = await runJson(words(planWith('network', '{ attempts: 3, on: [network] }')));
    expect(run.exitCode).toBe(1);
    expect(run.record.attempt).toMatchObject({ number: 1, earlier: [] });
    expect(recordsOf().length).toBe(before + 1);
  }, 60_000);

  it('ends with SIGTERM in the middle of the second: power off, a record, no third', async () => {
    const before = recordsOf().length;
    let starts = 0;
    const run = await runJson(words(planWith('stopped', '{ attempts: 3 }')), (event, child) => {
      if (event.fact.kind === 'run-start') starts += 1;
      if (event.fact.kind === 'power-on' && starts === 2) child.kill('SIGTERM');
    });
    expect(run.exitCode).toBe(2);
    expect(run.record).toMatchObject({ interruptedBy: 'SIGTERM', attempt: { number: 2 } });
    expect(run.record.powerOff).toMatchObject({ cause: 'COMMANDED', jackSafeMs: expect.any(Number) });
    expect(recordsOf().length).toBe(before + 2);
  }, 60_000);
});
