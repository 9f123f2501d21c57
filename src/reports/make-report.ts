/** Every form a run can be handed on in, made anew from its folder. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BenchError } from '../errors.js';
import { parsePlan } from '../plan/load-plan.js';
import { type RunRecord, runFiles } from '../records/record.js';
import { readRecord } from '../records/run-folder.js';
import { readTimeline } from '../timeline/log.js';
import { csvReport } from './csv.js';
import { htmlReport } from './html.js';
import { junitReport } from './junit.js';

export const reportForms = ['html', 'pdf', 'csv', 'json', 'junit'] as const;
export type ReportForm = (typeof reportForms)[number];

export interface StoredRun {
  readonly record: RunRecord;
  readonly folder: string;
}

const recordBytes = (folder: string): Promise<Buffer> =>
  readFile(join(folder, runFiles.record)).catch((cause: unknown) => {
    throw new BenchError('RECORD_UNREADABLE', `${join(folder, runFiles.record)}: ${String(cause)}`, { cause });
  });

const makers: Readonly<Record<ReportForm, (run: StoredRun) => Promise<string | Uint8Array>>> = {
  html: async ({ record, folder }) => {
    const { events } = await readTimeline(join(folder, runFiles.timeline));
    return htmlReport(record, events, parsePlan(record.plan.text, join(folder, runFiles.plan)).plan);
  },
  pdf: async ({ record, folder }) => {
    const recordSha256 = createHash('sha256')
      .update(await recordBytes(folder))
      .digest('hex');
    // Loaded for those alone who want one: the fonts take a while on a Pi.
    const { certificate } = await import('./certificate.js');
    return certificate(record, { recordSha256 });
  },
  csv: async ({ record }) => csvReport([record]),
  json: ({ folder }) => recordBytes(folder),
  junit: async ({ record }) => junitReport(record),
};

/** A run whose record is at hand. Throws BenchError RECORD_UNREADABLE, PLAN_INVALID. */
export const reportOf = (run: StoredRun, form: ReportForm): Promise<string | Uint8Array> => makers[form](run);

/** The same folder gives the same bytes. Throws BenchError RECORD_UNREADABLE, PLAN_INVALID. */
export const makeReport = async (folder: string, form: ReportForm): Promise<string | Uint8Array> =>
  reportOf({ record: await readRecord(folder), folder }, form);
