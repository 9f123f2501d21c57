import type { RunOutcome, RunWatcher } from '../bench/runner.js';
import { createJsonLines } from './json-lines.js';
import { createProgress } from './progress.js';
import type { Terminal } from './terminal.js';

export interface RunView extends RunWatcher {
  finished(outcome: RunOutcome): void;
}

export const createView = (terminal: Terminal, json: boolean): RunView =>
  json ? createJsonLines((line) => void process.stdout.write(line)) : createProgress(terminal);
