import { Command, CommanderError } from 'commander';
import type { Runner } from '../bench/runner.js';
import { isBenchError } from '../errors.js';
import type { SimulatorReach } from '../records/run-folder.js';
import { exitCodes } from '../stages/exit-code.js';
import { startStation } from '../station/station.js';
import { findStation } from '../station/station-client.js';
import type { Clock } from '../timeline/clock.js';
import { demoVerb, listFaults, parseFault } from './demo.js';
import { exitCodeOfError } from './exit-codes.js';
import { runVerb } from './run.js';
import type { Terminal } from './terminal.js';

/** What main hands to the verbs. */
export interface Composition {
  readonly version: string;
  readonly clock: Clock;
  readonly terminal: Terminal;
  readonly defaults: { readonly benchPath: string; readonly planPath: string; readonly socketPath: string };
  /** The runner of a bench file, in this process. Enters a private network first where the bench is simulated. */
  openRunner(benchPath: string, options: { readonly limited: boolean }): Promise<Runner & { readonly station: string }>;
  simulatorCommand(simulator: SimulatorReach, command: string): Promise<object>;
  /** This program with these words, as a command line. */
  commandLine(words: readonly string[]): readonly [string, ...string[]];
}

interface CommonOptions {
  readonly bench: string;
  readonly socket: string;
  readonly limited: boolean;
  readonly json: boolean;
}

/** Parses and runs one command line. Resolves with the exit code; never throws. */
export const runProgram = async (argv: readonly string[], composition: Composition): Promise<number> => {
  const { terminal } = composition;
  const signal = signalsAborting();
  let exitCode: number = exitCodes.good;
  const program = createProgram(composition, signal, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.good : exitCodes.usage;
    if (isBenchError(error)) {
      terminal.error(`${terminal.paint('red', error.code)}: ${error.message}`);
      terminal.error(`  ${error.remedy}`);
    } else terminal.error(`INTERNAL: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return exitCodeOfError(error);
  }
};

const createProgram = (composition: Composition, signal: AbortSignal, done: (exitCode: number) => void): Command => {
  const { defaults, terminal, clock } = composition;
  const program = new Command('linkpulse')
    .description('Takes a Cisco IP phone from its first link pulse to registration and says who is to blame.')
    .version(composition.version)
    .exitOverride()
    .configureOutput({ writeErr: (text) => terminal.error(text.trimEnd()) })
    .addHelpText(
      'after',
      '\nExit codes: 0 pass, 1 fail (the phone), 2 interrupted, 3 internal, 4 usage or plan, 5 error (bench, network, config, operator), 6 safety trip',
    );
  const withBench = (command: Command, benchPath: string) =>
    command
      .option('--bench <file>', 'bench file: ports, boards, interfaces', benchPath)
      .option('--socket <path>', 'local socket of the station', defaults.socketPath)
      .option('--limited', 'do without network namespaces: loopback only, the run says what it did not prove', false)
      .option('--json', 'newline-delimited JSON instead of text', false);

  withBench(program.command('run').description('one phone on one port'), defaults.benchPath)
    .requiredOption('--port <name>', 'port of the bench file')
    .requiredOption('--plan <file>', 'test plan')
    .option('--fault <name...>', 'faults on purpose (simulated ports only)', [])
    .option('--strict', 'marginal counts as fail', false)
    .option('--no-station', 'never go through a running station')
    .action(
      async (
        options: CommonOptions & { port: string; plan: string; fault: string[]; strict: boolean; station: boolean },
      ) => {
        const faults = options.fault.map((name) => parseFault(name) ?? name);
        const station = options.station ? await findStation(options.socket) : undefined;
        const runner = station?.ports.includes(options.port)
          ? station
          : await composition.openRunner(options.bench, options);
        const request = { port: options.port, planPath: options.plan, faults };
        done(await runVerb({ runner, request, terminal, json: options.json, strict: options.strict, signal }));
      },
    );

  withBench(
    program.command('demo').description('a run on the simulated bench, with a fault on purpose if you like'),
    defaults.benchPath,
  )
    .option('--port <name>', 'simulated port', 'sim1')
    .option('--plan <file>', 'test plan', defaults.planPath)
    .option('--fault <name>', 'see --list-faults')
    .option('--list-faults', 'what can go wrong on purpose, and how it must be judged', false)
    .action(async (options: CommonOptions & { port: string; plan: string; fault?: string; listFaults: boolean }) => {
      if (options.listFaults) return listFaults(terminal, options.json);
      const fault = parseFault(options.fault);
      const runner = await composition.openRunner(options.bench, options);
      const limited = options.limited ? ['--limited'] : [];
      const runCommand = composition.commandLine(['run', '--no-station', '--bench', options.bench, ...limited]);
      const { port, plan: planPath, json } = options;
      const { simulatorCommand } = composition;
      done(
        await demoVerb({ runner, terminal, clock, port, planPath, fault, json, signal, simulatorCommand, runCommand }),
      );
    });

  withBench(
    program.command('station').description('the daemon: owns the boards of a bench file, answers on a local socket'),
    defaults.benchPath,
  ).action(async (options: CommonOptions) => {
    const runner = await composition.openRunner(options.bench, options);
    const log = (text: string) => terminal.line(`${clock.wallClock().toISOString()} ${text}`);
    for (const cut of await runner.recoverCutRuns()) log(`cut run completed: ${cut.folder} (${cut.record.cause})`);
    const station = await startStation({ name: runner.station, runner, socketPath: options.socket, log });
    log(`station ${runner.station} answers on ${station.socketPath}; ports: ${runner.ports.join(', ')}`);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await station.close(String(signal.reason));
    log('station closed, power off');
  });
  return program;
};

/** SIGINT, SIGTERM and SIGHUP end a run: power off first, then the record. A second one changes nothing. */
const signalsAborting = (): AbortSignal => {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => controller.abort(name));
  return controller.signal;
};
