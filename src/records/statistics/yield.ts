import type { Blame } from '../../errors.js';
import { groupBy } from '../group-by.js';
import type { RunVerdict } from '../run-verdict.js';

/** What yield and pareto need of a run; oldest first. */
export interface JudgedRun {
  readonly runId: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** Serial number, device id or MAC; null where the run learnt none. */
  readonly unit: string | null;
  readonly verdict: RunVerdict;
  readonly blame: Blame | null;
  /** The stage that decided. */
  readonly stage: string;
  readonly cause: string;
}

export interface Yield {
  /** Phones that were judged at all: errors of bench, network, configuration, power or operator judge nobody. */
  readonly units: number;
  readonly firstPass: number;
  readonly final: number;
  /** `passedOnAttempt[n]`: phones that passed at their attempt n + 1, counting judged attempts. */
  readonly passedOnAttempt: readonly number[];
  readonly runs: number;
  readonly errors: number;
}

const isJudged = (run: JudgedRun): boolean => run.verdict !== 'error';
const isGood = (run: JudgedRun): boolean => run.verdict === 'pass' || run.verdict === 'marginal';

const attemptsOfUnits = (runs: readonly JudgedRun[]): JudgedRun[][] => [
  ...groupBy(runs.filter(isJudged), (run) => run.unit ?? run.runId).values(),
];

/** A phone counts once: by its first judged run, and by its last. */
export const yieldOf = (runs: readonly JudgedRun[]): Yield => {
  const units = attemptsOfUnits(runs);
  const passedOnAttempt: number[] = [];
  for (const attempts of units) {
    const attempt = attempts.findIndex(isGood);
    if (attempt < 0) continue;
    while (passedOnAttempt.length <= attempt) passedOnAttempt.push(0);
    passedOnAttempt[attempt] = (passedOnAttempt[attempt] ?? 0) + 1;
  }
  const share = (isCounted: (attempts: JudgedRun[]) => boolean) =>
    units.length === 0 ? Number.NaN : units.filter(isCounted).length / units.length;
  return {
    units: units.length,
    firstPass: share(([first]) => first !== undefined && isGood(first)),
    final: share((attempts) => isGood(attempts.at(-1) as JudgedRun)),
    passedOnAttempt,
    runs: runs.length,
    errors: runs.filter((run) => !isJudged(run)).length,
  };
};

export interface ParetoRow {
  /** `phone` where the phone is to blame. */
  readonly blame: Blame | 'phone';
  readonly stage: string;
  /** The sentence with its numbers and names taken out: the same cause of two phones is one row. */
  readonly cause: string;
  readonly count: number;
  /** Of all that went wrong, this row and those before it. */
  readonly cumulative: number;
  readonly lastRunId: string;
}

/** Numbers, addresses, device ids and file names differ from phone to phone. */
export const causeKind = (cause: string): string =>
  cause
    .replace(/\b(SEP|SIP)[0-9A-F]{12}\b/gi, '$1…')
    .replace(/\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b/gi, '…')
    .replace(/\d+(\.\d+)*/g, '#');

const blameOf = (run: JudgedRun): ParetoRow['blame'] => (run.verdict === 'fail' ? 'phone' : (run.blame ?? 'bench'));

const byCount = <Row extends { readonly count: number }>(
  rows: readonly Row[],
  nameOf: (row: Row) => string,
): readonly (Row & { readonly cumulative: number })[] => {
  const all = rows.reduce((sum, { count }) => sum + count, 0);
  let counted = 0;
  return [...rows]
    .sort((left, right) => right.count - left.count || nameOf(left).localeCompare(nameOf(right), 'en'))
    .map((row) => {
      counted += row.count;
      return { ...row, cumulative: counted / all };
    });
};

/** What went wrong, most frequent first. */
export const paretoOf = (runs: readonly JudgedRun[]): readonly ParetoRow[] => {
  const rows = new Map<string, Omit<ParetoRow, 'cumulative'>>();
  for (const run of runs.filter((each) => !isGood(each))) {
    const blame = blameOf(run);
    const cause = causeKind(run.cause);
    const key = JSON.stringify([blame, run.stage, cause]);
    rows.set(key, { blame, stage: run.stage, cause, count: (rows.get(key)?.count ?? 0) + 1, lastRunId: run.runId });
  }
  return byCount([...rows.values()], ({ cause }) => cause);
};

export type BlameRow = Pick<ParetoRow, 'blame' | 'count' | 'cumulative'>;

/** Who was to blame, most frequent first. */
export const blamesOf = (runs: readonly JudgedRun[]): readonly BlameRow[] => {
  const bad = groupBy(
    runs.filter((run) => !isGood(run)),
    blameOf,
  );
  return byCount(
    [...bad].map(([blame, list]) => ({ blame, count: list.length })),
    ({ blame }) => blame,
  );
};

export interface DayOfRuns {
  /** `2026-11-26`, UTC. */
  readonly day: string;
  readonly yield: Yield;
}

/** Each day by itself: a phone that comes back the next day counts there again. */
export const trendOf = (runs: readonly JudgedRun[]): readonly DayOfRuns[] =>
  [...groupBy(runs, ({ startedAt }) => startedAt.slice(0, 10))]
    .sort(([left], [right]) => left.localeCompare(right))
    .map(([day, ofDay]) => ({ day, yield: yieldOf(ofDay) }));
