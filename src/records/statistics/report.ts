import { groupBy } from '../group-by.js';
import type { IndexedMeasurement, IndexedRun, RunIndex } from '../run-index.js';
import type { RunSearch } from '../run-search.js';
import { type Capability, capabilityOf } from './capability.js';
import { type GageReading, type GageStudy, gageStudy } from './gage.js';
import { type Histogram, histogramOf } from './histogram.js';
import { mean, sampleDeviation } from './moments.js';
import {
  type BlameRow,
  blamesOf,
  type DayOfRuns,
  type ParetoRow,
  paretoOf,
  trendOf,
  type Yield,
  yieldOf,
} from './yield.js';

export const statisticsSchema = 1;

/** How a measurement of everybody stands against the golden unit's. */
export interface GoldenComparison {
  readonly goldenMean: number;
  readonly goldenCount: number;
  /** Mean of the others less the golden's. */
  readonly shift: number;
  /** `shift` in deviations of the golden unit's own runs; null where those do not spread. */
  readonly shiftInDeviations: number | null;
}

export interface MeasurementDay {
  /** `2026-11-26`. */
  readonly day: string;
  readonly count: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
}

export interface MeasurementStatistics {
  readonly name: string;
  readonly unit: string;
  /** Of the newest run that had any. */
  readonly limits: { readonly min?: number; readonly max?: number };
  readonly capability: Capability;
  readonly histogram: Histogram;
  /** Per day (UTC), oldest first: how it drifts. */
  readonly trend: readonly MeasurementDay[];
  /** Phones against ports, from repeated runs; null where the runs do not make a study. */
  readonly gage: GageStudy | null;
  readonly golden: GoldenComparison | null;
}

export interface Statistics {
  readonly schema: typeof statisticsSchema;
  readonly runs: number;
  readonly from: string | null;
  readonly to: string | null;
  readonly yield: Yield;
  readonly blames: readonly BlameRow[];
  readonly pareto: readonly ParetoRow[];
  readonly trend: readonly DayOfRuns[];
  readonly measurements: readonly MeasurementStatistics[];
}

export interface StatisticsRequest extends RunSearch {
  /** A unit whose runs are the yardstick; they count in nothing else. Left out: golden runs of known phones, where there are any. */
  readonly golden?: string;
}

/** Everything from the index, in one go. Measurements of runs that judged nobody (errors of the bench) do not count. */
export const statisticsOf = (index: RunIndex, request: StatisticsRequest = {}): Statistics => {
  const { golden, ...search } = request;
  const found = [...index.search(search)].reverse();
  const isYardstick = (run: IndexedRun | undefined) =>
    run?.goldenFault === null && (golden === undefined ? run.golden : run.unit === golden);
  // Golden runs test the bench: what they found says nothing of phones.
  const counts = (run: IndexedRun | undefined) => run?.golden === false && !isYardstick(run);
  const runs = found.filter(counts);
  const byId = new Map(found.map((run) => [run.runId, run]));
  const judged = index.measurements(search).filter(({ runId }) => byId.get(runId)?.verdict !== 'error');
  const byName = groupBy(judged, ({ name }) => name);
  const measurements = [...byName]
    .sort(([left], [right]) => left.localeCompare(right, 'en'))
    .flatMap(([name, list]) => {
      const ours = list.filter(({ runId }) => counts(byId.get(runId)));
      if (ours.length === 0) return [];
      const goldens = list.filter(({ runId }) => isYardstick(byId.get(runId))).map(({ value }) => value);
      return [measurementStatistics(name, ours, goldens, byId)];
    });
  return {
    schema: statisticsSchema,
    runs: runs.length,
    from: runs[0]?.startedAt ?? null,
    to: runs.at(-1)?.startedAt ?? null,
    yield: yieldOf(runs),
    blames: blamesOf(runs),
    pareto: paretoOf(runs),
    trend: trendOf(runs),
    measurements,
  };
};

/** As `stats --json` and the station's page have it. What is no number (the yield of nobody) is null. */
export const statisticsJson = (statistics: Statistics): string => JSON.stringify(statistics, null, 2);

const measurementStatistics = (
  name: string,
  list: readonly IndexedMeasurement[],
  goldens: readonly number[],
  runs: ReadonlyMap<string, IndexedRun>,
): MeasurementStatistics => {
  const values = list.map(({ value }) => value);
  const limited = list.findLast(({ min, max }) => min !== null || max !== null);
  const limits = {
    ...(limited?.min == null ? {} : { min: limited.min }),
    ...(limited?.max == null ? {} : { max: limited.max }),
  };
  const tolerance = limits.min === undefined || limits.max === undefined ? undefined : limits.max - limits.min;
  return {
    name,
    unit: list.at(-1)?.unit ?? '',
    limits,
    capability: capabilityOf(values, limits),
    histogram: histogramOf(values),
    trend: drift(list, runs),
    gage: gageStudy(balanced(list, runs), tolerance),
    golden: goldens.length === 0 ? null : against(values, goldens),
  };
};

const drift = (list: readonly IndexedMeasurement[], runs: ReadonlyMap<string, IndexedRun>): readonly MeasurementDay[] =>
  [...groupBy(list, ({ runId }) => runs.get(runId)?.startedAt.slice(0, 10) ?? '')].map(([day, ofDay]) => {
    const {
      count,
      mean: centre,
      min,
      max,
    } = capabilityOf(
      ofDay.map(({ value }) => value),
      undefined,
    );
    return { day, count, mean: centre, min, max };
  });

const against = (values: readonly number[], goldens: readonly number[]): GoldenComparison => {
  const goldenMean = mean(goldens);
  const shift = mean(values) - goldenMean;
  const deviation = sampleDeviation(goldens);
  return {
    goldenMean,
    goldenCount: goldens.length,
    shift,
    shiftInDeviations: deviation > 0 ? shift / deviation : null,
  };
};

/** Phones that were run on every port, cut to as many trials as the poorest cell has: the newest ones. */
const balanced = (
  list: readonly IndexedMeasurement[],
  runs: ReadonlyMap<string, IndexedRun>,
): readonly GageReading[] => {
  const readings = list.flatMap(({ runId, value }): GageReading[] => {
    const run = runs.get(runId);
    return run?.unit == null ? [] : [{ part: run.unit, appraiser: `${run.station}/${run.port}`, value }];
  });
  const appraisers = new Set(readings.map(({ appraiser }) => appraiser));
  const cells = groupBy(readings, ({ part, appraiser }) => JSON.stringify([part, appraiser]));
  const trialsOf = (part: string) =>
    Math.min(...[...appraisers].map((appraiser) => cells.get(JSON.stringify([part, appraiser]))?.length ?? 0));
  const parts = [...new Set(readings.map(({ part }) => part))].filter((part) => trialsOf(part) >= 2);
  const trials = Math.min(...parts.map(trialsOf));
  return parts.flatMap((part) =>
    [...appraisers].flatMap((appraiser) => cells.get(JSON.stringify([part, appraiser]))?.slice(-trials) ?? []),
  );
};
