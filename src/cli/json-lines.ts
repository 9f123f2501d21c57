import type { RunOutcome, RunWatcher } from '../bench/runner.js';

/** Newline-delimited JSON on standard output: one `started`, every event, one `result` last. */
export const createJsonLines = (
  write: (line: string) => void,
): RunWatcher & { finished(outcome: RunOutcome): void } => {
  const say = (value: object) => write(`${JSON.stringify(value)}\n`);
  return {
    started: (run) => say({ type: 'started', ...run }),
    event: (event) => say({ type: 'event', ...event }),
    finished: ({ record, folder }) => say({ type: 'result', folder, record }),
  };
};
