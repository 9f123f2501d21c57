import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { BenchError } from '../errors.js';
import { findRun } from '../records/find-run.js';
import { readRecord } from '../records/run-folder.js';
import { csvHeader, csvRows } from '../reports/csv.js';
import { makeReport, type ReportForm, reportForms } from '../reports/make-report.js';
import { runsDirectoryOf } from './records-place.js';
import type { Terminal } from './terminal.js';
import type { VerbContext } from './verb.js';

type Flags = { readonly [Form in ReportForm]?: boolean };
interface ReportOptions extends Flags {
  readonly bench: string;
  readonly runs?: string;
  readonly output?: string;
}

/** `records report RUN --pdf -o FILE`: one form of one run, to a file or to standard output. */
export const registerReport = (records: Command, { composition }: VerbContext): void => {
  records
    .command('report')
    .description('one run as a file for others: the same run gives the same bytes')
    .argument('<run>', 'its id or a part of it, its folder, or last')
    .option('--html', 'the self-contained report')
    .option('--pdf', 'a certificate on one page of A4')
    .option('--csv', 'one row per measurement')
    .option('--json', 'the record itself (docs/record.schema.json)')
    .option('--junit', 'JUnit XML (docs/junit.xsd)')
    .option('-o, --output <file>', 'where to; without it, standard output')
    .option('--bench <file>', 'bench file: its runs folder is used', composition.defaults.benchPath)
    .option('--runs <folder>', 'a runs folder, instead of the bench file’s')
    .action(async (run: string, options: ReportOptions) => {
      const [form, another] = reportForms.filter((name) => options[name] === true);
      if (form === undefined || another !== undefined)
        throw new BenchError('USAGE', `say one of ${reportForms.map((name) => `--${name}`).join(', ')}`);
      const report = await makeReport(await findRun(runsDirectoryOf({ ...options, json: false }), run), form);
      if (options.output !== undefined && options.output !== '-') {
        await writeFile(options.output, report).catch(notWritten);
        return composition.terminal.line(options.output);
      }
      if (form === 'pdf' && process.stdout.isTTY)
        throw new BenchError('USAGE', 'a PDF is nothing for a terminal: say where to with -o');
      process.stdout.write(report);
    });
};

const notWritten = (cause: unknown): never => {
  throw new BenchError('RECORD_FAILED', String(cause), { cause, remedy: 'Check where the file is to go.' });
};

/** Measurements of many runs, one after the other: 10,000 records do not stand in memory at once. */
export const exportCsv = async (
  runsDirectory: string,
  runIds: readonly string[],
  to: string,
  terminal: Terminal,
): Promise<void> => {
  const rows = async function* () {
    yield csvHeader();
    for (const runId of runIds) yield csvRows(await readRecord(join(runsDirectory, runId)));
  };
  if (to === '-') {
    for await (const text of rows()) process.stdout.write(text);
    return;
  }
  await pipeline(Readable.from(rows()), createWriteStream(to)).catch(notWritten);
  terminal.line(`${runIds.length} runs: ${to}`);
};
