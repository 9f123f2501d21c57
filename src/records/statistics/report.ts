import { measurementUnits } from '../../plan/plan.js';
import { groupBy } from '../group-by.js';
import type { IndexedMeasurement, IndexedRun, RunIndex } from '../run-index.js';
import type { RunSearch } from '../run-search.js';
import { type Capability, capabilityOf } from './capability.js';
import { type GageReading, type GageStudy, gageStudy } from './gage.js';
import { largestStudy } from './gage-design.js';
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
  /** The yardstick: the unit that was named, or null: golden runs of known phones. */
  readonly golden: { readonly unit: string | null; readonly runs: number };
  readonly measurements: readonly MeasurementStatistics[];
}

export interface StatisticsRequest extends RunSearch {
  /** A phone (serial number, device id, MAC) whose runs are the yardstick; they count in nothing else. Left out: golden runs of known phones. */
  readonly golden?: string;
}

/** As a run makes them, from power to registration. */
const inOrder = Object.keys(measurementUnits);
const placeOf = (name: string): number => (inOrder.includes(name) ? inOrder.indexOf(name) : inOrder.length);

const sameName = (left: string | null, right: string): boolean => left?.toLowerCase() === right.toLowerCase();
const goesBy = ({ unit, serial, deviceId, mac }: IndexedRun, name: string): boolean =>
  [unit, serial, deviceId, mac].some((own) => sameName(own, name));

/** The same question of every phone: a yardstick is none of those that were asked for. */
const ofAnyPhone = ({ unit: _unit, serial: _serial, mac: _mac, text: _text, ...search }: RunSearch): RunSearch =>
  search;

/** Everything from the index, in one go. Measurements of runs that judged nobody (errors of the bench) do not count. */
export const statisticsOf = (index: RunIndex, request: StatisticsRequest = {}): Statistics => {
  const { golden, ...search } = request;
  const byId = new Map<string, IndexedRun>();
  const oldestFirst = (asked: RunSearch): readonly IndexedRun[] => {
    const found = [...index.search(asked)].reverse();
    for (const run of found) byId.set(run.runId, run);
    return found;
  };
  const isYardstick = (run: IndexedRun): boolean =>
    run.goldenFault === null && (golden === undefined ? run.golden : goesBy(run, golden));
  const yardsticks = new Set(
    oldestFirst(ofAnyPhone(search))
      .filter(isYardstick)
      .map(({ runId }) => runId),
  );
  // Golden runs test the bench: what they found says nothing of phones.
  const runs = oldestFirst(search).filter((run) => !run.golden && !yardsticks.has(run.runId));
  const counted = new Set(runs.map(({ runId }) => runId));
  const judged = (asked: RunSearch, ids: ReadonlySet<string>) =>
    index.measurements(asked).filter(({ runId }) => ids.has(runId) && byId.get(runId)?.verdict !== 'error');
  const goldens = new Map(
    [...groupBy(yardsticks.size === 0 ? [] : judged(ofAnyPhone(search), yardsticks), ({ name }) => name)].map(
      ([name, list]) => [name, list.map(({ value }) => value)],
    ),
  );
  const measurements = [...groupBy(judged(search, counted), ({ name }) => name)]
    .sort(([left], [right]) => placeOf(left) - placeOf(right) || left.localeCompare(right, 'en'))
    .map(([name, list]) => measurementStatistics(name, list, goldens.get(name) ?? [], byId));
  return {
    schema: statisticsSchema,
    runs: runs.length,
    from: runs[0]?.startedAt ?? null,
    to: runs.at(-1)?.startedAt ?? null,
    yield: yieldOf(runs),
    blames: blamesOf(runs),
    pareto: paretoOf(runs),
    trend: trendOf(runs),
    golden: { unit: golden ?? null, runs: yardsticks.size },
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

/** Phones that were run more than once on the same ports, cut to as many trials as the poorest cell has: the newest ones. */
const balanced = (list: readonly IndexedMeasurement[], runs: ReadonlyMap<string, IndexedRun>): readonly GageReading[] =>
  largestStudy(
    list.flatMap(({ runId, value }): GageReading[] => {
      const run = runs.get(runId);
      return run?.unit == null ? [] : [{ part: run.unit, appraiser: `${run.station}/${run.port}`, value }];
    }),
  );
