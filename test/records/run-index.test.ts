import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { RunRecord } from '../../src/records/record.js';
import { indexName, RunIndex } from '../../src/records/run-index.js';
import { healthyRun } from '../reports/fixture-run.js';

const opened: RunIndex[] = [];
const open = (runs: string): RunIndex => {
  const index = RunIndex.open(runs);
  opened.push(index);
  return index;
};
afterEach(() => {
  for (const index of opened.splice(0)) index.close();
});

const newRuns = (): string => mkdtempSync(join(tmpdir(), 'linkpulse-index-'));
const { record } = healthyRun();
const write = (runs: string, changes: Partial<RunRecord> & { readonly runId: string }): void => {
  mkdirSync(join(runs, changes.runId), { recursive: true });
  writeFileSync(join(runs, changes.runId, 'record.json'), JSON.stringify({ ...record, ...changes }));
};
const ids = (found: readonly { readonly runId: string }[]) => found.map(({ runId }) => runId);

test('a rebuilt index finds what the folders hold, newest first, and nothing else', async () => {
  const runs = newRuns();
  write(runs, { runId: 'a', startedAt: '2026-11-20T08:00:00.000Z' });
  write(runs, { runId: 'b', startedAt: '2026-11-21T08:00:00.000Z', verdict: 'fail', cause: 'Link_ never came up' });
  mkdirSync(join(runs, 'c'));
  mkdirSync(join(runs, 'd'));
  writeFileSync(join(runs, 'd', 'record.json'), '{"runId":');
  write(runs, { runId: 'e' });
  writeFileSync(join(runs, 'e', 'record.json'), JSON.stringify({ ...record, runId: 'somebody else' }));

  const index = open(runs);
  const told = await index.reindex();
  expect(told).toMatchObject({ runs: 2, added: 2, removed: 0, unfinished: 1 });
  expect(told.unreadable.map(({ runId }) => runId)).toEqual(['d', 'e']);
  expect(ids(index.search())).toEqual(['b', 'a']);
  expect(index.search({ unit: record.phone.deviceId ?? '' })).toHaveLength(2);
  expect(ids(index.search({ verdict: 'FAIL' }))).toEqual(['b']);
  // An underscore is no joker, a percent sign is.
  expect(ids(index.search({ text: 'k_' }))).toEqual(['b']);
  expect(ids(index.search({ platform: 'cisco%' }))).toEqual(['b', 'a']);
  expect(ids(index.search({ since: '2026-11-20T08:00:00.001Z' }))).toEqual(['b']);
  expect(ids(index.search({ until: '2026-11-21T08:00:00.000Z', limit: 1 }))).toEqual(['a']);
  expect(index.search({ text: "'; DROP TABLE runs; --" })).toEqual([]);
});

test('only what changed is read again; what is gone is forgotten, with its measurements', async () => {
  const runs = newRuns();
  write(runs, { runId: 'a' });
  write(runs, { runId: 'b' });
  const index = open(runs);
  await index.reindex();
  expect(await index.reindex()).toMatchObject({ runs: 2, added: 0, removed: 0 });
  rmSync(join(runs, 'b'), { recursive: true });
  expect(await index.reindex()).toMatchObject({ runs: 1, added: 0, removed: 1 });
  expect(new Set(ids(index.measurements()))).toEqual(new Set(['a']));
  expect(await index.reindex({ all: true })).toMatchObject({ added: 1 });
  expect(index.measurements({ names: ['boot.linkUpMs'] })).toHaveLength(1);
});

test.each(['00:0F:24:5A:79:60', '000f.245a.7960', '00-0f-24-5a-79-60', 'SEP000F245A7960', '%5a7960'])(
  'a MAC is found as it is written on labels, switches and phones: %s',
  async (mac) => {
    const runs = newRuns();
    write(runs, { runId: 'a', phone: { ...record.phone, mac: '00:0f:24:5a:79:60' } });
    write(runs, { runId: 'b', phone: { ...record.phone, mac: '00:0f:24:5a:79:61' } });
    const index = open(runs);
    await index.reindex();
    expect(ids(index.search({ mac }))).toEqual(['a']);
  },
);

test('search by measurement, values in the order of the runs', async () => {
  const runs = newRuns();
  const linkUp = (value: number) =>
    record.measurements.map((measurement) =>
      measurement.name === 'boot.linkUpMs' ? { ...measurement, value } : measurement,
    );
  write(runs, { runId: 'a', startedAt: '2026-11-21T08:00:00.000Z', measurements: linkUp(4100) });
  write(runs, { runId: 'b', startedAt: '2026-11-20T08:00:00.000Z', measurements: linkUp(3800) });
  const index = open(runs);
  await index.reindex();
  expect(ids(index.search({ measurement: { name: 'boot.linkUpMs', min: 4000 } }))).toEqual(['a']);
  expect(ids(index.search({ measurement: { name: 'boot.linkUpMs', max: 3800 } }))).toEqual(['b']);
  expect(index.measurements({ names: ['boot.linkUpMs'] }).map(({ value }) => value)).toEqual([3800, 4100]);
});

test('an index of another version, or none that SQLite can read, is said so or made anew', async () => {
  const runs = newRuns();
  write(runs, { runId: 'a' });
  const first = RunIndex.open(runs);
  await first.reindex();
  first.close();
  const again = open(runs);
  expect(ids(again.search())).toEqual(['a']);
  const broken = newRuns();
  writeFileSync(join(broken, indexName), 'this is no database, and never was one');
  write(broken, { runId: 'b' });
  expect(() => open(broken)).toThrow(expect.objectContaining({ code: 'INDEX_FAILED' }));
  const made = RunIndex.openEmpty(broken);
  opened.push(made);
  await made.reindex();
  expect(ids(made.search())).toEqual(['b']);
});

test('a phone that never said what it is is found by the model of its plan; failed runs blame the phone', async () => {
  const runs = newRuns();
  write(runs, { runId: 'mute', verdict: 'fail', phone: { ...record.phone, platform: null } });
  write(runs, { runId: 'other', plan: { ...record.plan, hash: 'x', text: 'no plan: [' } });
  const index = open(runs);
  await index.reindex();
  expect(ids(index.search({ model: 'cp-7960' }))).toEqual(['mute']);
  expect(ids(index.search({ model: 'Phone 7960' }))).toEqual(['other']);
  expect(ids(index.search({ blame: 'phone' }))).toEqual(['mute']);
});
