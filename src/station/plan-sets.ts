/** What the plant's plan set means for a station: which plans may be run here, and what is told of it. */
import { existsSync } from 'node:fs';
import { basename, dirname, relative, resolve } from 'node:path';
import type { Runner } from '../bench/runner.js';
import { BenchError, isBenchError } from '../errors.js';
import { markText } from '../fleet/plan-set.js';
import { sha256Of } from '../fleet/plan-set-files.js';
import type { PlanSetKeeper } from '../fleet/plan-set-keeper.js';
import type { PlanInForce, SetInForce } from '../fleet/plan-set-store.js';
import type { StationLink } from '../fleet/station-link.js';
import type { Audit } from '../http/audit.js';
import { readTextFile } from '../plan/yaml-file.js';
import type { ListedPlan } from './http/server.js';
import type { StationLog } from './log.js';

/** As viewers see it. `inForce` null: no run begins. */
export interface PlanSetView {
  readonly inForce: Pick<SetInForce, 'name' | 'version' | 'sha256' | 'note' | 'takenAt'> | null;
  readonly refused: { readonly code: string; readonly message: string; readonly at: string } | null;
}

export const planSetView = ({ inForce, refused }: Pick<PlanSetKeeper, 'inForce' | 'refused'>): PlanSetView => {
  if (inForce === null) return { inForce, refused };
  const { name, version, sha256, note, takenAt } = inForce;
  return { inForce: { name, version, sha256, note, takenAt }, refused };
};

const setOf = ({ inForce, refused }: PlanSetKeeper): SetInForce => {
  if (inForce !== null) return inForce;
  const why = refused === null ? 'nothing was published for it yet' : `${refused.code}: ${refused.message}`;
  throw new BenchError('PLAN_SET_NONE', why);
};

/** undefined: nothing that could be a plan. */
const hashOf = (path: string): string | undefined => {
  try {
    return sha256Of(readTextFile(path, { unreadable: 'PLAN_UNREADABLE', invalid: 'PLAN_INVALID' }));
  } catch (error) {
    if (isBenchError(error)) return undefined;
    throw error;
  }
};

const named = ({ plans }: SetInForce, name: string): PlanInForce | undefined =>
  plans.find(({ file }) => file === name) ??
  plans.find(({ file }) => basename(file) === basename(name)) ??
  plans.find((plan) => plan.name === basename(name).replace(/\.ya?ml$/, ''));

const notInSet = (set: SetInForce, what: string) =>
  new BenchError('PLAN_NOT_IN_SET', `${what}; ${markText(set)} has: ${set.plans.map(({ name }) => name).join(', ')}`);

/**
 * The plan that somebody asks for, in the set in force: by what it says, wherever it lies, or by its name. Throws BenchError
 * PLAN_SET_NONE, PLAN_NOT_IN_SET.
 */
export const planInSet = (keeper: PlanSetKeeper, asked: string): PlanInForce => {
  const set = setOf(keeper);
  const path = resolve(asked);
  const inside = set.plans.find((plan) => plan.path === path);
  if (inside !== undefined) return inside;
  const likeIt = named(set, basename(asked));
  if (!existsSync(path)) {
    if (likeIt !== undefined) return likeIt;
    throw notInSet(set, asked);
  }
  const hash = hashOf(path);
  const same = set.plans.find((plan) => plan.hash === hash);
  if (same !== undefined) return same;
  throw notInSet(set, likeIt === undefined ? asked : `${asked} says something else than ${likeIt.file} of the set`);
};

/**
 * The plan of golden runs, which the bench file names as if it lay beside it. Throws BenchError PLAN_SET_NONE, PLAN_NOT_IN_SET.
 */
export const goldenPlanInSet = (keeper: PlanSetKeeper, benchDirectory: string, configured: string): string => {
  const set = setOf(keeper);
  const plan = named(set, relative(benchDirectory, configured));
  if (plan === undefined) throw notInSet(set, `golden.plan of the bench file, ${basename(configured)}`);
  return plan.path;
};

/** The parts of a station that plan sets are the business of. */
export interface PlanSets {
  readonly keeper: PlanSetKeeper;
  view(): PlanSetView;
  onChange(listener: () => void): void;
  plans(): readonly ListedPlan[];
  /** null: the bench file wants no golden runs, or the set in force has not their plan. */
  goldenPlan(): string | null;
  /** Throws BenchError PLAN_SET_NONE, PLAN_NOT_IN_SET. */
  goldenPlanPath(configured: string): string;
}

