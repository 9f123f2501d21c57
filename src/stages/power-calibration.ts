import type { FactOf } from '../timeline/events.js';
import { type Finding, wentWrong } from './finding.js';

const calibrate =
  'Calibrate the board (hardware/README.md) and enter its new day in the bench file; until then use another port.';

/** Why the board's figures do not count on this day; undefined: they do. Days as `2027-01-31`, the last one still counts. */
export const calibrationFinding = ({ calibratedOn, due, today }: FactOf<'calibration'>): Finding | undefined => {
  if (due === null)
    return wentWrong(
      'bench',
      'The bench file wants a calibration that is not too old, and the board does not tell when it was calibrated.',
      'Give the board’s last day in the bench file (calibration: { due }), or drive it over serial.',
    );
  if (calibratedOn !== null && today < calibratedOn)
    return wentWrong(
      'bench',
      `The station’s clock says ${today}, which is before the board was calibrated (${calibratedOn}).`,
      'Set the clock of this machine.',
    );
  if (today <= due) return undefined;
  const since = calibratedOn === null ? '' : ` (it was calibrated on ${calibratedOn})`;
  return wentWrong(
    'bench',
    `The board’s calibration was due on ${due}${since}: its figures for power prove nothing.`,
    calibrate,
  );
};
