/**
 * Gage repeatability and reproducibility by analysis of variance, two factors with interaction (AIAG, Measurement
 * Systems Analysis, 4th edition, chapter III-B): how much of what a measurement shows is the bench and not the phone.
 * `part` is a phone, `appraiser` a port or a station.
 */
import { groupBy } from '../group-by.js';
import { mean } from './moments.js';

export interface GageReading {
  readonly part: string;
  readonly appraiser: string;
  readonly value: number;
}

export interface GageStudy {
  readonly parts: number;
  readonly appraisers: number;
  readonly trials: number;
  /** Standard deviations, in the unit of the measurement. */
  readonly repeatability: number;
  readonly reproducibility: number;
  readonly gage: number;
  readonly partToPart: number;
  readonly total: number;
  /** Of `gage` in `total`, percent; below 10 is good, above 30 not acceptable (AIAG). Null with one part. */
  readonly percentOfTotal: number | null;
  /** Groups of parts that the gage can tell apart, at least 5 is wanted. Null with one part. */
  readonly distinctCategories: number | null;
  /** Of six gage deviations in the tolerance, percent; null without both limits. */
  readonly percentOfTolerance: number | null;
  /** The interaction of parts and appraisers was not significant and went into the repeatability. */
  readonly pooled: boolean;
}

/** F at 25 %, AIAG's bound for keeping the interaction; this is its value for many degrees of freedom and errs to keeping. */
const interactionBound = 1.25;
const categoriesFactor = 1.41;
const gageSigmas = 6;

const grouped = (readings: readonly GageReading[], key: (reading: GageReading) => string): number[][] =>
  [...groupBy(readings, key).values()].map((group) => group.map(({ value }) => value));

const sumOfSquares = (groups: readonly (readonly number[])[], centre: number): number =>
  groups.reduce((sum, group) => sum + group.length * (mean(group) - centre) ** 2, 0);

const variance = (value: number): number => Math.max(0, value);

/**
 * Every part must have been read by every appraiser equally often, twice at least: null where that is not so.
 * With one part only repeatability and reproducibility can be told.
 */
export const gageStudy = (readings: readonly GageReading[], tolerance?: number): GageStudy | null => {
  const cells = grouped(readings, ({ part, appraiser }) => JSON.stringify([part, appraiser]));
  const byPart = grouped(readings, ({ part }) => part);
  const byAppraiser = grouped(readings, ({ appraiser }) => appraiser);
  const trials = cells[0]?.length ?? 0;
  const complete =
    cells.length === byPart.length * byAppraiser.length && cells.every(({ length }) => length === trials);
  if (!complete || trials < 2) return null;

  const [parts, appraisers] = [byPart.length, byAppraiser.length];
  const centre = mean(readings.map(({ value }) => value));
  const within = cells.flat();
  const cellMeans = cells.flatMap((cell) => cell.map(() => mean(cell)));
  const error = within.reduce((sum, value, index) => sum + (value - (cellMeans[index] ?? value)) ** 2, 0);
  const ofParts = sumOfSquares(byPart, centre);
  const ofAppraisers = sumOfSquares(byAppraiser, centre);
  const ofBoth = Math.max(0, sumOfSquares(cells, centre) - ofParts - ofAppraisers);

  const degrees = {
    parts: parts - 1,
    appraisers: appraisers - 1,
    both: (parts - 1) * (appraisers - 1),
    error: parts * appraisers * (trials - 1),
  };
  const errorSquare = error / degrees.error;
  const bothSquare = degrees.both > 0 ? ofBoth / degrees.both : 0;
  const pooled = degrees.both === 0 || bothSquare < interactionBound * errorSquare;
  const noise = pooled ? (error + ofBoth) / (degrees.error + degrees.both) : errorSquare;
  const against = pooled ? noise : bothSquare;
  const interaction = pooled ? 0 : variance((bothSquare - errorSquare) / trials);
  const appraiser =
    degrees.appraisers > 0 ? variance((ofAppraisers / degrees.appraisers - against) / (parts * trials)) : 0;
  const part = degrees.parts > 0 ? variance((ofParts / degrees.parts - against) / (appraisers * trials)) : 0;

  const gage = Math.sqrt(noise + appraiser + interaction);
  const total = Math.sqrt(gage ** 2 + part);
  return {
    parts,
    appraisers,
    trials,
    repeatability: Math.sqrt(noise),
    reproducibility: Math.sqrt(appraiser + interaction),
    gage,
    partToPart: Math.sqrt(part),
    total,
    percentOfTotal: parts > 1 && total > 0 ? (100 * gage) / total : null,
    distinctCategories:
      parts > 1 && gage > 0 ? Math.max(1, Math.floor((categoriesFactor * Math.sqrt(part)) / gage)) : null,
    percentOfTolerance: tolerance === undefined || !(tolerance > 0) ? null : (100 * gageSigmas * gage) / tolerance,
    pooled,
  };
};
