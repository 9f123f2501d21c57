/** What a plan says, value by value: where each stands and what the comment behind it gives as its reason. */
import { parsePlan } from './load-plan.js';
import { type Limits, type LoadedPlan, type MeasurementName, measurementUnits } from './plan.js';
import { parseYaml, readTextFile } from './yaml-file.js';

export interface ExplainedLimit {
  readonly name: MeasurementName;
  readonly unit: string;
  /** null: it is measured and recorded, and passes whatever it is. */
  readonly limits: Limits | null;
  /** Of the plan; null: the plan says nothing of it, this is the default. */
  readonly line: number | null;
  /** The comment behind it; null: nobody said. */
  readonly source: string | null;
}

export interface ExplainedSetting {
  /** `power.overload`. */
  readonly key: string;
  /** As it is written. */
  readonly text: string;
  readonly line: number;
  readonly source: string | null;
}

export interface ExplainedPlan {
  readonly loaded: LoadedPlan;
  /** One for every measurement there is. */
  readonly limits: readonly ExplainedLimit[];
  /** Everything else, in the order of the file. */
  readonly settings: readonly ExplainedSetting[];
}

/** Where a plan says nothing, this holds; keys as in `limits`. */
export type DefaultLimits = (plan: LoadedPlan['plan']) => Readonly<Partial<Record<MeasurementName, Limits>>>;

/** Throws BenchError PLAN_UNREADABLE, PLAN_INVALID. */
export const explainPlan = (path: string, defaults: DefaultLimits): ExplainedPlan => {
  const text = readTextFile(path, { unreadable: 'PLAN_UNREADABLE', invalid: 'PLAN_INVALID' });
  const loaded = parsePlan(text, path);
  const leaves = parseYaml(text, path, 'PLAN_INVALID').leaves();
  const byDefault = defaults(loaded.plan);
  const names = Object.keys(measurementUnits) as MeasurementName[];
  return {
    loaded,
    limits: names.map((name): ExplainedLimit => {
      const given = leaves.filter(({ path: at }) => at[0] === 'limits' && at[1] === name);
      return {
        name,
        unit: measurementUnits[name],
        limits: loaded.plan.limits[name] ?? byDefault[name] ?? null,
        line: given[0]?.line ?? null,
        source: given.find(({ comment }) => comment !== null)?.comment ?? null,
      };
    }),
    settings: leaves
      .filter(({ path: at }) => at[0] !== 'limits')
      .map((leaf) => ({ key: leaf.path.join('.'), text: leaf.text, line: leaf.line, source: leaf.comment })),
  };
};
