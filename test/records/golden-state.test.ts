import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { GoldenTerms } from '../../src/plan/golden.js';
import {
  type GoldenResult,
  goldenResult,
  goldenStanding,
  noteGolden,
  readGolden,
  refuseWithoutGolden,
} from '../../src/records/golden-state.js';
import { healthyRun, livePartnerRun, marginalRun, shortCircuitRun } from '../reports/fixture-run.js';

const terms: GoldenTerms = { everyMs: 3_600_000, planPath: '/plan.yaml', phone: null, faults: ['short-circuit'] };
const now = new Date('2026-11-23T03:30:00.000Z');
const planHash = healthyRun().record.plan.hash;
const good = [
  goldenResult(healthyRun().record, null, terms),
  goldenResult(shortCircuitRun().record, 'short-circuit', terms),
];
const standing = (results: readonly GoldenResult[], changes: Partial<Parameters<typeof goldenStanding>[0]> = {}) =>
  goldenStanding({ results, kind: 'simulated', terms, planHash, now, ...changes });

describe('what a golden run finds', () => {
  it('is as it must be only where stage, verdict, blame and exit code are', () => {
    expect(good.map(({ asExpected, told }) => [asExpected, told])).toEqual([
      [true, 'the known phone passes'],
      [true, 'power fail'],
    ]);
    const blind = goldenResult(healthyRun().record, 'short-circuit', terms);
    expect(blind).toMatchObject({
      asExpected: false,
      told: expect.stringMatching(/^power fail was wanted, the run was pass: /),
    });
    expect(goldenResult(livePartnerRun().record, 'short-circuit', terms).asExpected).toBe(false);
    expect(goldenResult(livePartnerRun().record, 'live-partner', terms).asExpected).toBe(true);
  });

  it('is a bench that drifts where the known phone is marginal, and another phone where it says so', () => {
    expect(goldenResult(marginalRun().record, null, terms).asExpected).toBe(false);
    expect(goldenResult(healthyRun().record, null, { ...terms, phone: 'SEP000F245A7960' }).asExpected).toBe(true);
    expect(goldenResult(healthyRun().record, null, { ...terms, phone: 'SEP000000000001' })).toMatchObject({
      asExpected: false,
      told: 'the known phone is SEP000000000001, this was SEP000F245A7960',
    });
  });
});

describe('whether a port may judge', () => {
  it('is until the oldest case is too old', () => {
    expect(standing(good)).toMatchObject({ mayJudge: true, until: '2026-11-23T04:15:02.250Z' });
    expect(standing(good, { now: new Date('2026-11-23T04:15:02.251Z') })).toMatchObject({ code: 'GOLDEN_DUE' });
    expect(standing(good, { now: new Date('2026-11-23T03:00:00.000Z') }), 'the clock was set back').toMatchObject({
      code: 'GOLDEN_DUE',
    });
  });

  it('wants every case of the bench file, under the plan as it is', () => {
    expect(standing([])).toMatchObject({
      mayJudge: false,
      code: 'GOLDEN_DUE',
      reason: 'the known phone was never run',
    });
    expect(standing(good.slice(0, 1)).reason).toBe('short-circuit was never run');
    expect(standing(good.slice(0, 1), { kind: 'hardware' }).mayJudge).toBe(true);
    expect(standing(good, { planHash: 'another' }).reason).toContain('the golden plan has changed');
  });

  it('is no where a detector did not fire, and says which run shows it', () => {
    const blind = goldenResult({ ...healthyRun().record, runId: 'blind' }, 'short-circuit', terms);
    const refused = standing([...good.slice(0, 1), blind]);
    expect(refused).toMatchObject({ mayJudge: false, code: 'GOLDEN_FAILED' });
    expect(() => refuseWithoutGolden('sim1', refused)).toThrow(/sim1: short-circuit: power fail was wanted.*\(blind\)/);
    expect(() => refuseWithoutGolden('sim1', standing(good))).not.toThrow();
  });
});

describe('golden-<port>.json', () => {
  it('keeps the newest result of each case; a damaged file is none', async () => {
    const runs = mkdtempSync(join(tmpdir(), 'linkpulse-golden-'));
    for (const result of [...good, { ...good[0], runId: 'newer' } as GoldenResult])
      await noteGolden(runs, 'sim1', result);
    expect((await readGolden(runs, 'sim1')).map(({ fault, runId }) => [fault, runId])).toEqual([
      ['short-circuit', good[1]?.runId],
      [null, 'newer'],
    ]);
    expect(await readGolden(runs, 'sim2')).toEqual([]);
    const path = join(runs, 'golden-sim1.json');
    writeFileSync(path, readFileSync(path).subarray(0, 50));
    expect(await readGolden(runs, 'sim1')).toEqual([]);
  });
});
