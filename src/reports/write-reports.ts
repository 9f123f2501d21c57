import { join } from 'node:path';
import { parsePlan } from '../plan/load-plan.js';
import type { RunRecord } from '../records/record.js';
import { writeWhole } from '../records/run-folder.js';
import { readTimeline } from '../timeline/log.js';
import { htmlReport } from './html.js';
import { junitReport } from './junit.js';

/** Writes `report.html` and `junit.xml` beside a finished record. Throws BenchError RECORD_FAILED, RECORD_UNREADABLE. */
export const writeReports = async (run: { readonly record: RunRecord; readonly folder: string }): Promise<void> => {
  const { record, folder } = run;
  await writeWhole(folder, record.files.junit, junitReport(record));
  const { events } = await readTimeline(join(folder, record.files.timeline));
  const { plan } = parsePlan(record.plan.text, join(folder, record.files.plan));
  await writeWhole(folder, record.files.report, htmlReport(record, events, plan));
};
