import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type FaultRow, faultNames, faultTable } from '../../src/plan/faults.js';
import { judgedAgain } from '../helpers/judged-again.js';
import { changePlan, long, makeBench, makeImageBench, quickPlan, runJson, stageOf } from '../helpers/linkpulse.js';

const image = makeImageBench();
const modelled = makeBench();
afterAll(() => {
  image.remove();
  modelled.remove();
});
/** What is wrong at the jack or with the bench itself is the firmware's to find; in the long count the model must find it, too. */
const isOfPower = ({ where }: FaultRow) => where === 'jack' || where === 'bench';
const cases = faultNames.flatMap((name) => {
  const row: FaultRow = faultTable[name];
  if (!isOfPower(row)) return [{ name, board: 'modelled', bench: modelled }];
  const onImage = { name, board: 'image', bench: image };
  return long ? [onImage, { name, board: 'modelled', bench: modelled }] : [onImage];
});

describe.concurrent('every fault on purpose is judged as the table says', () => {
  it.each(cases)(
    '$name, board: $board',
    async ({ name, bench }) => {
      const row: FaultRow = faultTable[name];
      const run = await runJson([
        'demo',
        '--bench',
        bench.path,
        '--plan',
        row.needs === 'change' ? changePlan : quickPlan,
        '--fault',
        name,
      ]);
      const stage = stageOf(run.record, row.stage);
      expect(
        { verdict: stage.verdict, blame: stage.blame, exit: run.exitCode },
        `${stage.cause} Run: ${run.record.cause}`,
      ).toEqual({
        verdict: row.verdict,
        blame: row.blame,
        exit: row.exit,
      });
      expect(run.record.exitCode).toBe(row.exit);
      expect(run.record.verdict).toBe(row.verdict);
      expect(stage.evidence.length, 'a verdict rests on events').toBeGreaterThan(0);
      if (row.verdict !== 'pass') expect(stage.nextAction).not.toBe('');
      // The record of a run that was cut is completed by other rules than the judges'.
      if (run.record.cutRun === null) expect(await judgedAgain(run)).toEqual(run.record.stages);
      const report = readFileSync(join(run.folder, 'report.html'), 'utf8');
      expect(report).toContain(run.record.runId);
    },
    90_000,
  );
});
