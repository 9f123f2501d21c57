import type { BoardNote } from '../records/record.js';

/** `2026-11-23, due 2027-11-23`; null: the board does not tell. */
export const calibrationText = (board: BoardNote | null): string | null => {
  if (board === null) return null;
  const { calibratedOn = null, calibrationDue = null } = board;
  if (calibrationDue === null) return calibratedOn;
  return `${calibratedOn ?? 'day unknown'}, due ${calibrationDue}`;
};
