import type { Runner, RunRequest } from '../bench/runner.js';
import { BenchError } from '../errors.js';
import type { Answer } from '../plan/prompts.js';
import { heldLeases } from '../station/lease-client.js';
import { findStation } from '../station/station-client.js';
import { asking, readAnswer } from './ask.js';
import { parseFault } from './demo.js';
import { createView } from './run-view.js';
import type { Terminal } from './terminal.js';
import { type BenchOptions, type RegisterVerb, withBench } from './verb.js';

interface RunOptions extends BenchOptions {
  readonly port: string;
  readonly plan: string;
  readonly fault: readonly string[];
  readonly strict: boolean;
  readonly onButton: boolean;
  readonly station: boolean;
  readonly observe: boolean;
  readonly serial?: string;
  readonly labelMac?: string;
  readonly answer?: Readonly<Record<string, Answer>>;
}

export const registerRun: RegisterVerb = (program, context) => {
  const { composition, signal, done } = context;
  withBench(program.command('run').description('one phone on one port'), context)
    .requiredOption('--port <name>', 'port of the bench file')
    .requiredOption('--plan <file>', 'test plan')
    .option('--fault <name...>', 'faults on purpose (simulated ports only)', [])
    .option('--observe', 'power and judging alone: others serve, behind the port’s uplink of the bench file', false)
    .option('--serial <number>', 'serial number on the phone’s label')
    .option('--label-mac <mac>', 'MAC address on the label: the phone must go by it everywhere')
    .option('--answer <prompt=yes|no>', 'answers a question of the plan beforehand; may be given again', readAnswer)
    .option('--strict', 'marginal counts as fail', false)
    .option('--on-button', "begins when the bench's start button on the Pi's header is pressed", false)
    .option('--no-station', 'never go through a running station')
    .action(async (options: RunOptions) => {
      const faults = options.fault.map((name) => parseFault(name) ?? name);
      const station = options.station ? await findStation(options.socket) : undefined;
      const runner = station?.ports.includes(options.port)
        ? station
        : await composition.openRunner(options.bench, options);
      const { observe } = options;
      const label = { serial: options.serial ?? null, labelMac: options.labelMac ?? null };
      const { json, strict, answer } = options;
      const request = {
        ...{ port: options.port, planPath: options.plan, faults, ...label },
        ...(observe ? { observe } : {}),
        ...(answer === undefined ? {} : { answers: answer }),
        leases: heldLeases(),
        isAttended: composition.terminal.isInteractive && !json,
      };
      if (options.onButton) {
        if (!json) composition.terminal.line('waiting for the start button');
        await composition.startButton(signal);
      }
      done(await runVerb({ runner, request, terminal: composition.terminal, json, strict, signal }));
    });
};

/** First tells of runs that were cut before, then runs. Returns the exit code. */
export const runVerb = async (parts: {
  readonly runner: Runner;
  readonly request: RunRequest;
  readonly terminal: Terminal;
  readonly json: boolean;
  readonly strict: boolean;
  readonly signal: AbortSignal;
}): Promise<number> => {
  const { runner, request, terminal } = parts;
  if (!runner.ports.includes(request.port))
    throw new BenchError('PORT_UNKNOWN', `"${request.port}"; there are: ${runner.ports.join(', ')}`);
  for (const cut of await runner.recoverCutRuns())
    terminal.error(`A run was cut before; its record is complete now: ${cut.folder}/record.json (${cut.record.cause})`);
  const view = createView(terminal, parts.json);
  const watcher = request.isAttended === true ? asking(view, { runner, request, terminal }) : view;
  const outcome = await runner.run(request, watcher, parts.signal);
  view.finished(outcome);
  return strictly(outcome.record.exitCode, outcome.record.verdict, parts.strict);
};

/** Design: marginal is 0, with --strict 1. */
export const strictly = (exitCode: number, verdict: string, strict: boolean): number =>
  strict && exitCode === 0 && verdict === 'marginal' ? 1 : exitCode;
