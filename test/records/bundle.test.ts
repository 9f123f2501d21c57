import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { exportBundle, importBundle, verifyBundle } from '../../src/records/bundle.js';
import { pruneRuns } from '../../src/records/prune.js';

const folder = (): string => mkdtempSync(join(tmpdir(), 'linkpulse-bundle-'));
const stationWith = (...runIds: string[]): string => {
  const runs = folder();
  for (const runId of runIds) {
    mkdirSync(join(runs, runId));
    writeFileSync(join(runs, runId, 'record.json'), JSON.stringify({ runId }));
    writeFileSync(join(runs, runId, 'capture.pcapng'), Buffer.alloc(100_000, runId));
  }
  return runs;
};

test('a bundle says the same of the same folders, is whole, and another station takes it in', async () => {
  const runs = stationWith('a', 'b', 'c');
  const [first, second] = [join(folder(), 'one.tar.gz'), join(folder(), 'two.tar.gz')];
  const manifest = await exportBundle(runs, ['b', 'a', 'b'], first);
  await exportBundle(runs, ['a', 'b'], second);
  expect(readFileSync(first).equals(readFileSync(second))).toBe(true);
  expect(manifest.runs).toEqual(['a', 'b']);
  expect(await verifyBundle(first)).toMatchObject({ problems: [] });

  const other = stationWith('b', 'z');
  expect(await importBundle(first, other)).toEqual({ added: ['a'], known: ['b'] });
  expect(readdirSync(other).sort()).toEqual(['a', 'b', 'z']);
  expect(readFileSync(join(other, 'a', 'capture.pcapng')).equals(Buffer.alloc(100_000, 'a'))).toBe(true);
});

test('a changed byte is found, and nothing is taken in', async () => {
  const bundle = join(folder(), 'bundle.tar.gz');
  await exportBundle(stationWith('a'), ['a'], bundle);
  const tar = gunzipSync(readFileSync(bundle));
  const at = tar.lastIndexOf('aaaa');
  tar[at] = 'b'.charCodeAt(0);
  writeFileSync(bundle, gzipSync(tar));
  expect((await verifyBundle(bundle)).problems).toEqual(['a/capture.pcapng: changed']);
  const other = folder();
  await expect(importBundle(bundle, other)).rejects.toMatchObject({ code: 'BUNDLE_INVALID' });
  expect(readdirSync(other)).toEqual([]);
});

test('what is cut short, is no bundle, or names files elsewhere is refused', async () => {
  const bundle = join(folder(), 'bundle.tar.gz');
  await exportBundle(stationWith('a'), ['a'], bundle);
  const whole = readFileSync(bundle);
  const tried: [string, Buffer][] = [
    ['cut', whole.subarray(0, whole.length - 200)],
    ['no gzip', Buffer.from('hello')],
    ['empty', gzipSync(Buffer.alloc(1024))],
    [
      'outside',
      gzipSync(
        Buffer.from(gunzipSync(whole).toString('latin1').replaceAll('"a/record.json"', '"../etc/passwd"'), 'latin1'),
      ),
    ],
  ];
  for (const [name, bytes] of tried) {
    const path = join(folder(), `${name}.tar.gz`);
    writeFileSync(path, bytes);
    await expect(verifyBundle(path), name).rejects.toMatchObject({ code: 'BUNDLE_INVALID' });
    await expect(importBundle(path, folder()), name).rejects.toMatchObject({ code: 'BUNDLE_INVALID' });
  }
});

test('a run that stands here with another record is not overwritten', async () => {
  const bundle = join(folder(), 'bundle.tar.gz');
  await exportBundle(stationWith('a', 'b'), ['a', 'b'], bundle);
  const other = stationWith('a');
  writeFileSync(join(other, 'a', 'record.json'), '{"runId":"a","verdict":"fail"}');
  await expect(importBundle(bundle, other)).rejects.toMatchObject({ code: 'BUNDLE_INVALID' });
  expect(readdirSync(other)).toEqual(['a']);
});

test('a run without a record cannot be exported', async () => {
  const runs = stationWith('a');
  rmSync(join(runs, 'a', 'record.json'));
  await expect(exportBundle(runs, ['a'], join(folder(), 'x.tar.gz'))).rejects.toMatchObject({
    code: 'RECORD_UNREADABLE',
  });
});

test('pruning takes the oldest finished runs, by count and by size, and never one that is not finished', async () => {
  const runs = stationWith('a', 'b', 'c', 'd');
  writeFileSync(join(runs, 'a', 'running.json'), '{}');
  const dry = await pruneRuns(runs, { maxRuns: 1, maxBytes: Number.POSITIVE_INFINITY }, { dryRun: true });
  expect(dry.removed.map(({ runId }) => runId)).toEqual(['c', 'b']);
  expect(readdirSync(runs).sort()).toEqual(['a', 'b', 'c', 'd']);
  const bySize = await pruneRuns(runs, { maxRuns: 10, maxBytes: 210_000 });
  expect(bySize).toMatchObject({ removed: [{ runId: 'b' }], keptRuns: 2 });
  // The newest stays although it alone is too big.
  expect((await pruneRuns(runs, { maxRuns: 10, maxBytes: 1 })).removed).toMatchObject([{ runId: 'c' }]);
  expect(readdirSync(runs).sort()).toEqual(['a', 'd']);
});
