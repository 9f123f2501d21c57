import type { Runner, RunOutcome, RunRequest, RunWatcher } from '../bench/runner.js';
import { BenchError } from '../errors.js';
import { createJsonLines } from './json-lines.js';
import { createProgress } from './progress.js';
import type { Terminal } from './terminal.js';

export interface RunView extends RunWatcher {
  finished(outcome: RunOutcome): void;
}

export const createView = (terminal: Terminal, json: boolean): RunView =>
  json ? createJsonLines((line) => void process.stdout.write(line)) : createProgress(terminal);

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
  const outcome = await runner.run(request, view, parts.signal);
  view.finished(outcome);
  return strictly(outcome.record.exitCode, outcome.record.verdict, parts.strict);
};

/** Design: marginal is 0, with --strict 1. */
export const strictly = (exitCode: number, verdict: string, strict: boolean): number =>
  strict && exitCode === 0 && verdict === 'marginal' ? 1 : exitCode;
