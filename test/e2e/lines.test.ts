/** Whole runs on a board that is driven by its discrete lines: mocked lines, the real firmware behind them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { judgedAgain } from '../helpers/judged-again.js';
import { type Bench, makeImageBench, quickPlan, runJson, stageOf } from '../helpers/linkpulse.js';

let bench: Bench;
afterEach(() => bench.remove());

const runOn = (driver: readonly string[], faults: readonly string[] = []) => {
  bench = makeImageBench('prestandard', driver);
  const words = faults.flatMap((fault) => ['--fault', fault]);
  return runJson(['run', '--no-station', '--bench', bench.path, '--port', 'sim1', '--plan', quickPlan, ...words]);
};

// Heartbeats are edges here, over a bridge that a busy machine holds up: a board that switched off was right to. Once more, then.
describe('a run by the discrete lines alone', { retry: 1 }, () => {
  it('passes, measures the switching off by the lines’ edges, and says what only serial tells', async () => {
    const run = await runOn(['driver: lines']);
    expect(run.record.verdict, run.record.cause).toBe('pass');
    const power = stageOf(run.record, 'power');
    expect(power.measurements.map(({ name }) => name)).toEqual(['power.switchOffMs']);
    expect(power.measurements[0]?.verdict).toBe('pass');
    expect(power.notMeasured).toContainEqual({ name: 'power.steadyMilliwatts', reason: 'no serial' });
    expect(power.notMeasured).toContainEqual({ name: 'power.echoRoundTripNs', reason: 'no serial' });
    expect(run.record.board).toMatchObject({ firmware: null });
    expect(run.record.power.fed?.pins).toBe('4,5− 7,8+');
    const edges = run.events.flatMap(({ fact, stamp }) =>
      fact.kind === 'line-edge' && fact.line === 'PGOOD'
        ? [{ high: fact.high, stamped: stamp?.kernelUs !== undefined }]
        : [],
    );
    expect(edges).toEqual([
      { high: true, stamped: true },
      { high: false, stamped: true },
    ]);
    expect(await judgedAgain(run)).toEqual(run.record.stages);
    expect(readFileSync(join(run.folder, 'report.html'), 'utf8')).toContain('skipped: no serial');
  }, 60_000);

  it('refuses a plan that is not the profile on the board, and powers nothing', async () => {
    const run = await runOn(['driver: lines', 'profile: 7']);
    const power = stageOf(run.record, 'power');
    expect({ verdict: power.verdict, blame: power.blame, exit: run.exitCode }).toEqual({
      verdict: 'error',
      blame: 'config',
      exit: 5,
    });
    expect(power.nextAction).toContain('board profile --store');
    expect(run.events.some(({ fact }) => fact.kind === 'power-on')).toBe(false);
  }, 60_000);

  it.each([
    ['no-echo', 'operator', 'no unpowered phone'],
    ['unplugged', 'bench', 'does not tell why'],
  ] as const)(
    'tells of %s no more than the lines do',
    async (fault, blame, words) => {
      const run = await runOn(['driver: lines'], [fault]);
      const power = stageOf(run.record, 'power');
      expect({ verdict: power.verdict, blame: power.blame }).toEqual({ verdict: 'error', blame });
      expect(power.cause).toContain(words);
      expect(await judgedAgain(run)).toEqual(run.record.stages);
    },
    60_000,
  );
});

describe('a run over serial with the heartbeat on a line', { retry: 1 }, () => {
  it('passes and measures everything', async () => {
    const run = await runOn(['driver: both']);
    expect(run.record.verdict, run.record.cause).toBe('pass');
    expect(stageOf(run.record, 'power').notMeasured).toBeUndefined();
    expect(stageOf(run.record, 'power').measurements.length).toBeGreaterThan(6);
    expect(await judgedAgain(run)).toEqual(run.record.stages);
  }, 60_000);
});
