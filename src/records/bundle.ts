/**
 * An evidence bundle: whole run folders in one `.tar.gz`, with a manifest of their hashes as its first file. What one
 * station exports another can verify and import.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { extract, pack } from 'tar-stream';
import { BenchError } from '../errors.js';
import { runFiles } from './record.js';

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
  /** Of the manifest as it stands in the bundle, hex: who wrote it down elsewhere knows that nobody made another one. */
  readonly manifestSha256: string;
  /** In words, one a file: `changed`, `missing`, `not in the manifest`, no file at all. Empty: the bundle is as it was made. */
  readonly problems: readonly string[];
}

export const badBundle = (path: string, detail: string, cause?: unknown): BenchError =>
  new BenchError('BUNDLE_INVALID', `${path}: ${detail}`, cause === undefined ? {} : { cause });

export const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const manifestText = (manifest: BundleManifest): string => `${JSON.stringify(manifest, null, 2)}\n`;
/** What `verifyBundle` finds of a bundle with this manifest. */
export const manifestSha256 = (manifest: BundleManifest): string => sha256(manifestText(manifest));

const hashOf = async (path: string): Promise<string> => {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
};

const manifestOf = async (runsDirectory: string, runIds: readonly string[]): Promise<BundleManifest> => {
  const files: BundledFile[] = [];
  const runs = [...new Set(runIds)].sort();
  for (const runId of runs) {
    if (!safeName.test(runId)) throw new BenchError('RECORD_UNREADABLE', `"${runId}" is no id of a run`);
    const folder = join(runsDirectory, runId);
    const names = await readdir(folder).catch((cause: unknown) => {
      throw new BenchError('RECORD_UNREADABLE', folder, { cause });
    });
    if (!names.includes(runFiles.record)) throw new BenchError('RECORD_UNREADABLE', `${folder} has no record.json yet`);
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
  const text = manifestText(manifest);
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

type Entry = AsyncIterable<Uint8Array> & {
  readonly header: { readonly name: string; readonly size?: number | null; readonly type?: string | null };
};
type EntryTaker = (path: string, stream: AsyncIterable<Uint8Array>) => Promise<void>;

/** Ends in an error as soon as more comes through than `allowed` says: a small file may unpack to any size. */
const bounded = (bundle: string, allowed: () => number): Transform => {
  let bytes = 0;
  return new Transform({
    transform: (chunk: Uint8Array, _encoding, done) => {
      bytes += chunk.length;
      if (bytes > allowed()) done(badBundle(bundle, 'it unpacks to more than its manifest names'));
      else done(null, chunk);
    },
  });
};

const readEntries = async (
  bundle: string,
  allowed: () => number,
  take: (entry: Entry) => Promise<void>,
): Promise<void> => {
  const entries = extract();
  const fed = pipeline(createReadStream(bundle), createGunzip(), bounded(bundle, allowed), entries);
  // What breaks the stream is told below, by the reader.
  fed.catch(() => {});
  for await (const entry of entries) {
    await take(entry as Entry);
    entry.resume();
  }
  await fed;
};

const safeName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
/** Says that a run goes on, and names a board: the next start would act on it. */
const neverTaken = 'running.json';

const problemOfFile = (file: Partial<BundledFile> | null, runs: ReadonlySet<string>): string | undefined => {
  const [runId = '', name = '', more] = String(file?.path).split('/');
  if (more !== undefined || !safeName.test(runId) || !safeName.test(name)) return 'is no file of a run folder';
  if (!runs.has(runId)) return 'is of no run that the manifest names';
  if (name === neverTaken) return 'has no place in a bundle';
  const counts = Number.isSafeInteger(file?.bytes) && Number(file?.bytes) >= 0;
  return counts && /^[0-9a-f]{64}$/.test(String(file?.sha256)) ? undefined : 'has no size or no hash';
};

const parseManifest = (text: string, bundle: string): BundleManifest => {
  let manifest: Partial<BundleManifest> | null = null;
  try {
    manifest = JSON.parse(text) as Partial<BundleManifest> | null;
  } catch (cause) {
    throw badBundle(bundle, 'its manifest is not JSON', cause);
  }
  if (manifest?.schema !== bundleSchema)
    throw badBundle(bundle, `its manifest has schema ${String(manifest?.schema)}, not ${bundleSchema}`);
  const { runs, files } = manifest;
  if (!Array.isArray(runs) || !Array.isArray(files)) throw badBundle(bundle, 'its manifest names no runs, or no files');
  const named = new Set(runs.map(String));
  const paths = new Set(files.map((file) => String(file?.path)));
  for (const file of files) {
    const problem = problemOfFile(file, named);
    if (problem !== undefined) throw badBundle(bundle, `in its manifest ${JSON.stringify(file?.path)} ${problem}`);
  }
  for (const runId of named)
    if (!paths.has(`${runId}/${runFiles.record}`))
      throw badBundle(bundle, `its manifest names no record of run ${runId}`);
  if (paths.size < files.length || named.size < runs.length)
    throw badBundle(bundle, 'its manifest names something twice');
  return manifest as BundleManifest;
};

const collect = async (stream: AsyncIterable<Uint8Array>, limitBytes: number, bundle: string): Promise<Buffer> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > limitBytes) throw badBundle(bundle, `its manifest is over ${limitBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

export const totalBytes = ({ files }: BundleManifest): number => files.reduce((sum, { bytes }) => sum + bytes, 0);
/** Headers and padding of one file in a tar. */
const mostOverheadBytes = 4096;

export interface Keeper {
  /** Before anything is kept; may refuse. */
  begin(manifest: BundleManifest): Promise<void>;
  readonly keep: EntryTaker;
}

/** Reads a bundle through; `keeper` gets the files that the manifest names, one after the other. Throws BenchError BUNDLE_INVALID. */
export const walkBundle = async (bundle: string, keeper?: Keeper): Promise<BundleCheck> => {
  let manifest: BundleManifest | undefined;
  let manifestSha256 = '';
  let wanted = new Map<string, BundledFile>();
  let allowed = longestManifestBytes + mostOverheadBytes;
  const problems: string[] = [];
  const take = async (entry: Entry): Promise<void> => {
    const { name: path, size, type } = entry.header;
    if (manifest === undefined) {
      if (path !== manifestName || type !== 'file')
        throw badBundle(bundle, `its first file is ${path}, not ${manifestName}`);
      const text = await collect(entry, longestManifestBytes, bundle);
      manifest = parseManifest(text.toString('utf8'), bundle);
      manifestSha256 = sha256(text);
      wanted = new Map(manifest.files.map((file) => [file.path, file]));
      allowed += totalBytes(manifest) + (manifest.files.length + 1) * mostOverheadBytes;
      return keeper?.begin(manifest);
    }
    const file = wanted.get(path);
    if (type !== 'file') return void problems.push(`${path}: a ${type ?? 'nothing'}, not a file`);
    if (file === undefined) return void problems.push(`${path}: not in the manifest`);
    // Each once: a second one of that name is not in the manifest.
    wanted.delete(path);
    if (size !== file.bytes) return void problems.push(`${path}: changed (${size} bytes, were ${file.bytes})`);
    const hash = createHash('sha256');
    const hashed = async function* () {
      for await (const chunk of entry) {
        hash.update(chunk);
        yield chunk;
      }
    };
    if (keeper === undefined) for await (const _ of hashed());
    else await keeper.keep(path, hashed());
    if (hash.digest('hex') !== file.sha256) problems.push(`${path}: changed`);
  };
  try {
    await readEntries(bundle, () => allowed, take);
  } catch (cause) {
    if (cause instanceof BenchError) throw cause;
    throw badBundle(bundle, cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (manifest === undefined) throw badBundle(bundle, 'it is empty');
  for (const path of wanted.keys()) problems.push(`${path}: missing`);
  return { manifest, manifestSha256, problems };
};

export const verifyBundle = (bundle: string): Promise<BundleCheck> => walkBundle(bundle);
