import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { BenchError } from '../errors.js';
import type { BenchFile } from '../plan/bench-file.js';
import { loadBenchFile } from '../plan/load-bench-file.js';
import { exportBundle, manifestSha256, verifyBundle } from '../records/bundle.js';
import { importBundle } from '../records/import-bundle.js';
import { pruneRuns } from '../records/prune.js';
import { readRecord } from '../records/run-folder.js';
import { type IndexedRun, RunIndex } from '../records/run-index.js';
import { parseMeasurementRange, type RunSearch } from '../records/run-search.js';
import { exitCodes } from '../stages/exit-code.js';
import { exportCsv, registerReport } from './records-report.js';
import type { Terminal } from './terminal.js';
import type { RegisterVerb, VerbContext } from './verb.js';

export interface RecordsOptions {
  readonly bench: string;
  readonly runs?: string;
  readonly json: boolean;
}

export interface SearchOptions extends RecordsOptions {
  readonly text?: string;
  readonly unit?: string;
  readonly serial?: string;
  readonly mac?: string;
  readonly platform?: string;
  readonly model?: string;
  readonly plan?: string;
  readonly port?: string;
  readonly station?: string;
  readonly verdict?: string;
  readonly blame?: string;
  readonly stage?: string;
  readonly since?: string;
  readonly until?: string;
  readonly measurement?: RunSearch['measurement'];
  readonly limit?: number;
}

/** `2026-11-26`, a full ISO date, or so long ago: `36h`, `14d`. */
export const moment =
  (now: () => Date) =>
  (text: string): string => {
    const ago = /^(\d+)([hdw])$/.exec(text);
    if (ago !== null) {
      const hours = { h: 1, d: 24, w: 168 }[ago[2] as 'h' | 'd' | 'w'];
      return new Date(now().getTime() - Number(ago[1]) * hours * 3_600_000).toISOString();
    }
    const date = new Date(text);
    if (Number.isNaN(date.getTime())) throw new InvalidArgumentError('a date such as 2026-11-26, or 36h, 14d, 2w ago');
    return date.toISOString();
  };

const measurementRange = (text: string): NonNullable<RunSearch['measurement']> => {
  const range = parseMeasurementRange(text);
  if (range === undefined)
    throw new InvalidArgumentError('a measurement such as boot.linkUpMs=4000.. or power.inrushMs=20..30');
  return range;
};

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

export const withRuns = (command: Command, { composition: { defaults } }: VerbContext): Command =>
  command
    .option('--bench <file>', 'bench file: its runs folder is used', defaults.benchPath)
    .option('--runs <folder>', 'a runs folder, instead of the bench file’s')
    .option('--json', 'JSON instead of text', false);

export const withSearch = (command: Command, context: VerbContext): Command => {
  const asMoment = moment(() => context.composition.clock.wallClock());
  return withRuns(command, context)
    .option('--text <words>', 'anywhere in id, device, platform, load, cause, plan')
    .option('--unit <name>', 'serial number, device id or MAC of the phone (% stands for anything, here and below)')
    .option('--serial <number>', 'serial number on the label')
    .option('--mac <mac>', 'MAC of the phone')
    .option('--model <part>', 'part of its model, such as 7960: of the plan, or as the phone says it in CDP')
    .option('--platform <name>', 'platform as the phone says it in CDP')
    .option('--plan <name>', 'plan')
    .option('--port <name>', 'port')
    .option('--station <name>', 'station')
    .option('--verdict <verdict>', 'pass, marginal, fail or error')
    .option('--blame <blame>', 'phone, power, network, config, bench or operator')
    .option('--stage <stage>', 'stage that decided')
    .option('--measurement <name[=min..max]>', 'runs that have this measurement, in this range', measurementRange)
    .option('--since <when>', 'a date, or 36h, 14d, 2w ago', asMoment)
    .option('--until <when>', 'a date, or so long ago', asMoment);
};

const placeOf = (options: RecordsOptions): Pick<BenchFile, 'runsDirectory' | 'diskReserveBytes' | 'retention'> =>
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

const searchOf = ({ json: _json, bench: _bench, runs: _runs, ...search }: SearchOptions): RunSearch => search;

const verdictColours = { pass: 'green', marginal: 'yellow', fail: 'red', error: 'blue' } as const;

const runLine = (terminal: Terminal, run: IndexedRun): string => {
  const verdict = terminal.paint(verdictColours[run.verdict], run.verdict.padEnd(8));
  const who = (run.unit ?? '-').padEnd(17);
  const blame = run.blame === null ? '' : `${run.blame}: `;
  const golden = run.golden
    ? terminal.paint('grey', `golden${run.goldenFault === null ? '' : ` ${run.goldenFault}`}: `)
    : '';
  return `${run.runId}  ${verdict}  ${who}  ${golden}${blame}${run.cause}`;
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
      for (const run of runs) terminal.line(runLine(terminal, run));
      if (runs.length === 0) terminal.line('no such runs');
      if (runs.length === options.limit)
        terminal.line(terminal.paint('grey', `the newest ${options.limit}; --limit shows more`));
    });

  withRuns(records.command('show').description('one run').argument('<run>', 'its id'), context).action(
    async (runId: string, options: RecordsOptions) => {
      const folder = resolve(runsDirectoryOf(options), runId);
      const record = await readRecord(folder);
      if (options.json) return terminal.line(JSON.stringify(record, null, 2));
      const { createProgress } = await import('./progress.js');
      createProgress(terminal).finished({ record, folder });
    },
  );

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
        let runIds = named;
        if (named.length === 0) {
          const index = await openIndex(options, terminal);
          runIds = index.search(searchOf(search)).map(({ runId }) => runId);
          index.close();
        }
        if (runIds.length === 0) throw new BenchError('USAGE', 'no run to export: name some, or search for some');
        if (csv) return exportCsv(runsDirectoryOf(options), runIds, to, terminal);
        const manifest = await exportBundle(runsDirectoryOf(options), runIds, resolve(to));
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
