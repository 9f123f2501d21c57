import { BenchError, isBenchError } from '../errors.js';
import type { FactOf } from '../timeline/events.js';

/** Whatever was thrown, as a fact of the timeline. */
export const benchFault = (error: unknown): FactOf<'bench-fault'> => {
  const known = isBenchError(error) ? error : new BenchError('INTERNAL', String(error), { cause: error });
  return {
    kind: 'bench-fault',
    code: known.code,
    message: known.message,
    remedy: known.remedy,
    blame: known.blame,
  };
};
