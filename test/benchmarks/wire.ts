/** A cable between two private network namespaces, servers at one end, their clients at the other. Needs root. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setInterfaceUp } from '../../src/os/interface-control.js';
import { systemPath } from '../../src/os/system-tools.js';
import { systemClock } from '../../src/timeline/clock.js';
import { sleep } from '../../src/timeline/wait.js';
import { runIp } from '../helpers/ip.js';
import { SecondNamespace } from '../helpers/second-namespace.js';

const environment = { ...process.env, PATH: systemPath() };
const ticksPerSecond = 100;

export interface ServerUse {
  readonly cpuSeconds: number;
  readonly peakMegabytes: number;
}

export interface RunningServer {
  /** Ends it, and tells what it used. */
  stop(): Promise<ServerUse>;
}

export interface BenchWire {
  readonly directory: string;
  readonly serverInterface: string;
  readonly clientInterface: string;
  /** `core`: pinned to it. */
  serve(command: string, core: number): Promise<RunningServer>;
  /** A shell's command line at the clients' end; resolves with what it printed, whatever its exit code. */
  client(command: string, core: number): Promise<string>;
  close(): Promise<void>;
}

const useOf = (pid: number): ServerUse => {
  const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  const ticks = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
    .slice(11, 15)
    .map(Number);
  // Its own and those of children that have ended.
  return {
    cpuSeconds: ticks.reduce((sum, each) => sum + each, 0) / ticksPerSecond,
    peakMegabytes: Number(peak) / 1024,
  };
};

const ended = (child: ChildProcess): Promise<void> => new Promise((resolve) => child.once('close', () => resolve()));

/** Addresses are those of a /16, so that a server may have many leases. */
export const openBenchWire = async (addresses: {
  readonly server: string;
  readonly client: string;
}): Promise<BenchWire> => {
  const [near, far] = [new SecondNamespace(), new SecondNamespace()];
  const directory = mkdtempSync(join(tmpdir(), 'linkpulse-bench-'));
  const [clientInterface, serverInterface] = ['bmc0', 'bms0'];
  await near.within(() => runIp('link', 'add', clientInterface, 'type', 'veth', 'peer', 'name', serverInterface));
  await near.within(() => far.takeInterface(serverInterface));
  for (const [namespace, name, address] of [
    [near, clientInterface, addresses.client],
    [far, serverInterface, addresses.server],
  ] as const)
    await namespace.within(async () => {
      setInterfaceUp('lo', true);
      setInterfaceUp(name, true);
      await runIp('address', 'add', `${address}/16`, 'dev', name);
    });
  const start = (namespace: SecondNamespace, command: string, core: number, out: 'pipe' | 'ignore') =>
    namespace.within(() =>
      spawn('taskset', ['-c', String(core), 'bash', '-c', command], {
        env: environment,
        cwd: directory,
        stdio: ['ignore', out, out],
      }),
    );
  return {
    directory,
    clientInterface,
    serverInterface,
    serve: async (command, core) => {
      // The one before may have taken it along.
      await far.within(() => runIp('address', 'replace', `${addresses.server}/16`, 'dev', serverInterface));
      const child = await start(far, `exec ${command}`, core, 'ignore');
      await sleep(systemClock, 2500);
      if (child.exitCode !== null) throw new Error(`ended at once: ${command}`);
      return {
        stop: async () => {
          const use = useOf(child.pid as number);
          child.kill('SIGTERM');
          await ended(child);
          return use;
        },
      };
    },
    client: async (command, core) => {
      const child = await start(near, command, core, 'pipe');
      let said = '';
      for (const stream of [child.stdout, child.stderr])
        stream?.on('data', (chunk) => {
          said += String(chunk);
        });
      await ended(child);
      return said;
    },
    close: async () => {
      near.close();
      far.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};
