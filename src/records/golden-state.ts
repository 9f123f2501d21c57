/** `golden-<port>.json` in the runs folder: the newest golden result of each case, by which a port may judge or not. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BenchError } from '../errors.js';
import { type FaultName, type FaultRow, faultTable } from '../plan/faults.js';
import { type GoldenTerms, goldenCases } from '../plan/golden.js';
import type { RunRecord } from './record.js';
import { writeWhole } from './run-folder.js';

export interface GoldenResult {
  /** null: the healthy phone. */
  readonly fault: FaultName | null;
  readonly runId: string;
  /** ISO 8601, UTC: when the run began. */
  readonly at: string;
  readonly planHash: string;
  readonly asExpected: boolean;
  /** In words: what was wanted, and what came where that is something else. */
  readonly told: string;
}

interface GoldenState {
  readonly schema: 1;
  readonly port: string;
  readonly results: readonly GoldenResult[];
}

/** Where a golden run must end, and where it did. */
export const goldenResult = (record: RunRecord, fault: FaultName | null, terms: GoldenTerms): GoldenResult => {
  const of = { fault, runId: record.runId, at: record.startedAt, planHash: record.plan.hash };
  if (fault === null) return { ...of, ...ofHealthyPhone(record, terms) };
  const row: FaultRow = faultTable[fault];
  const stage = record.stages.find((candidate) => candidate.stage === row.stage);
  const asExpected =
    stage?.verdict === row.verdict &&
    stage.blame === row.blame &&
    record.verdict === row.verdict &&
    record.exitCode === row.exit;
  const wanted = `${row.stage} ${verdictText(row.verdict, row.blame)}`;
  const came = `${verdictText(record.verdict, record.blame)}: ${record.cause}`;
  return { ...of, asExpected, told: asExpected ? wanted : `${wanted} was wanted, the run was ${came}` };
};

const ofHealthyPhone = (record: RunRecord, { phone }: GoldenTerms): Pick<GoldenResult, 'asExpected' | 'told'> => {
  const names = [record.phone.deviceId, record.phone.serial].filter((name) => name != null);
  if (record.verdict !== 'pass')
    return {
      asExpected: false,
      told: `the known phone was to pass, the run was ${verdictText(record.verdict, record.blame)}: ${record.cause}`,
    };
  if (phone !== null && !names.includes(phone))
    return { asExpected: false, told: `the known phone is ${phone}, this was ${names.join(', ') || 'nobody known'}` };
  return { asExpected: true, told: 'the known phone passes' };
};

const verdictText = (verdict: string, blame: string | null): string =>
  blame === null ? verdict : `${verdict} (${blame})`;

const fileOf = (port: string): string => `golden-${port}.json`;

/** Empty where there was no golden run yet, or its file is damaged: then one is due. */
export const readGolden = async (runsDirectory: string, port: string): Promise<readonly GoldenResult[]> => {
  try {
    const state = JSON.parse(await readFile(join(runsDirectory, fileOf(port)), 'utf8')) as Partial<GoldenState> | null;
    return state?.schema === 1 && Array.isArray(state.results) ? state.results : [];
  } catch {
    return [];
  }
};

/** Puts a result in the place of the one before. Throws BenchError RECORD_FAILED. */
export const noteGolden = async (runsDirectory: string, port: string, result: GoldenResult): Promise<void> => {
  const before = (await readGolden(runsDirectory, port)).filter(({ fault }) => fault !== result.fault);
  const state: GoldenState = { schema: 1, port, results: [...before, result] };
  await writeWhole(runsDirectory, fileOf(port), `${JSON.stringify(state, null, 2)}\n`);
};

export interface GoldenStanding {
  readonly mayJudge: boolean;
  /** ISO 8601: until when, as things are; null where it may not. */
  readonly until: string | null;
  readonly code: 'GOLDEN_DUE' | 'GOLDEN_FAILED' | null;
  /** Why not, in words. */
  readonly reason: string;
}

/** `planHash`: of the golden plan as it is now; with another one what was found before proves nothing. */
export const goldenStanding = (parts: {
  readonly results: readonly GoldenResult[];
  readonly kind: 'simulated' | 'hardware';
  readonly terms: GoldenTerms;
  readonly planHash: string;
  readonly now: Date;
}): GoldenStanding => {
  const { terms, now } = parts;
  const no = (code: 'GOLDEN_DUE' | 'GOLDEN_FAILED', reason: string): GoldenStanding => ({
    mayJudge: false,
    until: null,
    code,
    reason,
  });
  const results = goldenCases(parts.kind, terms).map((fault) => ({
    name: fault ?? 'the known phone',
    result: parts.results.find((candidate) => candidate.fault === fault),
  }));
  const bad = results.find(({ result }) => result?.asExpected === false);
  if (bad?.result !== undefined) return no('GOLDEN_FAILED', `${bad.name}: ${bad.result.told} (${bad.result.runId})`);
  let oldestMs = Number.POSITIVE_INFINITY;
  for (const { name, result } of results) {
    if (result === undefined) return no('GOLDEN_DUE', `${name} was never run`);
    if (result.planHash !== parts.planHash) return no('GOLDEN_DUE', `the golden plan has changed since ${result.at}`);
    const ageMs = now.getTime() - Date.parse(result.at);
    if (!(ageMs >= 0 && ageMs <= terms.everyMs)) return no('GOLDEN_DUE', `${name} was run last at ${result.at}`);
    oldestMs = Math.min(oldestMs, Date.parse(result.at));
  }
  return { mayJudge: true, until: new Date(oldestMs + terms.everyMs).toISOString(), code: null, reason: '' };
};

/** Throws BenchError GOLDEN_DUE or GOLDEN_FAILED where the port may not judge. */
export const refuseWithoutGolden = (port: string, { code, reason }: GoldenStanding): void => {
  if (code !== null) throw new BenchError(code, `${port}: ${reason}`);
};
