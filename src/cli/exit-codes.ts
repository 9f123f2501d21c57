import { type ErrorCode, isBenchError } from '../errors.js';

/** Design, "Verdicts": one meaning each, for people and for CI. */
export const exitCodes = { pass: 0, fail: 1, interrupted: 2, internal: 3, usage: 4, error: 5, safetyTrip: 6 } as const;

const usageErrors: readonly ErrorCode[] = [
  'USAGE',
  'PLAN_UNREADABLE',
  'PLAN_INVALID',
  'BENCH_FILE_INVALID',
  'PORT_UNKNOWN',
];

/** The exit code of something that ended before there was a record. */
export const exitCodeOfError = (error: unknown): number => {
  if (!isBenchError(error)) return exitCodes.internal;
  if (error.code === 'INTERNAL') return exitCodes.internal;
  return usageErrors.includes(error.code) ? exitCodes.usage : exitCodes.error;
};
