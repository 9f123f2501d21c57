import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { judgedAgain } from '../helpers/judged-again.js';
import { invoke, makeBench, quickPlan, runJson, stageOf } from '../helpers/linkpulse.js';

const bench = makeBench();
afterAll(() => bench.remove());
const words = (plan: string, ...more: readonly string[]) => [
  'run',
  '--no-station',
  '--bench',
  bench.path,
  '--port',
  'sim1',
  '--plan',
  plan,
  ...more,
];

describe('a phone with a label', () => {
  it('passes by the name on it, which the record keeps', async () => {
    const run = await runJson(words(quickPlan, '--serial', 'FCH1234AB5D', '--label-mac', 'SEP000F245A7960'));
    expect(run.record.verdict, run.record.cause).toBe('pass');
    expect(run.record.phone).toMatchObject({ serial: 'FCH1234AB5D', labelMac: '00:0f:24:5a:79:60' });
    expect(await judgedAgain(run)).toEqual(run.record.stages);
  }, 60_000);

  it('is found out where the label belongs to another, and judged the same again', async () => {
    const run = await runJson(words(quickPlan, '--serial', 'FCH1234AB5D', '--label-mac', '000F245A7961'));
    expect(run.exitCode).toBe(5);
    expect(run.record).toMatchObject({ verdict: 'error', blame: 'operator' });
    expect(run.record.cause).toContain(
      'The label says 00:0f:24:5a:79:61, the phone calls itself SEP000F245A7960 by CDP',
    );
    const told = run.record.evidence.map((seq) => run.events.find((event) => event.seq === seq)?.fact.kind);
    expect(told.slice(0, 2)).toEqual(['label', 'cdp']);
    expect(stageOf(run.record, 'registration').verdict).toBe('not-reached');
    expect(run.record.powerOff?.cause).toBe('COMMANDED');
    expect(await judgedAgain(run)).toEqual(run.record.stages);
  }, 60_000);

  it('is not powered where it does not read as the plan wants', async () => {
    const plan = join(bench.directory, 'strict.yaml');
    writeFileSync(plan, `${readFileSync(quickPlan, 'utf8')}identity: { serial: 'FCH.{8}', required: [serial] }\n`);
    for (const [more, message] of [
      [[], 'the plan wants the label’s serial'],
      [['--serial', 'SEP000F245A7960'], 'serial number SEP000F245A7960 is not of the form FCH.{8}'],
    ] as const) {
      const run = invoke(words(plan, ...more));
      expect(await run.exitCode).toBe(5);
      expect(run.stderr()).toContain('LABEL_REFUSED');
      expect(run.stderr()).toContain(message);
    }
  }, 60_000);
});
