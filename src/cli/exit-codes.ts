import { type ErrorCode, isBenchError } from '../errors.js';
import { exitCodes } from '../stages/exit-code.js';

const usageErrors: readonly ErrorCode[] = [
  'USAGE',
  'PLAN_UNREADABLE',
  'PLAN_INVALID',
  'PLAN_KEY_INVALID',
  'PLAN_SET_UNSIGNED',
  'PLAN_SET_INVALID',
  'PLAN_SET_OLD',
  'PLAN_NOT_IN_SET',
  'BENCH_FILE_INVALID',
  'PORT_UNKNOWN',
  'SHARED_UNKNOWN',
  'CAPTURE_UNREADABLE',
  'PHONE_NOT_FOUND',
];

/** The exit code of something that ended before there was a record. */
export const exitCodeOfError = (error: unknown): number => {
  if (!isBenchError(error)) return exitCodes.internalError;
  if (error.code === 'INTERNAL') return exitCodes.internalError;
  if (error.code === 'INTERRUPTED') return exitCodes.interrupted;
  return usageErrors.includes(error.code) ? exitCodes.usage : exitCodes.wentWrong;
};
