import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { RetentionTerms } from '../plan/bench-file.js';
import { runFiles } from './record.js';

export interface Pruned {
  readonly removed: readonly { readonly runId: string; readonly bytes: number }[];
  readonly keptRuns: number;
  readonly keptBytes: number;
}

/** What goes away meanwhile, by another process, takes no room. */
const folderBytes = async (path: string, names: readonly string[]): Promise<number> => {
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(path, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
};

/** Takes the oldest finished runs away. A run that is running, or was cut and waits for its record, is never touched. */
export const pruneRuns = async (
  runsDirectory: string,
  { maxRuns = Number.POSITIVE_INFINITY, maxBytes = Number.POSITIVE_INFINITY }: RetentionTerms,
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
    const path = join(runsDirectory, name);
    const names = await readdir(path).catch((): string[] => []);
    if (!names.includes(runFiles.record) || names.includes('running.json')) continue;
    finished.push({ runId: name, bytes: await folderBytes(path, names) });
  }
  let keptBytes = 0;
  let keptRuns = 0;
  const removed = finished.filter(({ bytes }, age) => {
    if (age > 0 && (age >= maxRuns || keptBytes + bytes > maxBytes)) return true;
    keptBytes += bytes;
    keptRuns += 1;
    return false;
  });
  if (options.dryRun !== true)
    for (const { runId } of removed) await rm(join(runsDirectory, runId), { recursive: true, force: true });
  return { removed, keptRuns, keptBytes };
};
