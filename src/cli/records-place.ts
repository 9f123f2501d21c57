/** Where the runs are that a verb asks for. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { BenchFile } from '../plan/bench-file.js';
import { loadBenchFile } from '../plan/load-bench-file.js';
import { RunIndex } from '../records/run-index.js';
import type { Terminal } from './terminal.js';
import type { VerbContext } from './verb.js';

export interface RecordsOptions {
  readonly bench: string;
  readonly runs?: string;
  readonly json: boolean;
}

export const withRuns = (command: Command, { composition: { defaults } }: VerbContext): Command =>
  command
    .option('--bench <file>', 'bench file: its runs folder is used', defaults.benchPath)
    .option('--runs <folder>', 'a runs folder, instead of the bench file’s')
    .option('--json', 'JSON instead of text', false);

export const placeOf = (
  options: RecordsOptions,
): Pick<BenchFile, 'runsDirectory' | 'diskReserveBytes' | 'retention'> =>
  options.runs === undefined
    ? loadBenchFile(options.bench)
    : { runsDirectory: resolve(options.runs), diskReserveBytes: 0, retention: null };
export const runsDirectoryOf = (options: RecordsOptions): string => placeOf(options).runsDirectory;

/** The index, in step with the folders. Says how far it is where that takes a while. */
export const openIndex = async (options: RecordsOptions, terminal: Terminal): Promise<RunIndex> => {
  const index = RunIndex.open(runsDirectoryOf(options));
  const told = await index.reindex({
    onProgress: (done, of) => terminal.passing(`reading records: ${done} of ${of}`),
  });
  for (const { runId, reason } of told.unreadable) terminal.error(`left out: ${runId} (${reason})`);
  return index;
};
