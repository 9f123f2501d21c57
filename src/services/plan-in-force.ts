import { createHash } from 'node:crypto';
import type { Plan } from '../plan/plan.js';

/** What the files say now: the plan's, until its `change` has come. */
export interface PlanInForce {
  readonly plan: Plan;
  /** False: the device has no configuration of its own and registers by the default file. */
  readonly hasDeviceFile: boolean;
  /** What the device's file says of its version. */
  readonly versionStamp: string;
  /** From now on the plan's `change` counts. */
  change(): void;
}

/** The plan as `change` makes it: another load, other CallManagers in the order in which they are named. */
const changed = (plan: Plan): Plan => {
  const { change } = plan;
  if (change === null) return plan;
  const named = change.callManagers ?? plan.callManagers.map(({ name }) => name);
  return {
    ...plan,
    phone: { ...plan.phone, load: change.load ?? plan.phone.load },
    callManagers: named.flatMap((name, priority) =>
      plan.callManagers.filter((member) => member.name === name).map((member) => ({ ...member, priority })),
    ),
  };
};

/** Opaque to the phone, which applies a file when it changes: the same plan gives the same stamp. */
export const versionStampOf = ({ phone, callManagers, sccp }: Plan): string =>
  createHash('sha256')
    .update(JSON.stringify([phone, callManagers, sccp]))
    .digest('hex')
    .slice(0, 32);

export const createPlanInForce = (plan: Plan, faults: ReadonlySet<string> = new Set()): PlanInForce => {
  let current = plan;
  let hasDeviceFile = plan.change?.fromAutoRegistration !== true;
  return {
    get plan() {
      return current;
    },
    get hasDeviceFile() {
      return hasDeviceFile;
    },
    get versionStamp() {
      return versionStampOf(faults.has('same-version-stamp') ? plan : current);
    },
    change: () => {
      current = changed(plan);
      hasDeviceFile = true;
    },
  };
};
