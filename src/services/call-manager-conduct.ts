import type { CallManagerConduct } from '../plan/call-control.js';
import type { CallManagerPlan, Plan } from '../plan/plan.js';

/** Which members a fault on purpose bends (plan/faults.ts), and into what. Times fit a quick run; a plan sets its own. */
const faultConducts: Readonly<
  Record<string, { readonly who: 'first' | 'all'; readonly conduct: CallManagerConduct } | undefined>
> = {
  'primary-refuses': { who: 'first', conduct: { behaviour: 'refuse' } },
  'all-refuse': { who: 'all', conduct: { behaviour: 'refuse' } },
  'primary-silent': { who: 'first', conduct: { behaviour: 'silent' } },
  'all-silent': { who: 'all', conduct: { behaviour: 'silent' } },
  'primary-slow': { who: 'first', conduct: { behaviour: 'slow', delayMs: 800 } },
  'register-rejected': { who: 'all', conduct: { behaviour: 'reject', text: 'Linkpulse: not allowed' } },
  'keepalives-unanswered': { who: 'first', conduct: { behaviour: 'ignore-keepalives' } },
  'primary-dies': { who: 'first', conduct: { behaviour: 'die', afterMs: 800, backAfterMs: null } },
  'never-falls-back': { who: 'first', conduct: { behaviour: 'die', afterMs: 800, backAfterMs: 1000 } },
  'primary-returns': { who: 'first', conduct: { behaviour: 'die', afterMs: 800, backAfterMs: 1000 } },
};

export interface PurposefulConduct {
  readonly conduct: CallManagerConduct;
  /** Name of the fault, or `plan`. */
  readonly reason: string;
}

export const conductOf = (member: CallManagerPlan, plan: Plan, faults: ReadonlySet<string>): PurposefulConduct => {
  const first = Math.min(...plan.callManagers.map(({ priority }) => priority));
  for (const fault of faults) {
    const row = Object.hasOwn(faultConducts, fault) ? faultConducts[fault] : undefined;
    if (row !== undefined && (row.who === 'all' || member.priority === first)) {
      return { conduct: row.conduct, reason: fault };
    }
  }
  return { conduct: member, reason: 'plan' };
};

/** What the timeline is told of it; undefined: nothing, it serves. */
export const conductFact = ({
  conduct,
}: PurposefulConduct): { readonly action: string; readonly detail: Readonly<Record<string, number>> } | undefined => {
  switch (conduct.behaviour) {
    case 'serve':
      return undefined;
    case 'refuse':
      return { action: 'refuses-on-purpose', detail: {} };
    case 'silent':
      return { action: 'silent-on-purpose', detail: {} };
    case 'slow':
      return { action: 'slow-on-purpose', detail: { delayMs: conduct.delayMs } };
    case 'reject':
      return { action: 'rejects-on-purpose', detail: {} };
    case 'ignore-keepalives':
      return { action: 'ignores-keepalives-on-purpose', detail: {} };
    case 'die': {
      const back = conduct.backAfterMs === null ? {} : { backAfterMs: conduct.backAfterMs };
      return { action: 'dies-on-purpose', detail: { afterMs: conduct.afterMs, ...back } };
    }
  }
};
