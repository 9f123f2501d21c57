import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface Retention {
  /** So many finished runs at the most. */
  readonly maxRuns: number;
  /** And so many bytes in all; the newest run stays whatever it takes. */
  readonly maxBytes: number;
}

export interface Pruned {
  readonly removed: readonly { readonly runId: string; readonly bytes: number }[];
  readonly keptRuns: number;
  readonly keptBytes: number;
}

const folderBytes = async (path: string): Promise<number> => {
  const sizes = await Promise.all((await readdir(path)).map(async (name) => (await stat(join(path, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
};

/** Takes the oldest finished runs away. A run that is running, or was cut and waits for its record, is never touched. */
export const pruneRuns = async (
  runsDirectory: string,
  retention: Retention,
  options: { readonly dryRun?: boolean } = {},
): Promise<Pruned> => {
  const entries = await readdir(runsDirectory, { withFileTypes: true }).catch(() => []);
  const finished: { runId: string; bytes: number }[] = [];
  // Run ids sort by time.
  for (const name of entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
    .reverse()) {
    const names = await readdir(join(runsDirectory, name));
    if (!names.includes('record.json') || names.includes('running.json')) continue;
    finished.push({ runId: name, bytes: await folderBytes(join(runsDirectory, name)) });
  }
  let keptBytes = 0;
  let keptRuns = 0;
  const removed = finished.filter(({ bytes }, age) => {
    if (age > 0 && (age >= retention.maxRuns || keptBytes + bytes > retention.maxBytes)) return true;
    keptBytes += bytes;
    keptRuns += 1;
    return false;
  });
  if (options.dryRun !== true)
    for (const { runId } of removed) await rm(join(runsDirectory, runId), { recursive: true, force: true });
  return { removed, keptRuns, keptBytes };
};