/** `benchPath`: what paths of the bench file begin at. */
export const planSetsOf = (
  keeper: PlanSetKeeper,
  benchPath: string,
  golden: { readonly planPath: string } | null,
): PlanSets => {
  const goldenPlanPath = (configured: string) => goldenPlanInSet(keeper, dirname(resolve(benchPath)), configured);
  return {
    keeper,
    view: () => planSetView(keeper),
    onChange: (listener) => keeper.onChange(listener),
    plans: () => keeper.inForce?.plans ?? [],
    goldenPlanPath,
    goldenPlan: () => {
      try {
        return golden === null ? null : goldenPlanPath(golden.planPath);
      } catch (error) {
        if (isBenchError(error)) return null;
        throw error;
      }
    },
  };
};

/** A file of the set that is not as it was signed is restored first. Throws BenchError PLAN_SET_INVALID where that fails. */
const restoreChanged = async (keeper: PlanSetKeeper, { name, path, hash }: PlanInForce): Promise<void> => {
  if (hashOf(path) === hash) return;
  await keeper.check();
  const now = setOf(keeper).plans.find((plan) => plan.name === name);
  if (now === undefined || hashOf(now.path) !== now.hash)
    throw new BenchError('PLAN_SET_INVALID', `${path} is not as it was signed, and cannot be restored`);
};

/** A runner that runs plans of the set in force alone, as they were signed. */
export const planSetRunner = <R extends Runner>(runner: R, { keeper, goldenPlan }: PlanSets): R => ({
  ...runner,
  run: async (request, watcher, signal) => {
    if (request.golden !== true) {
      const plan = planInSet(keeper, request.planPath);
      await restoreChanged(keeper, plan);
      return runner.run({ ...request, planPath: plan.path }, watcher, signal);
    }
    // Which plan that is stands in the bench file.
    const golden = goldenPlan();
    const plan = setOf(keeper).plans.find(({ path }) => path === golden);
    if (plan !== undefined) await restoreChanged(keeper, plan);
    return runner.run(request, watcher, signal);
  },
});

/** Log and audit of what becomes of the sets that come. */
export const tellOfPlanSets = (
  keeper: Pick<PlanSetKeeper, 'onNews'>,
  { log, audit }: { readonly log: StationLog; readonly audit: Audit },
): void =>
  keeper.onNews((news) => {
    const note = (action: string, detail: Parameters<Audit>[0]['detail']) => {
      try {
        audit({ action, who: 'whoever has the plant’s key', from: 'broker', detail });
      } catch (error) {
        log(`audit: ${String(error)}`, { level: 'error' });
      }
    };
    if (news.kind === 'refused') {
      const { code, message } = news.refused;
      log(`plan set refused. ${message}`, { level: 'error', code });
      return note('plan-set-refused', { code, message });
    }
    const { name, version, sha256, plans } = news.inForce;
    const what = `plan set ${markText(news.inForce)}`;
    if (news.kind === 'restored')
      log(`${what}: files on the disk were not as they were signed, and are again`, { level: 'warning' });
    else log(`${what} is in force: ${plans.map((plan) => plan.name).join(', ')}`);
    note(`plan-set-${news.kind}`, { name, version, sha256 });
  });

/** What the fleet hears of it: the station's state, and an event for each set that was taken or refused. */
export const tellFleetOfPlanSets = (keeper: PlanSetKeeper, link: Pick<StationLink, 'describe' | 'tell'>): void => {
  const describe = () => {
    const { inForce, refused } = keeper;
    const planSet = inForce === null ? null : { name: inForce.name, version: inForce.version, sha256: inForce.sha256 };
    link.describe({ planSet, planSetRefused: refused });
  };
  describe();
  keeper.onChange(describe);
  keeper.onNews((news) => {
    if (news.kind === 'refused') {
      const { code, message } = news.refused;
      link.tell({ event: 'plan-set-refused', code, message });
    }
    if (news.kind === 'taken') {
      const { name, version, sha256 } = news.inForce;
      link.tell({ event: 'plan-set-taken', planSet: { name, version, sha256 } });
    }
  });
};
