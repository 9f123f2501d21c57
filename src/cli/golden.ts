import { basename } from 'node:path';
import { standingOf } from '../bench/golden.js';
import type { Runner, RunRequest, SharedWait } from '../bench/runner.js';
import { BenchError } from '../errors.js';
import type { BenchFile, BenchPort } from '../plan/bench-file.js';
import type { FaultName } from '../plan/faults.js';
import { type GoldenTerms, goldenCases } from '../plan/golden.js';
import { loadBenchFile } from '../plan/load-bench-file.js';
import { type GoldenResult, goldenResult } from '../records/golden-state.js';
import { exitCodes } from '../stages/exit-code.js';
import { heldLeases } from '../station/lease-client.js';
import { findStation } from '../station/station-client.js';
import { waitWords } from './progress.js';
import type { Terminal } from './terminal.js';
import { type BenchOptions, type RegisterVerb, type VerbContext, withBench } from './verb.js';

interface GoldenOptions extends BenchOptions {
  readonly port?: string;
  readonly status: boolean;
  readonly station: boolean;
}

export const registerGolden: RegisterVerb = (program, context) => {
  withBench(
    program
      .command('golden')
      .description('tests the bench itself: a known phone must pass, each fault on purpose must be found out'),
    context,
  )
    .option('--port <name>', 'port of the bench file; without it, all simulated ones')
    .option('--status', 'only tells whether each port may judge, and until when', false)
    .option('--no-station', 'never go through a running station')
    .action(async (options: GoldenOptions) => {
      const bench = loadBenchFile(options.bench);
      if (bench.golden === null)
        throw new BenchError('USAGE', `${options.bench} has no golden section: its ports judge without (docs/plan.md)`);
      const ports = chosen(bench, options);
      context.done(
        options.status
          ? await tellStanding(
              context,
              bench,
              ports,
              options,
              options.station ? await findStation(options.socket) : undefined,
            )
          : await runAll(context, bench, ports, options),
      );
    });
};

const chosen = (bench: BenchFile, { port: wanted, status }: GoldenOptions): readonly BenchPort[] => {
  if (wanted === undefined) {
    const ports = status ? bench.ports : bench.ports.filter(({ kind }) => kind === 'simulated');
    if (ports.length > 0) return ports;
    throw new BenchError('USAGE', 'plug the known phone into a port, and name it with --port');
  }
  const port = bench.ports.find(({ name }) => name === wanted);
  if (port !== undefined) return [port];
  throw new BenchError('PORT_UNKNOWN', `"${wanted}"; there are: ${bench.ports.map(({ name }) => name).join(', ')}`);
};

const runAll = async (
  context: VerbContext,
  bench: BenchFile,
  ports: readonly BenchPort[],
  options: GoldenOptions,
): Promise<number> => {
  const { composition, signal } = context;
  const station = options.station ? await findStation(options.socket) : undefined;
  const isTheStations = station !== undefined && ports.every(({ name }) => station.ports.includes(name));
  const runner = isTheStations ? station : await composition.openRunner(options.bench, options);
  await runner.recoverCutRuns();
  for (const port of ports) {
    for (const fault of goldenCases(port.kind, bench.golden as GoldenTerms)) {
      const result = await runCase(context, runner, bench, port, fault);
      tellCase(composition.terminal, port, result, options.json);
      if (signal.aborted) return exitCodes.interrupted;
    }
  }
  return tellStanding(context, bench, ports, options, isTheStations ? station : undefined);
};

const runCase = async (
  { composition: { terminal }, signal }: VerbContext,
  runner: Runner,
  bench: BenchFile,
  port: BenchPort,
  fault: FaultName | null,
): Promise<GoldenResult> => {
  const terms = bench.golden as GoldenTerms;
  const request: RunRequest = {
    port: port.name,
    planPath: terms.planPath,
    faults: fault === null ? [] : [fault],
    golden: true,
    leases: heldLeases(),
  };
  terminal.passing(`${port.name}: ${fault ?? 'the known phone'}`);
  const watcher = {
    started: () => {},
    event: () => {},
    waiting: (wait: SharedWait) => terminal.error(`${port.name}: ${waitWords(wait)}`),
  };
  const { record } = await runner.run(request, watcher, signal);
  return goldenResult(record, fault, terms);
};

const tellCase = ({ line, paint }: Terminal, { name }: BenchPort, result: GoldenResult, json: boolean) => {
  if (json) return line(JSON.stringify({ type: 'case', port: name, ...result }));
  const found = result.asExpected ? paint('green', 'as it must   ') : paint('red', 'NOT AS IT MUST');
  line(
    `${name}  ${found} ${(result.fault ?? 'the known phone').padEnd(20)} ${result.told}  ${paint('grey', result.runId)}`,
  );
};

/** undefined: as the bench file says. A station that tests by a plan set has the plan of golden runs from there. */
const goldenPlanOf = (
  station: Awaited<ReturnType<typeof findStation>>,
): ((configured: string) => string) | undefined => {
  if (station === undefined || station.planSet === null) return undefined;
  const { planSet, goldenPlan } = station;
  return (configured) => {
    if (goldenPlan !== null) return goldenPlan;
    if (planSet.inForce === null)
      throw new BenchError('PLAN_SET_NONE', planSet.refused?.message ?? 'nothing was published for it yet');
    throw new BenchError('PLAN_NOT_IN_SET', `golden.plan of the bench file, ${basename(configured)}`);
  };
};

/** Exit code: 0 where all may judge. */
const tellStanding = async (
  { composition: { terminal, clock } }: VerbContext,
  bench: BenchFile,
  ports: readonly BenchPort[],
  { json }: GoldenOptions,
  station: Awaited<ReturnType<typeof findStation>>,
): Promise<number> => {
  const goldenPlanPath = goldenPlanOf(station);
  let exitCode: number = exitCodes.good;
  for (const port of ports) {
    const standing = await standingOf(
      { bench, clock, ...(goldenPlanPath === undefined ? {} : { goldenPlanPath }) },
      port,
    );
    if (standing === null) continue;
    if (!standing.mayJudge) exitCode = exitCodes.wentWrong;
    if (json) terminal.line(JSON.stringify({ type: 'port', port: port.name, ...standing }));
    else if (standing.mayJudge) terminal.line(terminal.paint('bold', `${port.name} may judge until ${standing.until}`));
    else
      terminal.line(`${terminal.paint('red', `${port.name} judges no phone`)}  ${standing.code}: ${standing.reason}`);
  }
  return exitCode;
};
