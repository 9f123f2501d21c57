import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchError } from '../errors.js';
import type { HardwarePort } from '../plan/bench-file.js';
import { isAlive, markOfThisProcess, type ProcessMark } from '../records/process-mark.js';

/** One process owns a board, or an interface: a file named after its path marks its owner for as long as that lives. */
export interface PortLock {
  release(): void;
}

/** The Pi's header has one set of lines. */
export const lockNameOf = ({ board }: Pick<HardwarePort, 'board'>): string => board ?? 'the discrete lines';

const lockPath = (boardPath: string): string =>
  join(tmpdir(), `linkpulse-${createHash('sha256').update(boardPath).digest('hex').slice(0, 16)}.lock`);

/** Throws BenchError PORT_BUSY naming the owner. A lock of a dead process is taken over. */
export const lockPort = (boardPath: string): PortLock => {
  const path = lockPath(boardPath);
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      writeFileSync(path, JSON.stringify(markOfThisProcess()), { flag: 'wx', mode: 0o644 });
      return { release: () => rmSync(path, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
        throw new BenchError('PORT_BUSY', `${path} cannot be made`, { cause: error });
      const owner = ownerOf(path);
      if (owner !== undefined && isAlive(owner))
        throw new BenchError('PORT_BUSY', `${boardPath} belongs to process ${owner.pid}`);
      rmSync(path, { force: true });
    }
  }
  throw new BenchError('PORT_BUSY', `${boardPath}: another process takes it at this moment`);
};

/** The phone's wire, for runs and for the services alone; named with its network namespace. */
export const lockInterface = (name: string): PortLock => lockPort(`${name} in ${readlinkSync('/proc/self/ns/net')}`);

const ownerOf = (path: string): ProcessMark | undefined => {
  try {
    const mark = JSON.parse(readFileSync(path, 'utf8')) as Partial<ProcessMark> | null;
    return typeof mark?.pid === 'number' ? { pid: mark.pid, born: mark.born ?? null } : undefined;
  } catch {
    return undefined;
  }
};
