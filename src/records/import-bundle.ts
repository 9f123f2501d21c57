/** Takes the runs of another station's evidence bundle in; the bundle may be anybody's. */
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { BenchError } from '../errors.js';
import { type BundleManifest, badBundle, sha256, totalBytes, walkBundle } from './bundle.js';
import { freeBytes } from './disk-reserve.js';
import { isAlive } from './process-mark.js';
import { type RunRecord, runFiles } from './record.js';
import { readRecord } from './run-folder.js';

export interface Imported {
  readonly added: readonly string[];
  /** Were here already, with the same record to the byte. */
  readonly known: readonly string[];
}

const landingPrefix = '.import-';
const mebibyte = 1024 ** 2;

/** What an import that was killed left behind. */
const clearAway = async (runsDirectory: string): Promise<void> => {
  for (const name of await readdir(runsDirectory)) {
    const pid = name.startsWith(landingPrefix) ? Number(name.slice(landingPrefix.length)) : undefined;
    if (pid === process.pid || (pid !== undefined && !isAlive({ pid, born: null })))
      await rm(join(runsDirectory, name), { recursive: true, force: true });
  }
};

/**
 * Nothing is taken unless all is as the manifest says and there is room, `reserveBytes` kept back; no run here is
 * overwritten. Throws BenchError BUNDLE_INVALID, DISK_RESERVE.
 */
export const importBundle = async (bundle: string, runsDirectory: string, reserveBytes = 0): Promise<Imported> => {
  await mkdir(runsDirectory, { recursive: true });
  await clearAway(runsDirectory);
  const landing = join(runsDirectory, `${landingPrefix}${process.pid}`);
  try {
    const { manifest, problems } = await walkBundle(bundle, {
      begin: async (named) => {
        const free = await freeBytes(runsDirectory);
        const mib = (bytes: number) => `${Math.ceil(bytes / mebibyte)} MiB`;
        if (totalBytes(named) + reserveBytes > free)
          throw new BenchError(
            'DISK_RESERVE',
            `${bundle} unpacks to ${mib(totalBytes(named))}; ${mib(free)} free in ${runsDirectory}, ${mib(reserveBytes)} are kept back`,
          );
      },
      keep: async (path, stream) => {
        const target = join(landing, path);
        await mkdir(dirname(target), { recursive: true });
        await pipeline(stream, createWriteStream(target));
      },
    });
    if (problems.length > 0) throw badBundle(bundle, problems.join('; '));
    for (const runId of manifest.runs) await refuseOtherRecord(landing, runId, bundle);
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

const refuseOtherRecord = async (landing: string, runId: string, bundle: string): Promise<void> => {
  const record: Partial<RunRecord> | null = await readRecord(join(landing, runId)).catch((cause: unknown) => {
    throw badBundle(bundle, `${runId}/${runFiles.record} is no record`, cause);
  });
  if (record?.runId !== runId) throw badBundle(bundle, `${runId}/${runFiles.record} is the record of ${record?.runId}`);
};

const sameOrRefuse = async (
  manifest: BundleManifest,
  runId: string,
  runsDirectory: string,
  bundle: string,
): Promise<void> => {
  const record = manifest.files.find(({ path }) => path === `${runId}/${runFiles.record}`);
  const ours = await readFile(join(runsDirectory, runId, runFiles.record)).catch(() => undefined);
  if (ours === undefined || sha256(ours) !== record?.sha256)
    throw badBundle(bundle, `run ${runId} stands here already, with another record`);
};
