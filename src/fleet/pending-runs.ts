/** Runs whose record the outbox does not hold yet: a file each, so that whatever ends this process leaves none behind. */
import { mkdir, open, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BenchError } from '../errors.js';

export interface PendingRuns {
  /** Oldest first, as their ids sort. */
  all(): readonly string[];
  /** Throws BenchError OUTBOX_FAILED; this process knows it all the same. */
  add(runId: string): Promise<void>;
  /** The outbox holds it, or there is nothing to hold. */
  remove(runId: string): Promise<void>;
}

/** Throws BenchError OUTBOX_FAILED: the folder cannot be made or read. */
export const openPendingRuns = async (folder: string): Promise<PendingRuns> => {
  const failed = (cause: unknown) =>
    new BenchError('OUTBOX_FAILED', cause instanceof Error ? cause.message : String(cause), { cause });
  let names: readonly string[];
  try {
    await mkdir(folder, { recursive: true });
    names = await readdir(folder);
  } catch (cause) {
    throw failed(cause);
  }
  const runs = new Set(names);
  return {
    all: () => [...runs].sort(),
    add: async (runId) => {
      runs.add(runId);
      try {
        await writeFile(join(folder, runId), '');
        const directory = await open(folder, 'r');
        try {
          await directory.sync();
        } finally {
          await directory.close();
        }
      } catch (cause) {
        throw failed(cause);
      }
    },
    remove: async (runId) => {
      runs.delete(runId);
      // One that stays is looked at once more at the next start.
      await rm(join(folder, runId), { force: true }).catch(() => {});
    },
  };
};
