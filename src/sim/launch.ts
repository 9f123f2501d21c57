/**
 * Starts the simulated bench as a process of its own that outlives this one, and finds it again by its control socket.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { BenchError } from '../errors.js';
import type { Clock } from '../timeline/clock.js';
import { expectWithin, sleep } from '../timeline/wait.js';
import type { RackConfig, SimulatorConfig } from './contracts.js';

export interface SimulatorHandle {
  readonly pid: number;
  /** Where the board's serial port is; changes with `serial-replug`, whose answer names the new one. */
  readonly ptyPath: string;
  readonly witnessPath: string;
  /** One command over the control socket (src/sim/main.ts names them). Rejects with BenchError SIMULATOR_FAILED. */
  command(name: string, parameters?: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>>;
  /** Resolves when the process has gone. */
  stop(): Promise<void>;
}

const startTimeoutMs = 20_000;
const commandTimeoutMs = 5_000;
const stopTimeoutMs = 5_000;
const pollMs = 20;
const longestMessage = 4096;

/** From sources (tests) the built program is run: node cannot run TypeScript. */
const entry = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../dist/sim/main.js' : './main.js', import.meta.url),
);

const failed = (detail: string, cause?: unknown): BenchError =>
  new BenchError('SIMULATOR_FAILED', detail, cause === undefined ? {} : { cause });

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const sendCommand = async (
  controlPath: string,
  name: string,
  clock: Clock,
  parameters: Readonly<Record<string, unknown>> = {},
  timeoutMs = commandTimeoutMs,
): Promise<Readonly<Record<string, unknown>>> => {
  const answered = expectWithin<Record<string, unknown>>(clock, timeoutMs, 'SIMULATOR_FAILED', `'${name}'`);
  const socket = connect(controlPath);
  let text = '';
  socket.setEncoding('utf8');
  socket.on('error', (cause) => answered.failed(failed(`'${name}': ${cause.message}`, cause)));
  socket.on('close', () => answered.failed(failed(`'${name}': it hung up`)));
  socket.on('data', (chunk: string) => {
    text += chunk;
    const end = text.indexOf('\n');
    if (end >= 0) answered.met(JSON.parse(text.slice(0, end)));
  });
  socket.write(`${JSON.stringify({ ...parameters, command: name })}\n`);
  try {
    const answer = await answered.promise;
    if (answer.ok !== true) throw failed(`'${name}': ${String(answer.error)}`);
    return answer;
  } finally {
    socket.destroy();
  }
};

const handleFor = (
  controlPath: string,
  known: Pick<SimulatorHandle, 'pid' | 'ptyPath' | 'witnessPath'>,
  clock: Clock,
  isOfRack = false,
): SimulatorHandle => ({
  ...known,
  command: (name, parameters) => sendCommand(controlPath, name, clock, parameters),
  stop: async () => {
    await sendCommand(controlPath, 'stop', clock).catch(() => {});
    for (let waited = 0; alive(known.pid); waited += pollMs) {
      // One bench of a rack is gone with its socket, the process goes on.
      if (isOfRack && !existsSync(controlPath)) return;
      if (waited >= stopTimeoutMs) process.kill(known.pid, 'SIGKILL');
      await sleep(clock, pollMs);
    }
  },
});

interface Ready {
  readonly pid: number;
  readonly pty: string;
}

/** The line the simulator says when it runs, or why it does not. */
const readyOf = (child: ChildProcess, command: string, clock: Clock): Promise<Ready> => {
  const ready = expectWithin<Ready>(clock, startTimeoutMs, 'SIMULATOR_FAILED', 'it said nothing');
  let told = '';
  let complaint = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    complaint = (complaint + chunk).slice(-longestMessage);
  });
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    told = (told + chunk).slice(-longestMessage);
    const end = told.indexOf('\n');
    if (end < 0) return;
    try {
      ready.met(JSON.parse(told.slice(0, end)));
    } catch (cause) {
      ready.failed(failed(`it said '${told.slice(0, end)}'`, cause));
    }
  });
  child.once('error', (cause: NodeJS.ErrnoException) =>
    ready.failed(
      cause.code === 'ENOENT' && command === 'unshare'
        ? new BenchError('TOOL_MISSING', 'unshare (package util-linux)', { cause })
        : failed(`${command}: ${cause.message}`, cause),
    ),
  );
  // 'close' comes after the last of stderr has been read.
  child.once('close', (code, signal) =>
    ready.failed(failed(`it ended with ${signal ?? `exit ${code}`}: ${complaint.trim() || 'no message'}`)),
  );
  return ready.promise;
};

/**
 * `netNamespace`: the simulator gets a network namespace of its own; the caller then moves the phone's end of a veth
 * pair into that of `pid`. @throws BenchError SIMULATOR_FAILED with what it said, TOOL_MISSING.
 */
export const startSimulator = async (
  config: SimulatorConfig,
  options: { readonly netNamespace: boolean },
  clock: Clock,
): Promise<SimulatorHandle> => {
  const { pid, pty } = await startProcess(config, options, clock);
  return handleFor(config.controlPath, { pid, ptyPath: pty, witnessPath: config.witnessPath }, clock);
};

export interface SimulatorRack {
  readonly pid: number;
  /** One more bench in that process. Rejects with BenchError SIMULATOR_FAILED. */
  add(config: SimulatorConfig): Promise<SimulatorHandle>;
}

/** A process for many benches, which ends by itself `orphanSeconds` after its last one. Throws as `startSimulator` does. */
export const startRack = async (
  config: RackConfig,
  options: { readonly netNamespace: boolean },
  clock: Clock,
): Promise<SimulatorRack> => {
  const { pid } = await startProcess(config, options, clock);
  return {
    pid,
    add: async (bench) => {
      const { pty } = await sendCommand(config.rackPath, 'add', clock, { config: bench }, startTimeoutMs);
      const known = { pid, ptyPath: String(pty), witnessPath: bench.witnessPath };
      return handleFor(bench.controlPath, known, clock, true);
    },
  };
};

const startProcess = async (
  config: SimulatorConfig | RackConfig,
  options: { readonly netNamespace: boolean },
  clock: Clock,
): Promise<Ready> => {
  const program = [process.execPath, entry, JSON.stringify(config)];
  const [command = '', ...parameters] = options.netNamespace ? ['unshare', '-n', '--', ...program] : program;
  // Detached: its own session, so that no signal to this process or its terminal reaches it.
  const child = spawn(command, parameters, { detached: true, stdio: ['ignore', 'pipe', 'pipe'], cwd: '/' });
  try {
    return await readyOf(child, command, clock);
  } catch (cause) {
    child.kill('SIGKILL');
    throw cause;
  } finally {
    // Nothing of it keeps this process alive or is lost with it.
    child.stdout?.destroy();
    child.stderr?.destroy();
    child.unref();
  }
};

/** The simulator that still runs behind `controlPath` (this process is not the one that started it), if any. */
export const attachSimulator = async (controlPath: string, clock: Clock): Promise<SimulatorHandle | undefined> => {
  try {
    const status = await sendCommand(controlPath, 'status', clock);
    const known = {
      pid: Number(status.pid),
      ptyPath: String(status.ptyPath),
      witnessPath: String(status.witnessPath),
    };
    return handleFor(controlPath, known, clock, status.isOfRack === true);
  } catch {
    return undefined;
  }
};
