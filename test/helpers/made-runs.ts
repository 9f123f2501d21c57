/** Run folders made from the healthy run of the reports' tests: whole ones, as `records` and the station's page take them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunRecord } from '../../src/records/record.js';
import { htmlReport } from '../../src/reports/html.js';
import { healthyRun, quickPlan } from '../reports/fixture-run.js';

const { record, events } = healthyRun();
const timeline = [{ format: 'linkpulse-timeline', version: 1, startedAt: record.startedAt, startClockUs: 0 }, ...events]
  .map((line) => `${JSON.stringify(line)}\n`)
  .join('');

export interface MadeRun extends Partial<Omit<RunRecord, 'phone'>> {
  readonly runId: string;
  readonly startedAt: string;
  readonly phone?: Partial<RunRecord['phone']>;
  readonly linkUpMs?: number;
}

export const madeRecord = ({ linkUpMs, phone, ...changes }: MadeRun): RunRecord => ({
  ...record,
  ...changes,
  phone: { ...record.phone, ...phone },
  measurements: record.measurements.map((measurement) =>
    measurement.name === 'boot.linkUpMs' && linkUpMs !== undefined ? { ...measurement, value: linkUpMs } : measurement,
  ),
});

export const makeRun = (runsDirectory: string, run: MadeRun): void => {
  const folder = join(runsDirectory, run.runId);
  const made = madeRecord(run);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'record.json'), JSON.stringify(made));
  writeFileSync(join(folder, 'timeline.ndjson'), timeline);
  writeFileSync(join(folder, 'report.html'), htmlReport(made, events, quickPlan().plan));
};
