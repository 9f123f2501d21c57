import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type Headers, pack } from 'tar-stream';
import { expect, test } from 'vitest';
import { exportBundle, manifestSha256, verifyBundle } from '../../src/records/bundle.js';
import { importBundle } from '../../src/records/import-bundle.js';
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
  expect(await verifyBundle(first)).toMatchObject({ problems: [], manifestSha256: manifestSha256(manifest) });

  const other = stationWith('b', 'z');
  expect(await importBundle(first, other)).toEqual({ added: ['a'], known: ['b'] });
  expect(readdirSync(other).sort()).toEqual(['a', 'b', 'z']);
  expect(readFileSync(join(other, 'a', 'capture.pcapng')).equals(Buffer.alloc(100_000, 'a'))).toBe(true);
  // A second time nothing is new.
  expect(await importBundle(first, other)).toEqual({ added: [], known: ['a', 'b'] });
});

const sha256 = (bytes: string) => createHash('sha256').update(bytes).digest('hex');
const record = (runId: string) => JSON.stringify({ runId });
const named = (path: string, bytes: string, more: object = {}) => ({
  path,
  bytes: bytes.length,
  sha256: sha256(bytes),
  ...more,
});
/** A bundle as nobody's program makes it. */
const hostile = async (
  manifest: object,
  entries: readonly (Omit<Headers, 'size'> & { readonly size?: number; readonly text?: string })[],
): Promise<string> => {
  const path = join(folder(), 'hostile.tar.gz');
  const tar = pack();
  tar.entry({ name: 'manifest.json' }, JSON.stringify(manifest));
  for (const { text = '', ...header } of entries) tar.entry(header, text);
  tar.finalize();
  writeFileSync(path, gzipSync(await buffer(tar)));
  return path;
};
const good = named('a/record.json', record('a'));
const goodEntry = { name: 'a/record.json', text: record('a') };

test.each<[string, object, Parameters<typeof hostile>[1], string]>([
  [
    'a run outside of the runs folder',
    { runs: ['a', '../../x'], files: [good] },
    [goodEntry],
    'names no record of run ../../x',
  ],
  ['a file outside', { runs: ['a'], files: [good, named('../a', '')] }, [goodEntry], '"../a" is'],
  [
    'a file deeper',
    { runs: ['a'], files: [good, named('a/b/c', '')] },
    [goodEntry],
    '"a/b/c" is no file of a run folder',
  ],
  ['a file of no run', { runs: ['a'], files: [good, named('b/record.json', '')] }, [goodEntry], 'is of no run'],
  [
    'a mark of a run that goes on',
    { runs: ['a'], files: [good, named('a/running.json', '')] },
    [goodEntry],
    'running.json" has no place',
  ],
  ['a run without a record', { runs: ['a'], files: [named('a/plan.yaml', '')] }, [], 'names no record of run a'],
  ['no hash', { runs: ['a'], files: [{ ...good, sha256: '' }] }, [goodEntry], 'no size or no hash'],
  ['a name twice', { runs: ['a'], files: [good, good] }, [goodEntry], 'something twice'],
  [
    'a symlink',
    { runs: ['a'], files: [good, named('a/x', '')] },
    [goodEntry, { name: 'a/x', type: 'symlink', linkname: '/etc' }],
    'a/x: a symlink, not a file',
  ],
  [
    'more bytes than named',
    { runs: ['a'], files: [{ ...good, bytes: 3 }] },
    [goodEntry],
    'a/record.json: changed (13 bytes, were 3)',
  ],
  [
    'gigabytes from nothing',
    { runs: ['a'], files: [good] },
    [goodEntry, { name: 'b/zeros', text: '\0'.repeat(2 ** 27) }],
    'unpacks to more',
  ],
  ['a file twice', { runs: ['a'], files: [good] }, [goodEntry, goodEntry], 'a/record.json: not in the manifest'],
  [
    'the record of another run',
    { runs: ['a'], files: [named('a/record.json', record('b'))] },
    [{ name: 'a/record.json', text: record('b') }],
    'the record of b',
  ],
  [
    'no record at all',
    { runs: ['a'], files: [named('a/record.json', 'null')] },
    [{ name: 'a/record.json', text: 'null' }],
    'a/record.json',
  ],
])('nothing is taken from a bundle with %s', async (_what, manifest, entries, told) => {
  const bundle = await hostile({ schema: 1, ...manifest }, entries);
  const runs = join(folder(), 'runs');
  await expect(importBundle(bundle, runs)).rejects.toMatchObject({
    code: 'BUNDLE_INVALID',
    detail: expect.stringContaining(told),
  });
  expect(readdirSync(runs)).toEqual([]);
  expect(readdirSync(dirname(runs))).toEqual(['runs']);
});

test('a bundle for which there is no room is refused before its first file; what a killed import left is cleared away', async () => {
  const bundle = await hostile({ schema: 1, runs: ['a'], files: [{ ...good, bytes: 2 ** 50 }] }, [goodEntry]);
  const runs = folder();
  mkdirSync(join(runs, '.import-999999999', 'a'), { recursive: true });
  await expect(importBundle(bundle, runs)).rejects.toMatchObject({ code: 'DISK_RESERVE' });
  expect(readdirSync(runs)).toEqual([]);
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
  const dry = await pruneRuns(runs, { maxRuns: 1 }, { dryRun: true });
  expect(dry.removed.map(({ runId }) => runId)).toEqual(['c', 'b']);
  expect(readdirSync(runs).sort()).toEqual(['a', 'b', 'c', 'd']);
  const bySize = await pruneRuns(runs, { maxBytes: 210_000 });
  expect(bySize).toMatchObject({ removed: [{ runId: 'b' }], keptRuns: 2 });
  // The newest stays although it alone is too big.
  expect((await pruneRuns(runs, { maxRuns: 10, maxBytes: 1 })).removed).toMatchObject([{ runId: 'c' }]);
  expect(readdirSync(runs).sort()).toEqual(['a', 'd']);
});
