/** Golden runs: which of them a request is, and whether a port has shown lately that its bench finds what it must. */
import { BenchError } from '../errors.js';
import type { BenchPort } from '../plan/bench-file.js';
import { type GoldenTerms, goldenFaults } from '../plan/golden.js';
import { loadPlan } from '../plan/load-plan.js';
import {
  type GoldenStanding,
  goldenResult,
  goldenStanding,
  noteGolden,
  readGolden,
  refuseWithoutGolden,
} from '../records/golden-state.js';
import type { GoldenNote, RunRecord } from '../records/record.js';
import type { RunnerParts, RunRequest } from './runner.js';

export interface GoldenRun {
  readonly note: GoldenNote;
  readonly terms: GoldenTerms;
}

/** Throws what `goldenPlanPath` throws. */
const termsOf = ({ bench: { golden }, goldenPlanPath }: Pick<RunnerParts, 'bench' | 'goldenPlanPath'>) =>
  golden === null || goldenPlanPath === undefined ? golden : { ...golden, planPath: goldenPlanPath(golden.planPath) };

/** null: a run that judges a phone. Throws BenchError USAGE. */
export const goldenRunOf = (
  parts: Pick<RunnerParts, 'bench' | 'goldenPlanPath'>,
  { golden, faults }: RunRequest,
): GoldenRun | null => {
  if (golden !== true) return null;
  const terms = termsOf(parts);
  if (terms === null) throw new BenchError('USAGE', 'the bench file has no golden section (docs/plan.md)');
  const fault = goldenFaults.find((name) => name === faults[0]) ?? null;
  if (faults.length > 1 || (faults.length === 1 && fault === null))
    throw new BenchError('USAGE', `a golden run has one fault or none, of: ${goldenFaults.join(', ')}`);
  return { terms, note: { fault } };
};

/** null: the bench file wants no golden runs. Throws BenchError PLAN_*. */
export const standingOf = async (
  parts: Pick<RunnerParts, 'bench' | 'clock' | 'goldenPlanPath'>,
  { name, kind }: BenchPort,
): Promise<GoldenStanding | null> => {
  const terms = termsOf(parts);
  if (terms === null) return null;
  const { bench, clock } = parts;
  const results = await readGolden(bench.runsDirectory, name);
  const { hash: planHash } = loadPlan(terms.planPath);
  return goldenStanding({ results, kind, terms, planHash, now: clock.wallClock() });
};

/** Throws BenchError GOLDEN_DUE, GOLDEN_FAILED, PLAN_*. */
export const refuseUntested = async (parts: RunnerParts, port: BenchPort): Promise<void> => {
  const standing = await standingOf(parts, port);
  if (standing !== null) refuseWithoutGolden(port.name, standing);
};

export const noteGoldenRun = (runsDirectory: string, record: RunRecord, { note, terms }: GoldenRun): Promise<void> =>
  noteGolden(runsDirectory, record.port, goldenResult(record, note.fault, terms));
