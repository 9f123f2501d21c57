/** When a phone gets another try: the part `retry` of a plan. */
import { z } from 'zod';
import { field, oneOf, orWord, wholeNumber } from './fields.js';

export const retryCauses = [
  'phone',
  'power',
  'network',
  'config',
  'bench',
  'operator',
  'boot',
  'vlan',
  'address',
  'registration',
] as const;

export interface RetryPlan {
  /** At most, the first one counted; 1: what the first one says is said. */
  readonly attempts: number;
  /**
   * Who was to blame (`phone`: the verdict was fail) or the stage that decided, for another attempt. `power` and `config` name
   * a stage and a blame both.
   */
  readonly on: readonly (typeof retryCauses)[number][];
}

const mostAttempts = 10;

const onlyTrue = () =>
  field<true>(
    (input) => (input === true ? { value: true } : { problem: 'must be true: every attempt begins with power off' }),
    { const: true },
  );

export const retrySection = orWord(
  'none',
  z
    .strictObject({
      attempts: wholeNumber(2, mostAttempts),
      powerCycle: onlyTrue().optional(),
      on: z.array(oneOf(retryCauses)).min(1, 'needs at least one stage or blame').optional(),
    })
    .transform(({ attempts, on }): RetryPlan => ({ attempts, on: on ?? ['phone'] })),
)
  .prefault('none')
  .transform((section): RetryPlan => section ?? { attempts: 1, on: [] });
