import { writeWhole } from '../records/run-folder.js';
import { reportOf, type StoredRun } from './make-report.js';

/** Writes `report.html` and `junit.xml` beside a finished record. Throws BenchError RECORD_FAILED, RECORD_UNREADABLE. */
export const writeReports = async (run: StoredRun): Promise<void> => {
  const { record, folder } = run;
  await writeWhole(folder, record.files.junit, String(await reportOf(run, 'junit')));
  await writeWhole(folder, record.files.report, String(await reportOf(run, 'html')));
};
