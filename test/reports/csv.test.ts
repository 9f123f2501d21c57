import { describe, expect, it } from 'vitest';
import { csvReport } from '../../src/reports/csv.js';
import { healthyRun, shortCircuitRun } from './fixture-run.js';

/** RFC 4180, read strictly: anything else throws. */
const parse = (text: string): string[][] => {
  const rows: string[][] = [[]];
  let rest = text;
  while (rest !== '') {
    const [whole = '', quoted, bare, end] = /^(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/.exec(rest) ?? [];
    if (whole === '') throw new Error(`not RFC 4180 at: ${rest.slice(0, 60)}`);
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? bare ?? '');
    if (end === '\r\n') rows.push([]);
    rest = rest.slice(whole.length);
  }
  expect(rows.pop()).toEqual([]);
  return rows;
};
const objects = (text: string): Record<string, string>[] => {
  const [header = [], ...rows] = parse(text);
  for (const row of rows) expect(row).toHaveLength(header.length);
  return rows.map((row) => Object.fromEntries(header.map((name, index) => [name, row[index] ?? ''])));
};

describe('measurements.csv', () => {
  it('has one row per measurement of each run, with limits, unit and verdicts', () => {
    const runs = [healthyRun().record, shortCircuitRun().record];
    const rows = objects(csvReport(runs));
    expect(rows).toHaveLength(runs.flatMap(({ measurements }) => measurements).length);
    const linkUp = rows.find(({ measurement }) => measurement === 'boot.linkUpMs');
    expect(linkUp).toMatchObject({
      run: runs[0]?.runId,
      started_at: '2026-11-23T03:15:02.250Z',
      mac: '00:0f:24:5a:79:60',
      device_id: 'SEP000F245A7960',
      model: 'Cisco IP Phone 7960',
      plan: 'cp-7960g',
      run_verdict: 'pass',
      run_blame: '',
      stage: 'boot',
      value: '3813',
      unit: 'ms',
      min: '',
      marginal_max: '6000',
      max: '10000',
      marginal: 'no',
      verdict: 'pass',
    });
    expect(rows.at(-1)?.run_verdict).toBe('fail');
  });

  it('says why a measurement could not be made', () => {
    const { record } = healthyRun();
    const stages = record.stages.map((stage) =>
      stage.stage === 'power'
        ? { ...stage, notMeasured: [{ name: 'power.inrushMs', reason: 'no serial' } as const] }
        : stage,
    );
    const skipped = objects(csvReport([{ ...record, stages }])).find(({ verdict }) => verdict === 'skipped');
    expect(skipped).toMatchObject({ measurement: 'power.inrushMs', value: '', note: 'no serial' });
  });

  it('keeps its columns whatever a phone calls itself, and no spreadsheet takes that for a formula', () => {
    const { record } = healthyRun();
    const named = (platform: string) =>
      objects(csvReport([{ ...record, phone: { ...record.phone, platform } }]))[0]?.model;
    expect(named('a "b", c\r\nd')).toBe('a "b", c\r\nd');
    expect(named('=HYPERLINK("http://x")')).toBe(`'=HYPERLINK("http://x")`);
    expect(named('@SUM(A1)')).toBe("'@SUM(A1)");
  });
});
