import type { GivenAnswer, RunOutcome, RunRequest, RunStarted, SharedWait } from '../bench/runner.js';
import type { StageResult } from '../stages/judge.js';
import type { TimelineEvent } from '../timeline/events.js';
import type { LeaseNote, Thing, ThingView } from './leases.js';
import type { PlanSetView } from './plan-sets.js';

/** The station's local socket: one JSON object a line, one request a connection. Ending one's side aborts the run. */
export type StationRequest =
  | { readonly type: 'hello' }
  | ({ readonly type: 'run' } & RunRequest)
  | { readonly type: 'stop'; readonly port: string }
  | ({ readonly type: 'answer'; readonly port: string } & Pick<GivenAnswer, 'runId' | 'id' | 'answer'>)
  | { readonly type: 'unlock'; readonly port: string }
  /** Who has what. */
  | { readonly type: 'things' }
  /** Takes a shared thing; without an end (`forMs` null) it is held as long as the connection. */
  | ({ readonly type: 'take' } & SharedRequest)
  /** Ends whosever lease; power off first. */
  | { readonly type: 'end-lease'; readonly thing: Thing }
  | { readonly type: 'recover' };

export interface SharedRequest {
  /** False: refused at once where somebody has it. */
  readonly waits: boolean;
  readonly id: string;
  readonly shared: string;
  readonly owner: string;
  readonly purpose: string;
  readonly forMs: number | null;
}

export type StationReply =
  | {
      readonly type: 'hello';
      readonly station: string;
      readonly ports: readonly string[];
      readonly busy: readonly string[];
      readonly pid: number;
      /** null: this station tests by plans of its own. */
      readonly planSet: PlanSetView | null;
      /** Of golden runs, where the set in force has it. */
      readonly goldenPlan: string | null;
    }
  | ({ readonly type: 'started' } & RunStarted)
  /** Not begun: somebody else has a shared thing that the run needs. */
  | ({ readonly type: 'waiting' } & SharedWait)
  /** `results` only where they have changed. */
  | { readonly type: 'event'; readonly event: TimelineEvent; readonly results?: readonly StageResult[] }
  /** Of an attempt that another one follows. */
  | { readonly type: 'again'; readonly outcome: RunOutcome }
  | { readonly type: 'done'; readonly outcome: RunOutcome }
  /** `wasRunning`: power is off and the run has its record. */
  | { readonly type: 'stopped'; readonly wasRunning: boolean }
  /** False: that question is not open there, or no longer. */
  | { readonly type: 'answered'; readonly wasOpen: boolean }
  | { readonly type: 'things'; readonly ports: readonly ThingView[]; readonly shared: readonly ThingView[] }
  | { readonly type: 'taken'; readonly lease: LeaseNote }
  | { readonly type: 'lease-ended'; readonly wasHeld: boolean }
  | { readonly type: 'unlocked'; readonly wasLocked: boolean }
  | { readonly type: 'recovered'; readonly outcomes: readonly RunOutcome[] }
  | { readonly type: 'error'; readonly code: string; readonly detail: string; readonly remedy: string };

/** A request is short; more without a line end is not one of ours. */
export const longestRequestBytes = 64 * 1024;
