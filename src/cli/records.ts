import { basename, resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { BenchError } from '../errors.js';
import { exportBundle, manifestSha256, verifyBundle } from '../records/bundle.js';
import { findRun } from '../records/find-run.js';
import { importBundle } from '../records/import-bundle.js';
import { pruneRuns } from '../records/prune.js';
import { readRecord } from '../records/run-folder.js';
import { type IndexedRun, RunIndex } from '../records/run-index.js';
import { exitCodes } from '../stages/exit-code.js';
import { openIndex, placeOf, type RecordsOptions, runsDirectoryOf, withRuns } from './records-place.js';
import { exportCsv, registerReport } from './records-report.js';
import { type SearchOptions, searchOf, withSearch } from './records-search.js';
import { cut, type Terminal } from './terminal.js';
import type { RegisterVerb } from './verb.js';

const positive = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('a whole number from 1 on');
  return value;
};

const byteUnits = { K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 } as const;
const byteSize = (text: string): number => {
  const [, value, unit] = /^(\d+(?:\.\d+)?)\s*([KMGT])i?B?$/.exec(text) ?? [];
  if (unit === undefined) throw new InvalidArgumentError('a size such as 500MiB or 20GiB');
  return Number(value) * byteUnits[unit as keyof typeof byteUnits];
};

const verdictColours = { pass: 'green', marginal: 'yellow', fail: 'red', error: 'blue' } as const;

/** As wide as the widest, so that causes begin in one column; a terminal gets as much of each as it has room for. */
const runLines = (terminal: Terminal, runs: readonly IndexedRun[]): readonly string[] => {
  const { columns, paint } = terminal;
  const unitOf = (run: IndexedRun) => run.unit ?? '-';
  const widest = (texts: readonly string[]) => texts.reduce((most, { length }) => Math.max(most, length), 0);
  const widths = {
    runId: widest(runs.map(({ runId }) => runId)),
    verdict: widest(runs.map(({ verdict }) => verdict)),
    unit: widest(runs.map(unitOf)),
  };
  const room = columns === null ? Number.POSITIVE_INFINITY : columns - widths.runId - widths.verdict - widths.unit - 6;
  return runs.map((run) => {
    const golden = run.golden ? `golden${run.goldenFault === null ? '' : ` ${run.goldenFault}`}: ` : '';
    const attempt = run.attempt > 1 ? `attempt ${run.attempt}: ` : '';
    const cause = cut(`${golden}${attempt}${run.blame === null ? '' : `${run.blame}: `}${run.cause}`, room);
    return [
      run.runId.padEnd(widths.runId),
      paint(verdictColours[run.verdict], run.verdict.padEnd(widths.verdict)),
      unitOf(run).padEnd(widths.unit),
      cause.startsWith(golden) && golden !== '' ? paint('grey', golden) + cause.slice(golden.length) : cause,
    ].join('  ');
  });
};

