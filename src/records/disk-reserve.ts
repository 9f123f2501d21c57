import { statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { BenchError } from '../errors.js';

const mebibyte = 1024 ** 2;

/** Bytes that this user may still write where `path` is, or will be made. */
export const freeBytes = async (path: string): Promise<number> => {
  for (let place = resolve(path); ; place = dirname(place)) {
    const stats = await statfs(place).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' && dirname(place) !== place) return undefined;
      throw new BenchError('RECORD_FAILED', `${place}: ${error.message}`, { cause: error });
    });
    if (stats !== undefined) return stats.bavail * stats.bsize;
  }
};

/** A run is begun only where it can be recorded. Throws BenchError DISK_RESERVE, RECORD_FAILED. */
export const refuseFullDisk = async (runsDirectory: string, reserveBytes: number): Promise<void> => {
  const free = await freeBytes(runsDirectory);
  if (free >= reserveBytes) return;
  const [freeMib, reserveMib] = [Math.floor(free / mebibyte), Math.ceil(reserveBytes / mebibyte)];
  throw new BenchError('DISK_RESERVE', `${freeMib} MiB free in ${runsDirectory}, ${reserveMib} MiB are kept back`);
};
