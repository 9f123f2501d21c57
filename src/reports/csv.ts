import type { RunRecord } from '../records/record.js';
import type { StageResult } from '../stages/judge.js';

/** Columns in their order; those that come later go to the end. */
const columns = [
  'run',
  'started_at',
  'station',
  'port',
  'serial',
  'mac',
  'device_id',
  'model',
  'plan',
  'plan_sha256',
  'attempt',
  'run_verdict',
  'run_blame',
  'stage',
  'measurement',
  'value',
  'unit',
  'min',
  'marginal_min',
  'marginal_max',
  'max',
  'marginal',
  'verdict',
  'note',
  'golden',
] as const;
type Row = Readonly<Partial<Record<(typeof columns)[number], string | number | null | undefined>>>;

/** Spreadsheets take a text that begins so for a formula; what a phone calls itself must not be one. */
const formula = /^[=+\-@\t\r]/;

/** RFC 4180: quoted where it must be, quotes doubled. */
const field = (value: Row[keyof Row]): string => {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = formula.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

const line = (fields: readonly string[]): string => `${fields.join(',')}\r\n`;

const rowsOfStage = ({ stage, measurements, notMeasured = [] }: StageResult): readonly Row[] => [
  ...measurements.map(({ name, value, unit, limits, verdict }) => ({
    stage,
    measurement: name,
    value,
    unit,
    min: limits?.min,
    marginal_min: limits?.marginalMin,
    marginal_max: limits?.marginalMax,
    max: limits?.max,
    marginal: verdict === 'marginal' ? 'yes' : 'no',
    verdict,
  })),
  ...notMeasured.map(({ name, reason }) => ({ stage, measurement: name, verdict: 'skipped', note: reason })),
];

export const csvHeader = (): string => line([...columns]);

/** One row per measurement of a run; those that could not be made have no value and say why in `note`. */
export const csvRows = (record: RunRecord): string => {
  const run: Row = {
    run: record.runId,
    started_at: record.startedAt,
    station: record.station,
    port: record.port,
    serial: record.phone.serial,
    mac: record.phone.mac,
    device_id: record.phone.deviceId,
    model: record.phone.platform,
    plan: record.plan.name,
    plan_sha256: record.plan.hash,
    attempt: record.attempt?.number ?? 1,
    run_verdict: record.verdict,
    run_blame: record.blame,
    golden: record.golden == null ? 'no' : 'yes',
  };
  return record.stages
    .flatMap(rowsOfStage)
    .map((row) => line(columns.map((column) => field({ ...run, ...row }[column]))))
    .join('');
};

export const csvReport = (records: readonly RunRecord[]): string => csvHeader() + records.map(csvRows).join('');
