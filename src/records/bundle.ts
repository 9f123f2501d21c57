/**
 * An evidence bundle: whole run folders in one `.tar.gz`, with a manifest of their hashes as its first file. What one
 * station exports another can verify and import.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { extract, pack } from 'tar-stream';
import { BenchError } from '../errors.js';

export const bundleSchema = 1;
const manifestName = 'manifest.json';
/** A manifest of 10,000 runs is some 10 MB. */
const longestManifestBytes = 64 * 1024 * 1024;

export interface BundledFile {
  /** `<runId>/record.json`, with slashes. */
  readonly path: string;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

export interface BundleManifest {
  readonly schema: typeof bundleSchema;
  readonly runs: readonly string[];
  readonly files: readonly BundledFile[];
}

export interface BundleCheck {
  readonly manifest: BundleManifest;
  /** In words, one a file: `changed`, `missing`, `not in the manifest`. Empty: the bundle is as it was made. */
  readonly problems: readonly string[];
}

const bad = (path: string, detail: string, cause?: unknown): BenchError =>
  new BenchError('BUNDLE_INVALID', `${path}: ${detail}`, cause === undefined ? {} : { cause });

const hashOf = async (path: string): Promise<string> => {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
};

const manifestOf = async (runsDirectory: string, runIds: readonly string[]): Promise<BundleManifest> => {
  const files: BundledFile[] = [];
  const runs = [...new Set(runIds)].sort();
  for (const runId of runs) {
    const folder = join(runsDirectory, runId);
    const names = await readdir(folder).catch((cause: unknown) => {
      throw new BenchError('RECORD_UNREADABLE', folder, { cause });
    });
    if (!names.includes('record.json')) throw new BenchError('RECORD_UNREADABLE', `${folder} has no record.json yet`);
    for (const name of names.sort()) {
      const path = join(folder, name);
      const { size } = await stat(path);
      files.push({ path: `${runId}/${name}`, bytes: size, sha256: await hashOf(path) });
    }
  }
  return { schema: bundleSchema, runs, files };
};

/** Same folders give the same bytes: names in order, no owners, no times of now. Throws BenchError RECORD_UNREADABLE. */
export const writeBundle = async (
  runsDirectory: string,
  runIds: readonly string[],
  target: Writable,
): Promise<BundleManifest> => {
  const manifest = await manifestOf(runsDirectory, runIds);
  const tar = pack();
  const written = pipeline(tar, createGzip(), target);
  const header = (name: string, size: number) => ({ name, size, mtime: new Date(0), mode: 0o644 });
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  tar.entry({ ...header(manifestName, Buffer.byteLength(text)) }, text);
  for (const { path, bytes } of manifest.files) {
    await pipeline(createReadStream(join(runsDirectory, path)), tar.entry(header(path, bytes)));
  }
  tar.finalize();
  await written;
  return manifest;
};

/** The same into a file, which stands there whole or not at all. Throws BenchError RECORD_UNREADABLE. */
export const exportBundle = async (
  runsDirectory: string,
  runIds: readonly string[],
  target: string,
): Promise<BundleManifest> => {
  const temporary = `${target}.new`;
  await mkdir(dirname(target), { recursive: true });
  const manifest = await writeBundle(runsDirectory, runIds, createWriteStream(temporary));
  await rename(temporary, target);
  return manifest;
};

type EntryTaker = (path: string, stream: AsyncIterable<Uint8Array>) => Promise<void>;

const readEntries = async (bundle: string, take: EntryTaker): Promise<void> => {
  const entries = extract();
  const fed = pipeline(createReadStream(bundle), createGunzip(), entries);
  // What breaks the stream is told below, by the reader.
  fed.catch(() => {});
  for await (const entry of entries) {
    if (entry.header.type === 'file') await take(entry.header.name, entry as AsyncIterable<Uint8Array>);
    entry.resume();
  }
  await fed;
};

const safePath = /^[A-Za-z0-9][A-Za-z0-9._-]*\/[A-Za-z0-9][A-Za-z0-9._-]*$/;

const parseManifest = (text: string, bundle: string): BundleManifest => {
  let manifest: Partial<BundleManifest> | null = null;
  try {
    manifest = JSON.parse(text) as Partial<BundleManifest> | null;
  } catch (cause) {
    throw bad(bundle, 'its manifest is not JSON', cause);
  }
  if (manifest?.schema !== bundleSchema)
    throw bad(bundle, `its manifest has schema ${String(manifest?.schema)}, not ${bundleSchema}`);
  const { runs, files } = manifest;
  const usable =
    Array.isArray(runs) && Array.isArray(files) && files.every((file) => safePath.test(String(file?.path)));
  if (!usable) throw bad(bundle, 'its manifest names no files, or files outside of run folders');
  return manifest as BundleManifest;
};

const collect = async (stream: AsyncIterable<Uint8Array>, limitBytes: number, bundle: string): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > limitBytes) throw bad(bundle, `its manifest is over ${limitBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

/** Reads a bundle through; `keep` gets the files that the manifest names, one after the other. Throws BenchError BUNDLE_INVALID. */
const walkBundle = async (bundle: string, keep?: EntryTaker): Promise<BundleCheck> => {
  let manifest: BundleManifest | undefined;
  const problems: string[] = [];
  const seen = new Set<string>();
  try {
    await readEntries(bundle, async (path, stream) => {
      if (manifest === undefined) {
        if (path !== manifestName) throw bad(bundle, `its first file is ${path}, not ${manifestName}`);
        manifest = parseManifest(await collect(stream, longestManifestBytes, bundle), bundle);
        return;
      }
      const wanted = manifest.files.find((file) => file.path === path);
      if (wanted === undefined || seen.has(path)) {
        problems.push(`${path}: not in the manifest`);
        return;
      }
      seen.add(path);
      const hash = createHash('sha256');
      const hashed = async function* () {
        for await (const chunk of stream) {
          hash.update(chunk);
          yield chunk;
        }
      };
      if (keep === undefined) for await (const _ of hashed());
      else await keep(path, hashed());
      if (hash.digest('hex') !== wanted.sha256) problems.push(`${path}: changed`);
    });
  } catch (cause) {
    if (cause instanceof BenchError) throw cause;
    throw bad(bundle, cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (manifest === undefined) throw bad(bundle, 'it is empty');
  for (const { path } of manifest.files) if (!seen.has(path)) problems.push(`${path}: missing`);
  return { manifest, problems };
};

export const verifyBundle = (bundle: string): Promise<BundleCheck> => walkBundle(bundle);

export interface Imported {
  readonly added: readonly string[];
  /** Were here already, and are the same to the byte. */
  readonly known: readonly string[];
}

/** Nothing is taken unless all is as the manifest says, and no run here is overwritten. Throws BenchError BUNDLE_INVALID. */
export const importBundle = async (bundle: string, runsDirectory: string): Promise<Imported> => {
  await mkdir(runsDirectory, { recursive: true });
  const landing = join(runsDirectory, `.import-${process.pid}`);
  await rm(landing, { recursive: true, force: true });
  try {
    const { manifest, problems } = await walkBundle(bundle, async (path, stream) => {
      const target = join(landing, path);
      await mkdir(dirname(target), { recursive: true });
      await pipeline(stream, createWriteStream(target));
    });
    if (problems.length > 0) throw bad(bundle, problems.join('; '));
    const here = new Set(await readdir(runsDirectory));
    const known = manifest.runs.filter((runId) => here.has(runId));
    for (const runId of known) await sameOrRefuse(manifest, runId, runsDirectory, bundle);
    const added = manifest.runs.filter((runId) => !here.has(runId));
    for (const runId of added) await rename(join(landing, runId), join(runsDirectory, runId));
    return { added, known };
  } finally {
    await rm(landing, { recursive: true, force: true });
  }
};

const sameOrRefuse = async (
  manifest: BundleManifest,
  runId: string,
  runsDirectory: string,
  bundle: string,
): Promise<void> => {
  const record = manifest.files.find(({ path }) => path === `${runId}/record.json`);
  const ours = await readFile(join(runsDirectory, runId, 'record.json')).catch(() => undefined);
  const same = ours !== undefined && createHash('sha256').update(ours).digest('hex') === record?.sha256;
  if (!same) throw bad(bundle, `run ${runId} stands here already, with another record`);
};
