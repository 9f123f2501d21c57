import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { RunOutcome, RunWatcher } from '../bench/runner.js';
import type { SimulatorReach } from '../records/run-folder.js';

/** Newline-delimited JSON on standard output: one `started`, every event, one `result` last; of several attempts each but the last ends with `attempt`. */
export const createJsonLines = (
  write: (line: string) => void,
): RunWatcher & { finished(outcome: RunOutcome): void } => {
  const say = (value: object) => write(`${JSON.stringify(value)}\n`);
  return {
    started: (run) => say({ type: 'started', ...run }),
    event: (event) => say({ type: 'event', ...event }),
    waiting: (wait) => say({ type: 'waiting', ...wait }),
    again: ({ record, folder }) => say({ type: 'attempt', folder, record }),
    finished: ({ record, folder }) => say({ type: 'result', folder, record }),
  };
};

/** A line as a reader may take it: it is another process's word. */
export interface JsonLine {
  readonly type?: string;
  readonly fact?: { readonly kind: string };
  readonly simulator?: SimulatorReach | null;
}

/** The lines of a daemon started with --json. */
export const watchLines = (child: ChildProcess, listener: (line: JsonLine) => void): void => {
  if (child.stdout === null) return;
  createInterface({ input: child.stdout }).on('line', (text) => {
    try {
      listener(JSON.parse(text) as JsonLine);
    } catch {
      // A line cut by the kill.
    }
  });
};