export const registerRecords: RegisterVerb = (program, context) => {
  const { composition, done } = context;
  const { terminal } = composition;
  const records = program.command('records').description('the records of past runs: list, show, bundle, prune');

  withSearch(records.command('ls').description('runs, newest first'), context)
    .option('--limit <n>', 'so many at the most', positive, 50)
    .action(async (options: SearchOptions) => {
      const index = await openIndex(options, terminal);
      const runs = index.search(searchOf(options));
      index.close();
      if (options.json) return terminal.line(JSON.stringify(runs, null, 2));
      for (const line of runLines(terminal, runs)) terminal.line(line);
      if (runs.length === 0) terminal.line('no such runs');
      if (runs.length === options.limit)
        terminal.line(terminal.paint('grey', `the newest ${options.limit}; --limit shows more`));
    });

  withRuns(
    records.command('show').description('one run').argument('<run>', 'its id or a part of it, its folder, or last'),
    context,
  ).action(async (run: string, options: RecordsOptions) => {
    const folder = await findRun(runsDirectoryOf(options), run);
    const record = await readRecord(folder);
    if (options.json) return terminal.line(JSON.stringify(record, null, 2));
    const { createProgress } = await import('./progress.js');
    createProgress(terminal).finished({ record, folder });
  });

  registerReport(records, context);

  withRuns(records.command('reindex').description('builds the index anew from the run folders'), context).action(
    async (options: RecordsOptions) => {
      const index = RunIndex.openEmpty(runsDirectoryOf(options));
      const told = await index.reindex({
        onProgress: (read, of) => terminal.passing(`reading records: ${read} of ${of}`),
      });
      index.close();
      if (options.json) return terminal.line(JSON.stringify(told, null, 2));
      terminal.line(`${told.runs} runs in the index, ${told.removed} gone, ${told.unfinished} without a record yet`);
      for (const { runId, reason } of told.unreadable) terminal.error(`left out: ${runId} (${reason})`);
      if (told.unreadable.length > 0) done(exitCodes.wentWrong);
    },
  );

  withSearch(
    records
      .command('export')
      .description('evidence bundle of runs: named ones, or those a search finds; or their measurements as CSV')
      .argument('[run...]', 'ids'),
    context,
  )
    .requiredOption('--to <file>', 'bundle to write, .tar.gz; with --csv a table, - for standard output')
    .option('--csv', 'one row per measurement (RFC 4180) instead of a bundle', false)
    .action(
      async (named: readonly string[], options: SearchOptions & { readonly to: string; readonly csv: boolean }) => {
        const { to, csv, ...search } = options;
        const runsDirectory = runsDirectoryOf(options);
        let runIds: readonly string[] = await Promise.all(
          named.map(async (run) => basename(await findRun(runsDirectory, run))),
        );
        if (named.length === 0) {
          const index = await openIndex(options, terminal);
          runIds = index.search(searchOf(search)).map(({ runId }) => runId);
          index.close();
        }
        if (runIds.length === 0) throw new BenchError('USAGE', 'no run to export: name some, or search for some');
        if (csv) return exportCsv(runsDirectory, runIds, to, terminal);
        const manifest = await exportBundle(runsDirectory, runIds, resolve(to));
        if (options.json) return terminal.line(JSON.stringify(manifest, null, 2));
        terminal.line(`${manifest.runs.length} runs, ${manifest.files.length} files: ${to}`);
        terminal.line(`SHA-256 of its manifest: ${manifestSha256(manifest)}`);
      },
    );

  records
    .command('verify')
    .description('whether a bundle is as it was made')
    .argument('<bundle>', '.tar.gz')
    .option('--json', 'JSON instead of text', false)
    .action(async (bundle: string, { json }: { readonly json: boolean }) => {
      const { manifest, manifestSha256: seal, problems } = await verifyBundle(resolve(bundle));
      const { runs, files } = manifest;
      if (json) terminal.line(JSON.stringify({ runs, files: files.length, manifestSha256: seal, problems }, null, 2));
      else if (problems.length === 0) {
        terminal.line(`${terminal.paint('green', 'whole')}  ${runs.length} runs, ${files.length} files`);
        terminal.line(`SHA-256 of its manifest: ${seal}`);
      } else for (const problem of problems) terminal.line(`${terminal.paint('red', 'not as made')}  ${problem}`);
      if (problems.length > 0) done(exitCodes.wentWrong);
    });

  withRuns(
    records
      .command('import')
      .description('takes the runs of another station’s bundle in')
      .argument('<bundle>', '.tar.gz'),
    context,
  ).action(async (bundle: string, options: RecordsOptions) => {
    const { runsDirectory, diskReserveBytes } = placeOf(options);
    const told = await importBundle(resolve(bundle), runsDirectory, diskReserveBytes);
    (await openIndex(options, terminal)).close();
    if (options.json) return terminal.line(JSON.stringify(told, null, 2));
    terminal.line(`${told.added.length} runs taken in, ${told.known.length} were here already`);
  });

  withRuns(records.command('prune').description('takes the oldest finished runs away'), context)
    .option('--max-runs <n>', 'so many stay at the most', positive)
    .option('--max-size <size>', 'they take so much at the most, such as 20GiB', byteSize)
    .option('--dry-run', 'only say what would go', false)
    .addHelpText('after', '\nWithout --max-runs and --max-size by the retention of the bench file.')
    .action(
      async (
        options: RecordsOptions & { readonly maxRuns?: number; readonly maxSize?: number; readonly dryRun: boolean },
      ) => {
        const { maxRuns, maxSize: maxBytes, dryRun } = options;
        const { runsDirectory, retention } = placeOf(options);
        const terms = maxRuns === undefined && maxBytes === undefined ? retention : { maxRuns, maxBytes };
        if (terms === null)
          throw new BenchError('USAGE', 'how much is to stay: --max-runs, --max-size, or retention in the bench file');
        const told = await pruneRuns(runsDirectory, terms, { dryRun });
        (await openIndex(options, terminal)).close();
        if (options.json) return terminal.line(JSON.stringify(told, null, 2));
        for (const { runId } of told.removed) terminal.line(`${dryRun ? 'would go' : 'gone'}  ${runId}`);
        const mebibytes = (told.keptBytes / 1024 ** 2).toFixed(1);
        terminal.line(
          `${told.removed.length} ${dryRun ? 'would go' : 'gone'}, ${told.keptRuns} stay (${mebibytes} MiB)`,
        );
      },
    );
};
