import { expect, it } from 'vitest';
import type { Plan } from '../../src/plan/plan.js';
import type { StageName, StageVerdict } from '../../src/stages/judge.js';
import { samplePlan } from './sample-plan.js';
import { end, type Line, resultOf, tell } from './story.js';

/** One way a run can go wrong, and what must be said of it. */
export interface Row {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly verdict: StageVerdict;
  readonly blame?: string;
  readonly cause: RegExp;
  readonly exit: number;
  readonly plan?: Plan;
  /** Where `end` is told; rows with a deadline need one behind it. */
  readonly endMs?: number;
}

/** A test for each row: `stage` and it alone gives the run its verdict. */
export const itJudges = (stage: StageName, rows: readonly Row[]): void => {
  it.each(rows)('$title', (row) => {
    const lastMs = Math.max(...row.lines.map(([atMs]) => atMs));
    const tribunal = tell(row.plan ?? samplePlan, [...row.lines, [row.endMs ?? lastMs + 1, end]]);
    const result = resultOf(tribunal, stage);
    expect(result).toMatchObject({ verdict: row.verdict, blame: row.blame ?? null });
    expect(result.cause).toMatch(row.cause);
    expect(result.nextAction).not.toBe('');
    expect(tribunal.runVerdict()).toMatchObject({ stage, verdict: row.verdict });
    expect(tribunal.exitCode({ strict: false })).toBe(row.exit);
  });
};
