/**
 * A private network namespace for the simulated bench: this process is replaced by itself inside one (execve), so that its
 * process id stays and a signal to it hits the daemon itself. unshare(2) from inside Node cannot do it: making a user
 * namespace is refused to a process with threads.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setInterfaceUp } from './interface-control.js';
import { libc, systemError } from './libc.js';
import { systemPath, toolMissing } from './system-tools.js';

/** Environment: id of the process that this file has put into its own network namespace (its children are not told). */
export const namespaceMark = 'LINKPULSE_PRIVATE_NETWORK';

/** Root needs no user namespace where it has all its powers; an ordinary user becomes root of one. util-linux unshare(1). */
const waysIn = (): readonly (readonly string[])[] => (process.getuid?.() === 0 ? [['-n'], ['-Urn']] : [['-Urn']]);

export type NamespaceOutcome =
  | { readonly kind: 'inside' }
  /** Go on in limited mode; `reason` is for a person. */
  | { readonly kind: 'forbidden'; readonly reason: string };

const toolPath = (tool: string, packageName: string): string => {
  for (const directory of systemPath().split(':')) {
    const path = join(directory, tool);
    try {
      if (directory === '') continue;
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here.
    }
  }
  throw toolMissing(tool, packageName);
};

export type UnsharePermission =
  /** `words`: the command and arguments to put before another one that shall run in a network namespace of its own. */
  | { readonly permitted: true; readonly words: readonly [string, ...string[]] }
  | { readonly permitted: false; readonly reason: string };

/** Whether this machine lets this user have a network namespace. Throws BenchError TOOL_MISSING naming the package. */
export const canUnshare = (): UnsharePermission => {
  const unshare = toolPath('unshare', 'util-linux');
  let reason = '';
  for (const way of waysIn()) {
    const tried = spawnSync(unshare, [...way, 'true'], { encoding: 'utf8' });
    if (tried.status === 0) return { permitted: true, words: [unshare, ...way] };
    reason = (tried.stderr ?? '').trim() || tried.error?.message || `exit ${tried.status ?? tried.signal}`;
  }
  return { permitted: false, reason: `network namespaces are not permitted here (${reason})` };
};

/** Puts the interface `lo` up and forgets the machine's reverse-path default; call once inside. */
const settle = (): void => {
  setInterfaceUp('lo', true);
  for (const which of ['all', 'default']) {
    try {
      writeFileSync(`/proc/sys/net/ipv4/conf/${which}/rp_filter`, '0');
    } catch {
      // Read-only in some containers; the phone's odd DHCP sources may then be lost, nothing else.
    }
  }
};

const F_SETFD = 2;
const stdio = [0, 1, 2];

/**
 * Returns only when this process already is in its private network (`inside`) or may not have one (`forbidden`).
 * Otherwise the process starts again from the beginning: same process id, same standard streams, `argv` after the
 * interpreter as given (normally `[...process.execArgv, ...process.argv.slice(1)]`), environment `env` and a mark in it.
 * Call it before anything is opened: every other descriptor is closed.
 * Throws BenchError TOOL_MISSING naming util-linux.
 */
export const enterPrivateNetwork = (argv: readonly string[], env: NodeJS.ProcessEnv): NamespaceOutcome => {
  if (env[namespaceMark] === String(process.pid)) {
    settle();
    return { kind: 'inside' };
  }
  const allowed = canUnshare();
  if (!allowed.permitted) return { kind: 'forbidden', reason: allowed.reason };
  // Node marks its standard streams (and a parent's message channel) as not to be inherited.
  const channel = Number(env.NODE_CHANNEL_FD);
  for (const descriptor of Number.isInteger(channel) ? [...stdio, channel] : stdio)
    libc().fcntl(descriptor, F_SETFD, 'int', 0);
  const words = [...allowed.words, process.execPath, ...argv];
  const settings = Object.entries({ ...env, [namespaceMark]: String(process.pid) })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${value}`);
  libc().execve(allowed.words[0], [...words, null], [...settings, null]);
  throw systemError('execve');
};
