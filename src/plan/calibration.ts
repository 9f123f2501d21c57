/** Until when a board's figures count: the part `calibration` of a port in the bench file, or of all of them. */
import { z } from 'zod';
import { field, quantity } from './fields.js';
import type { Problem } from './yaml-file.js';

/** `due`: the last day, `2027-01-31`; `validForDays`: from the day in the board's own block. */
export type CalibrationTerms = { readonly due: string } | { readonly validForDays: number };

const dayMs = 86_400_000;
const longestDays = 3660;

const isoDate = () =>
  field<string>(
    (input) => {
      const isDay = typeof input === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(input);
      const time = isDay ? Date.parse(`${input}T00:00:00Z`) : Number.NaN;
      // A day that no month has is moved on to one of the next.
      return !Number.isNaN(time) && new Date(time).toISOString().startsWith(String(input))
        ? { value: String(input) }
        : { problem: 'must be a day such as 2027-01-31' };
    },
    { type: 'string', format: 'date' },
  );

export const calibrationSection = () =>
  z
    .strictObject({ due: isoDate().optional(), validFor: quantity('d', 1, longestDays).optional() })
    .superRefine(({ due, validFor }, problems) => {
      if ((due === undefined) === (validFor === undefined))
        problems.addIssue({ code: 'custom', path: [], message: 'needs either due or validFor' });
    })
    .transform(
      ({ due, validFor }): CalibrationTerms =>
        due === undefined ? { validForDays: validFor ?? longestDays } : { due },
    )
    .optional();

/** A day is one board's: without a serial number another board would inherit it. */
export const calibrationProblems = (entry: {
  readonly kind: string;
  readonly serial?: string | undefined;
  readonly calibration?: CalibrationTerms | undefined;
}): readonly Problem[] =>
  entry.kind === 'hardware' &&
  entry.calibration !== undefined &&
  'due' in entry.calibration &&
  entry.serial === undefined
    ? [{ path: ['calibration'], message: 'needs serial beside it: the day is one board’s', at: 'key' }]
    : [];

/** The last day on which the board's figures count; null: the board does not tell when it was calibrated. */
export const calibrationDue = (terms: CalibrationTerms, calibratedOn: string | null): string | null => {
  if ('due' in terms) return terms.due;
  if (calibratedOn === null) return null;
  return new Date(Date.parse(`${calibratedOn}T00:00:00Z`) + terms.validForDays * dayMs).toISOString().slice(0, 10);
};
