import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { judgedAgain } from '../helpers/judged-again.js';
import { invoke, makeBench, quickPlan, runJson } from '../helpers/linkpulse.js';

const bench = makeBench();
afterAll(() => bench.remove());
const plan = join(bench.directory, 'asks.yaml');
writeFileSync(
  plan,
  `${readFileSync(quickPlan, 'utf8')}
prompts:
  - { id: display, question: { en: Does the display show the clock? }, picture: display-clock }
  - { id: lamp, question: { en: Is the lamp red? }, expected: no }
  - { id: handset, question: { en: Do you hear a tone? } }
`,
);
const words = ['run', '--no-station', '--bench', bench.path, '--port', 'sim1', '--plan', plan];

it('asks while the phone is powered, takes answers given beforehand, and a wrong one fails the phone', async () => {
  const run = await runJson([...words, '--answer', 'display=yes', '--answer', 'lamp=yes', '--answer', 'handset=yes']);
  expect(run.exitCode, run.record.cause).toBe(1);
  expect(run.record).toMatchObject({ verdict: 'fail', blame: null });
  expect(run.record.cause).toBe('“Is the lamp red?” was answered yes beforehand.');
  expect(run.record.stages.map(({ verdict }) => verdict)).toEqual(Array(6).fill('pass'));
  expect(run.record.prompts?.map(({ verdict, answer }) => [verdict, answer])).toEqual([
    ['pass', 'yes'],
    ['fail', 'yes'],
    ['not-reached', null],
  ]);
  const kinds = run.events.map(({ fact }) => fact.kind);
  expect(kinds.indexOf('prompt')).toBeLessThan(kinds.indexOf('power-off'));
  expect(await judgedAgain(run)).toEqual(run.record.stages);
  const again = invoke(['judge', run.folder]);
  expect(await again.exitCode, again.stderr()).toBe(1);
  expect(again.stdout()).toContain('as it was judged before');
  const junit = readFileSync(join(run.folder, 'junit.xml'), 'utf8');
  expect(junit).toContain('name="prompt lamp"');
  expect(readFileSync(join(run.folder, 'report.html'), 'utf8')).toContain('Is the lamp red?');
}, 60_000);

it('an answer to what the plan does not ask is refused before anything is powered', async () => {
  const run = invoke([...words, '--answer', 'clock=yes']);
  expect(await run.exitCode).toBe(4);
  expect(run.stderr()).toContain('asks display, lamp, handset');
});
