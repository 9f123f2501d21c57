import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchError } from '../errors.js';

/** One process owns a board: a file named after the board's path holds the owner's process id while it lives. */
export interface PortLock {
  release(): void;
}

const lockPath = (boardPath: string): string =>
  join(tmpdir(), `linkpulse-${createHash('sha256').update(boardPath).digest('hex').slice(0, 16)}.lock`);

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** Throws BenchError PORT_BUSY naming the owner. A lock of a dead process is taken over. */
export const lockPort = (boardPath: string): PortLock => {
  const path = lockPath(boardPath);
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      const descriptor = openSync(path, 'wx', 0o644);
      writeSync(descriptor, String(process.pid));
      closeSync(descriptor);
      return { release: () => rmSync(path, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
        throw new BenchError('PORT_BUSY', `${path} cannot be made`, { cause: error });
      const owner = ownerOf(path);
      if (owner !== undefined && isAlive(owner))
        throw new BenchError('PORT_BUSY', `${boardPath} belongs to process ${owner}`);
      rmSync(path, { force: true });
    }
  }
  throw new BenchError('PORT_BUSY', `${boardPath}: another process takes it at this moment`);
};

const ownerOf = (path: string): number | undefined => {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
};
