/** `records-worker`: answers one question about past runs for a station, which started it (src/station/records/desk.ts). */
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { BenchError, isBenchError } from '../errors.js';
import { writeBundle } from '../records/bundle.js';
import { pruneRuns } from '../records/prune.js';
import { readRecord } from '../records/run-folder.js';
import { RunIndex } from '../records/run-index.js';
import type { RunSearch } from '../records/run-search.js';
import { statisticsJson, statisticsOf } from '../records/statistics/report.js';
import { csvHeader, csvRows } from '../reports/csv.js';
import { makeReport } from '../reports/make-report.js';
import type { RecordsQuestion, WorkerOrder, WorkerRefusal } from '../station/records/question.js';
import type { RegisterVerb } from './verb.js';

const withIndex = async <T>(runsDirectory: string, ask: (index: RunIndex) => T): Promise<T> => {
  const index = RunIndex.open(runsDirectory);
  try {
    await index.reindex();
    return ask(index);
  } finally {
    index.close();
  }
};

const idsOf = async (runsDirectory: string, search: RunSearch): Promise<readonly string[]> => {
  const found = await withIndex(runsDirectory, (index) => index.search(search));
  if (found.length === 0) throw new BenchError('RECORD_UNREADABLE', `no such runs in ${runsDirectory}`);
  return found.map(({ runId }) => runId);
};

const answer = async (runsDirectory: string, question: RecordsQuestion, out: Writable): Promise<void> => {
  const write = (bytes: string | Uint8Array) => new Promise<void>((resolve) => out.write(bytes, () => resolve()));
  switch (question.kind) {
    case 'runs':
      return write(await withIndex(runsDirectory, (index) => JSON.stringify(index.search(question.search))));
    case 'statistics':
      return write(
        `${await withIndex(runsDirectory, (index) => statisticsJson(statisticsOf(index, question.request)))}\n`,
      );
    case 'report':
      return write(await makeReport(join(runsDirectory, question.runId), question.form));
    case 'bundle':
      await writeBundle(runsDirectory, question.runIds, out);
      return;
    case 'bundle-of':
      await writeBundle(runsDirectory, await idsOf(runsDirectory, question.search), out);
      return;
    case 'measurements':
      await write(csvHeader());
      for (const runId of await idsOf(runsDirectory, question.search))
        await write(csvRows(await readRecord(join(runsDirectory, runId))));
      return;
    case 'prune':
      await write(JSON.stringify(await pruneRuns(runsDirectory, question.retention)));
  }
};

export const registerRecordsWorker: RegisterVerb = (program, { composition, done }) => {
  program.command('records-worker', { hidden: true }).action(async () => {
    composition.lowerPriority();
    // The station is gone: nobody reads the answer.
    process.on('disconnect', () => process.exit());
    const { runsDirectory, question } = await new Promise<WorkerOrder>((resolve) => process.once('message', resolve));
    try {
      await answer(runsDirectory, question, process.stdout);
    } catch (error) {
      if (!isBenchError(error)) throw error;
      const { code, detail, remedy } = error;
      await new Promise((resolve) => process.send?.({ code, detail, remedy } satisfies WorkerRefusal, resolve));
      done(1);
    }
  });
};
