import { afterAll, describe, expect, it } from 'vitest';
import { judgedAgain } from '../helpers/judged-again.js';
import { makeBench, quickPlan, runJson, stageOf } from '../helpers/linkpulse.js';

/** The simulated board says that it was calibrated on 2026-11-23. */
const old = makeBench('prestandard', ['calibration: { due: 2026-11-24 }']);
const young = makeBench('prestandard', ['calibration: { validFor: 3650d }']);
afterAll(() => {
  old.remove();
  young.remove();
});
const words = (bench: string) => ['run', '--no-station', '--bench', bench, '--port', 'sim1', '--plan', quickPlan];

describe('a board', () => {
  it('whose calibration is past due powers no phone and blames the bench', async () => {
    const run = await runJson(words(old.path));
    expect(run.exitCode).toBe(5);
    expect(stageOf(run.record, 'power')).toMatchObject({
      verdict: 'error',
      blame: 'bench',
      cause:
        'The board’s calibration was due on 2026-11-24 (it was calibrated on 2026-11-23): its figures for power prove nothing.',
      nextAction: expect.stringContaining('Calibrate the board'),
    });
    const kinds = run.events.map(({ fact }) => fact.kind);
    expect(kinds).toContain('calibration');
    expect(kinds).not.toContain('power-requested');
    expect(run.record.board).toMatchObject({ calibratedOn: '2026-11-23', calibrationDue: '2026-11-24' });
    expect(await judgedAgain(run)).toEqual(run.record.stages);
  }, 60_000);

  it('whose calibration counts goes on, and the record says until when', async () => {
    const run = await runJson(words(young.path));
    expect(run.record.verdict, run.record.cause).toBe('pass');
    expect(run.record.board).toMatchObject({ calibrationDue: '2036-11-20' });
  }, 60_000);
});
