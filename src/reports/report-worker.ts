/** The thread of `report-thread.ts`: writes the reports of one run folder after the other. */
import { parentPort } from 'node:worker_threads';
import { BenchError, isBenchError } from '../errors.js';
import { readRecord } from '../records/run-folder.js';
import type { ReportReply, ReportRequest } from './report-thread.js';
import { writeReports } from './write-reports.js';

const answer = async ({ id, folder }: ReportRequest): Promise<ReportReply> => {
  try {
    await writeReports({ record: await readRecord(folder), folder });
    return { id, kind: 'written' };
  } catch (error) {
    const known = isBenchError(error) ? error : new BenchError('INTERNAL', String(error), { cause: error });
    return { id, kind: 'failed', code: known.code, detail: known.detail };
  }
};

let last: Promise<unknown> = Promise.resolve();
parentPort?.on('message', (request: ReportRequest) => {
  last = last.then(async () => parentPort?.postMessage(await answer(request)));
});
