import { spawn } from 'node:child_process';
import type { Runner, RunOutcome, RunWatcher } from '../bench/runner.js';
import { BenchError } from '../errors.js';
import { type FaultName, type FaultRow, faultNames, faultTable } from '../plan/faults.js';
import { closestName } from '../plan/suggestion.js';
import type { SimulatorReach } from '../records/run-folder.js';
import type { Clock } from '../timeline/clock.js';
import type { TimelineEvent } from '../timeline/events.js';
import { sleep } from '../timeline/wait.js';
import { watchLines } from './json-lines.js';
import { createView } from './run-view.js';
import type { Terminal } from './terminal.js';
import { type BenchOptions, type RegisterVerb, withBench } from './verb.js';

/** Well after link-up, so that the phone is in the middle of its start-up. */
const strikeAfterLinkMs = 400;
/** Longer than the firmware needs to notice (heartbeat 500 ms) and the jack to fall. */
const afterDeathMs = 1_500;

/** Faults that the simulated bench is told of while the phone runs, and its command for each. */
const strikes: Readonly<Partial<Record<FaultName, string>>> = {
  'serial-pulled': 'serial-unplug',
  estop: 'estop-open',
  'barrier-dark': 'barrier-dark',
};

interface DemoOptions extends BenchOptions {
  readonly port: string;
  readonly plan: string;
  readonly fault?: string;
  readonly listFaults: boolean;
}

export const registerDemo: RegisterVerb = (program, context) => {
  const { composition, signal, done } = context;
  const { terminal, clock, defaults, simulatorCommand } = composition;
  const command = program
    .command('demo')
    .description('a run on the simulated bench, with a fault on purpose if you like');
  withBench(command, context)
    .option('--port <name>', 'simulated port', 'sim1')
    .option('--plan <file>', 'test plan', defaults.planPath)
    .option('--fault <name>', 'see --list-faults')
    .option('--list-faults', 'what can go wrong on purpose, and how it must be judged', false)
    .action(async (options: DemoOptions) => {
      if (options.listFaults) return listFaults(terminal, options.json);
      const fault = parseFault(options.fault);
      const runner = await composition.openRunner(options.bench, options);
      const limited = options.limited ? ['--limited'] : [];
      const runCommand = composition.commandLine(['run', '--no-station', '--bench', options.bench, ...limited]);
      const { port, plan: planPath, json } = options;
      done(
        await demoVerb({ runner, terminal, clock, port, planPath, fault, json, signal, simulatorCommand, runCommand }),
      );
    });
};

interface DemoParts {
  readonly runner: Runner;
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly port: string;
  readonly planPath: string;
  readonly fault: FaultName | undefined;
  readonly json: boolean;
  readonly signal: AbortSignal;
  simulatorCommand(simulator: SimulatorReach, command: string): Promise<object>;
  /** This program's own `run` on the same bench, as the words of a command line. */
  readonly runCommand: readonly [string, ...string[]];
}

export const parseFault = (name: string | undefined): FaultName | undefined => {
  if (name === undefined) return undefined;
  const known = faultNames.find((fault) => fault === name);
  if (known !== undefined) return known;
  const near = closestName(name, faultNames);
  const hint = near === undefined ? 'see --list-faults' : `did you mean ${near}?`;
  throw new BenchError('USAGE', `no fault "${name}"; ${hint}`);
};

const listFaults = (terminal: Terminal, json: boolean): void => {
  const rows = faultNames.map((name) => ({ name, ...(faultTable[name] as FaultRow) }));
  if (json) {
    for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`);
    return;
  }
  const judged = (row: FaultRow) =>
    `${row.stage} ${row.verdict}${row.blame === null ? '' : ` (${row.blame})`}, exit ${row.exit}`;
  const nameWidth = Math.max(...faultNames.map((name) => name.length));
  const judgedWidth = Math.max(...rows.map((row) => judged(row).length));
  for (const row of rows) {
    const title = terminal.paint('grey', row.title);
    terminal.line(`${row.name.padEnd(nameWidth)}  ${judged(row).padEnd(judgedWidth)}  ${title}`);
  }
};

/** `run` on the simulated bench, with a fault on purpose where one is asked for. Returns the exit code. */
const demoVerb = async (parts: DemoParts): Promise<number> => {
  if (parts.fault === 'daemon-killed') return demoDaemonKilled(parts);
  const view = createView(parts.terminal, parts.json);
  const command = parts.fault === undefined ? undefined : strikes[parts.fault];
  const watcher = command === undefined ? view : striking(parts, view, command);
  const request = {
    port: parts.port,
    planPath: parts.planPath,
    faults: parts.fault === undefined ? [] : [parts.fault],
    // The simulated phone shows what it should; a demo waits for nobody.
    answers: 'expected' as const,
  };
  const outcome = await parts.runner.run(request, watcher, parts.signal);
  view.finished(outcome);
  return outcome.record.exitCode;
};

/** Calls `strike` once, a little after the phone under power has brought link up. */
const afterLink = (clock: Clock, strike: () => void): ((event: TimelineEvent) => void) => {
  let isPowered = false;
  let struck = false;
  return ({ fact }) => {
    if (fact.kind === 'power-on') isPowered = true;
    if (fact.kind !== 'link-up' || !isPowered || struck) return;
    struck = true;
    clock.alarm(strikeAfterLinkMs, strike);
  };
};

const striking = (parts: DemoParts, view: RunWatcher, command: string): RunWatcher => {
  let simulator: SimulatorReach | null = null;
  const strike = afterLink(parts.clock, () => {
    if (simulator !== null) parts.simulatorCommand(simulator, command).catch(() => {});
  });
  return {
    started: (run) => {
      simulator = run.simulator;
      view.started(run);
    },
    event: (event, results) => {
      view.event(event, results);
      strike(event);
    },
  };
};

/** Runs the daemon as a process of its own, kills it while powered, then starts anew and reads what the board did. */
const demoDaemonKilled = async (parts: DemoParts): Promise<number> => {
  const { terminal, clock } = parts;
  const [program, ...words] = parts.runCommand;
  const daemon = spawn(program, [...words, '--port', parts.port, '--plan', parts.planPath, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const onAbort = () => daemon.kill('SIGTERM');
  parts.signal.addEventListener('abort', onAbort, { once: true });
  const ended = new Promise<void>((resolve) => daemon.on('exit', () => resolve()));
  const kill = afterLink(clock, () => daemon.kill('SIGKILL'));
  watchLines(daemon, (line) => {
    if (parts.json) process.stdout.write(`${JSON.stringify(line)}\n`);
    if (line.type !== 'event' || line.fact === undefined) return;
    if (!parts.json && ['power-on', 'link-up'].includes(line.fact.kind))
      terminal.line(`  daemon ${daemon.pid}: ${line.fact.kind}`);
    kill(line as unknown as TimelineEvent);
  });
  await ended;
  parts.signal.removeEventListener('abort', onAbort);
  if (!parts.json)
    terminal.line(
      `  daemon ${daemon.pid} is dead (${daemon.signalCode ?? daemon.exitCode}); nobody sends heartbeats now`,
    );
  await sleep(clock, afterDeathMs);
  const recovered = await parts.runner.recoverCutRuns();
  const last: RunOutcome | undefined = recovered.at(-1);
  if (last === undefined) throw new BenchError('INTERNAL', 'the cut run left no mark behind');
  if (parts.json) createView(terminal, true).finished(last);
  else {
    terminal.line(terminal.paint('bold', '  started anew: the board was asked what it did'));
    createView(terminal, false).finished(last);
  }
  return last.record.exitCode;
};
