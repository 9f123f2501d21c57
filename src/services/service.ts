import type { IpAttachment } from '../network/ip-attachment.js';
import type { Plan } from '../plan/plan.js';
import type { Clock } from '../timeline/clock.js';
import type { ServiceFact } from '../timeline/events.js';
import type { PlanInForce } from './plan-in-force.js';

const highestVlan = 4094;

/** Something the phone meets on its wire. After `close` has resolved it neither hears, sends nor tells anything. */
export interface Service {
  /** Tells the wire at once that nobody speaks here any more, where its protocol can; `close` does so by itself. Never throws. */
  leave?(): void;
  close(): Promise<void>;
}

/** What every service on IP is given. */
export interface ServiceContext {
  readonly plan: Plan;
  /** What the files say; left out: the plan as it is, for ever. */
  readonly inForce?: PlanInForce;
  readonly ip: IpAttachment;
  readonly clock: Clock;
  /** Names from plan/faults.ts; a service reads those that are its own. */
  readonly faults: ReadonlySet<string>;
  readonly tell: (fact: ServiceFact) => void;
}

/** The bench's own addresses under a plan: its first one, then those of its CallManagers. */
export const benchAddresses = (plan: Plan): readonly string[] => [
  ...new Set([plan.network.benchAddress, ...plan.callManagers.map((member) => member.address)]),
];

/** The voice VLAN that is told; on purpose another one that is none of ours. */
export const toldVoiceVlan = ({ network: { voiceVlan } }: Plan, isWrong: boolean): number | null =>
  voiceVlan !== null && isWrong ? (voiceVlan % highestVlan) + 1 : voiceVlan;
