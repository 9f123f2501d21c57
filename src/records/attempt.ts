import type { RetryPlan } from '../plan/retry.js';
import { worstOf } from '../stages/exit-code.js';
import type { RunRecord } from './record.js';

/** One attempt of several, of the same phone on the same port. Each has a run folder and a record of its own. */
export interface AttemptNote {
  /** From 1. */
  readonly number: number;
  /** At most, by the plan. */
  readonly of: number;
  /** Run id of the first attempt: what the attempts have in common. */
  readonly first: string;
  /** What those before came to, first one first. */
  readonly earlier: readonly Pick<RunRecord, 'runId' | 'verdict' | 'blame' | 'cause'>[];
}

/** undefined: the plan gives one attempt. `before`: records of the attempts so far. */
export const attemptNote = (
  runId: string,
  { attempts }: RetryPlan,
  before: readonly RunRecord[],
): AttemptNote | undefined =>
  attempts === 1
    ? undefined
    : {
        number: before.length + 1,
        of: attempts,
        first: before[0]?.runId ?? runId,
        earlier: before.map(({ runId: id, verdict, blame, cause }) => ({ runId: id, verdict, blame, cause })),
      };

/** Codes of bench faults after which nothing could be recorded, or nobody knows what is wrong. */
const neverAgain: readonly string[] = ['INTERNAL', 'CAPTURE_FAILED', 'RECORD_FAILED'];

/** Never after an interruption or a safety trip: somebody is to look first. */
export const deservesAnother = (record: RunRecord, { attempts, on }: RetryPlan, made: number): boolean => {
  if (made >= attempts || record.interruptedBy !== null || record.safetyTrip) return false;
  if (record.verdict === 'pass' || record.verdict === 'marginal') return false;
  if (record.benchFault !== null && neverAgain.includes(record.benchFault.code)) return false;
  const blame = record.verdict === 'fail' ? 'phone' : record.blame;
  // An operator's answer decides where no stage went wrong.
  const decisive = worstOf(record.stages);
  const stage = decisive?.verdict === record.verdict ? decisive.stage : undefined;
  return on.some((cause) => cause === blame || cause === stage);
};

/** `passed on attempt 3`: a class of its own, neither a pass at once nor a fail. null: it was the first, or it did not pass. */
export const lateOn = (record: Pick<RunRecord, 'verdict' | 'attempt'>): number | null => {
  const isGood = record.verdict === 'pass' || record.verdict === 'marginal';
  return isGood && record.attempt != null && record.attempt.number > 1 ? record.attempt.number : null;
};
