/** Which of many readings make a gage study: production does not run every phone everywhere, or equally often. */
import { groupBy } from '../group-by.js';
import type { GageReading } from './gage.js';

const fewestTrials = 2;

/** Of one part: a cell for each appraiser. */
type Row = readonly (readonly GageReading[])[];
const trialsOf = (row: Row): number => Math.min(...row.map(({ length }) => length));

interface Table {
  readonly rows: readonly Row[];
  readonly trials: number;
}

/** Several parts and several appraisers before one of either; then what the repeatability rests on, its degrees of freedom. */
const worthOf = ({ rows, trials }: Table): number => {
  const appraisers = rows[0]?.length ?? 0;
  const kinds = Number(appraisers > 1) + Number(rows.length > 1);
  return kinds * 1e9 + rows.length * appraisers * (trials - 1);
};

/** Parts with few readings cost all others theirs: the most worthy of the tables with the best-read parts. */
const tableOf = (rows: readonly Row[]): Table | undefined => {
  const sorted = [...rows].sort((left, right) => trialsOf(right) - trialsOf(left));
  const tables = sorted.map((row, index): Table => ({ rows: sorted.slice(0, index + 1), trials: trialsOf(row) }));
  return bestOf(tables);
};
const bestOf = (tables: readonly Table[]): Table | undefined =>
  tables.reduce<Table | undefined>(
    (best, table) => (best === undefined || worthOf(table) > worthOf(best) ? table : best),
    undefined,
  );

/** Parts that were read at least twice by the same appraisers, each as often as the others: the last readings. Empty: none. */
export const largestStudy = (readings: readonly GageReading[]): readonly GageReading[] => {
  const parts = [...groupBy(readings, ({ part }) => part).values()].map(
    (own) => new Map([...groupBy(own, ({ appraiser }) => appraiser)].filter(([, cell]) => cell.length >= fewestTrials)),
  );
  const sets = new Map(parts.map((cells) => [[...cells.keys()].sort().join('\n'), [...cells.keys()].sort()]));
  const tables = [...sets.values()].flatMap((appraisers) => {
    if (appraisers.length === 0) return [];
    const rows = parts.filter((cells) => appraisers.every((appraiser) => cells.has(appraiser)));
    return tableOf(rows.map((cells) => appraisers.map((appraiser) => cells.get(appraiser) ?? []))) ?? [];
  });
  const best = bestOf(tables);
  return best === undefined ? [] : best.rows.flat().flatMap((cell) => cell.slice(-best.trials));
};
