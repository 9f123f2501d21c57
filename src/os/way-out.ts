/**
 * A way out of a simulated bench's private network: a process that stays where this one began, and hands bytes on between a
 * socket in the file system, which every network namespace reaches, and one address. It ends with its parent.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const mark = 'LINKPULSE_WAY_OUT';

/** Before this process replaces itself. `command` is told the socket's path and the process id to end with. */
export const leaveWayOut = (command: readonly [string, ...string[]], environment: NodeJS.ProcessEnv): void => {
  if (environment[mark]?.startsWith(`${process.pid}:`) === true) return;
  const path = join(mkdtempSync(join(tmpdir(), 'linkpulse-way-out-')), 'socket');
  const [program, ...words] = command;
  spawn(program, [...words, path, String(process.pid)], { stdio: 'ignore', detached: true }).unref();
  environment[mark] = `${process.pid}:${path}`;
};

/** Path of the socket; null: this process is in the network where it began. */
export const findWayOut = (environment: NodeJS.ProcessEnv): string | null => {
  const [, pid, path] = /^(\d+):(.+)$/.exec(environment[mark] ?? '') ?? [];
  return Number(pid) === process.pid && path !== undefined ? path : null;
};
