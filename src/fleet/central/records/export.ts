/** The runs of a search as files to hand on. */
import type { FoundRun } from './search.js';

const columns: readonly (readonly [name: string, value: (run: FoundRun) => string | number | boolean | null])[] = [
  ['station', (run) => run.station],
  ['run', (run) => run.runId],
  ['port', (run) => run.port],
  ['started_at', (run) => run.startedAt],
  ['duration_ms', (run) => run.durationMs],
  ['verdict', (run) => run.verdict],
  ['blame', (run) => run.blame],
  ['stage', (run) => run.stage],
  ['cause', (run) => run.cause],
  ['serial', (run) => run.serial],
  ['mac', (run) => run.mac],
  ['device_id', (run) => run.deviceId],
  ['platform', (run) => run.platform],
  ['load', (run) => run.load],
  ['model', (run) => run.model],
  ['plan', (run) => run.plan],
  ['plan_sha256', (run) => run.planHash],
  ['attempt', (run) => run.attempt],
  ['golden', (run) => run.golden],
  ['exit_code', (run) => run.exitCode],
];

/** Spreadsheets take a text that begins so for a formula; what a phone calls itself must not be one. */
const formula = /^[=+\-@\t\r]/;

/** RFC 4180. */
const field = (value: string | number | boolean | null): string => {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  const text = formula.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

export async function* asCsv(parts: AsyncIterable<readonly FoundRun[]>): AsyncGenerator<string> {
  // A byte order mark, or spreadsheets take UTF-8 for something else.
  yield `\u{feff}${columns.map(([name]) => name).join(',')}\r\n`;
  for await (const runs of parts)
    yield runs.map((run) => `${columns.map(([, value]) => field(value(run))).join(',')}\r\n`).join('');
}

/** One array. */
export async function* asJson(parts: AsyncIterable<readonly FoundRun[]>): AsyncGenerator<string> {
  let before = '[\n';
  for await (const runs of parts)
    for (const run of runs) {
      yield `${before}${JSON.stringify(run)}`;
      before = ',\n';
    }
  yield before === '[\n' ? '[]\n' : '\n]\n';
}
