/** Where a station's plans come from: the plant's signed set, or a folder. */
import { join, resolve } from 'node:path';
import { createPlanSetKeeper } from '../fleet/plan-set-keeper.js';
import type { Audit } from '../http/audit.js';
import type { BenchFile } from '../plan/bench-file.js';
import { createPlanWatch } from '../station/http/plan-watch.js';
import { plansOf } from '../station/http/plans-folder.js';
import type { ListedPlan } from '../station/http/server.js';
import { type PlanSets, planSetsOf } from '../station/plan-sets.js';
import type { VerbContext } from './verb.js';

/** undefined: the bench file names no key, so this station tests by plans of its own. Throws BenchError PLAN_KEY_INVALID. */
export const openPlanSets = (
  { fleet, golden }: BenchFile,
  { bench, state }: { readonly bench: string; readonly state: string },
  { clock, commandLine }: VerbContext['composition'],
): PlanSets | undefined => {
  if (fleet === null || fleet.planKeyPath === null) return undefined;
  const keeper = createPlanSetKeeper({
    stateFolder: resolve(state),
    plantKeyPath: fleet.planKeyPath,
    plant: fleet.plant,
    command: commandLine(['plan-set-worker']),
    clock,
  });
  return planSetsOf(keeper, bench, golden);
};

/** Those of a folder; what somebody changed in it is told to the audit. */
export const localPlans = (folder: string, state: string, audit: Audit): (() => readonly ListedPlan[]) => {
  const watchPlans = createPlanWatch(join(state, 'plans-seen.json'), audit);
  watchPlans(plansOf(folder));
  return () => watchPlans(plansOf(folder));
};
