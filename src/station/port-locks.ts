/**
 * Ports that nobody may arm until an engineer has looked: voltage that is not ours was on the jack, or a switch stayed
 * closed. `lock-<port>.json` in the runs folder, so that a new start unlocks nothing.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Runner } from '../bench/runner.js';
import { BenchError } from '../errors.js';
import type { Clock } from '../timeline/clock.js';
import type { Fact } from '../timeline/events.js';

export interface PortLockNote {
  /** What the board told: `FOREIGN_VOLTAGE`, `SWITCH_STUCK`. */
  readonly code: string;
  readonly runId: string;
  /** ISO 8601, UTC. */
  readonly at: string;
}

export interface PortLocks {
  of(port: string): PortLockNote | undefined;
  /** Throws BenchError RECORD_FAILED. */
  lock(port: string, code: string, runId: string): void;
  /** False: it was not locked. */
  unlock(port: string): boolean;
  /** Told after each `lock` and `unlock`. */
  onChange(listener: (port: string) => void): void;
}

const locking: ReadonlySet<string> = new Set(['FOREIGN_VOLTAGE', 'SWITCH_STUCK']);

export const openPortLocks = (runsDirectory: string, clock: Clock): PortLocks => {
  const listeners = new Set<(port: string) => void>();
  const tell = (port: string) => {
    for (const listener of listeners) listener(port);
  };
  const pathOf = (port: string) => join(runsDirectory, `lock-${port}.json`);
  return {
    of: (port) => {
      if (!existsSync(pathOf(port))) return undefined;
      try {
        return JSON.parse(readFileSync(pathOf(port), 'utf8')) as PortLockNote;
      } catch {
        // Damaged, and there: locked all the same.
        return { code: 'UNKNOWN', runId: '?', at: '?' };
      }
    },
    lock: (port, code, runId) => {
      const note: PortLockNote = { code, runId, at: clock.wallClock().toISOString() };
      try {
        mkdirSync(runsDirectory, { recursive: true });
        writeFileSync(`${pathOf(port)}.new`, `${JSON.stringify(note)}\n`, { flush: true });
        renameSync(`${pathOf(port)}.new`, pathOf(port));
      } catch (cause) {
        throw new BenchError('RECORD_FAILED', `${pathOf(port)}: ${String(cause)}`, { cause });
      }
      tell(port);
    },
    unlock: (port) => {
      const wasLocked = existsSync(pathOf(port));
      rmSync(pathOf(port), { force: true });
      tell(port);
      return wasLocked;
    },
    onChange: (listener) => void listeners.add(listener),
  };
};

const codeOf = (fact: Fact): string | undefined => {
  if (fact.kind === 'board-fault' || fact.kind === 'power-refused') return fact.code;
  return fact.kind === 'power-off' ? fact.cause : undefined;
};

/** A runner that arms no locked port, and locks one whose board tells that its jack was not what it should be. */
export const lockingRunner = <R extends Runner>(runner: R, locks: PortLocks, onLock: (port: string) => void): R => ({
  ...runner,
  run: async (request, watcher, signal) => {
    const { port } = request;
    const lock = locks.of(port);
    if (lock !== undefined)
      throw new BenchError('PORT_LOCKED', `${port}, because of ${lock.code} in run ${lock.runId} (${lock.at})`);
    let runId = '';
    return runner.run(
      request,
      {
        ...watcher,
        started: (run) => {
          runId = run.runId;
          watcher.started(run);
        },
        event: (event, results) => {
          const code = codeOf(event.fact);
          if (code !== undefined && locking.has(code) && locks.of(port) === undefined) {
            locks.lock(port, code, runId);
            onLock(port);
          }
          watcher.event(event, results);
        },
      },
      signal,
    );
  },
});
