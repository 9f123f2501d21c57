/**
 * The simulator, a process of its own. `node dist/sim/main.js '<SimulatorConfig as JSON>'` is one bench: says one line of JSON on
 * stdout when it runs, `{"ready":true,"pid":..,"pty":".."}`, and nothing after that. With `{"rackPath": ".."}` it is a rack of
 * benches in one process, empty at first: each `{"command":"add","config":{..}}` on that control socket adds one, and is answered
 * with its `pty`. What a bench does is in its witness file and behind its own control socket. A bench ends by `stop`, or when
 * nobody has held its serial port or its control socket for `orphanSeconds`; the process ends by SIGTERM, or with its last
 * bench. Exit codes: 0 stopped or orphaned, 1 failed, 4 unknown fault.
 */
import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { systemClock } from '../timeline/clock.js';
import type { RackConfig, SimulatorConfig } from './contracts.js';
import { startControl } from './control.js';
import { unknownFaultExit } from './faults.js';
import { type SimulatedBench, startSimulatedBench, UnknownFaults } from './simulated-bench.js';

const niceness = 3;
const orphanCheckMs = 500;

const complain = (message: string, exitCode: number): never => {
  process.stderr.write(`${message}\n`);
  return process.exit(exitCode);
};

/**
 * Behind the host in the queue for the CPU: on a loaded machine simulated time slows before the host's heartbeats do.
 * The kernel weighs sessions first (sched(7), autogroup), then the processes in each.
 */
const yieldToTheHost = () => {
  setPriority(niceness);
  try {
    writeFileSync('/proc/self/autogroup', String(niceness));
  } catch {
    // A kernel without autogroup, or one that was told of another a moment ago.
  }
};

const benches = new Set<SimulatedBench>();

/** `onEmpty`: the last bench has stopped. */
const addBench = async (config: SimulatorConfig, isOfRack: boolean, onEmpty: () => void): Promise<SimulatedBench> => {
  const bench = await startSimulatedBench(config, {
    isOfRack,
    onStopped: () => {
      benches.delete(bench);
      if (benches.size === 0) onEmpty();
    },
    onFailure: (error) => {
      throw error;
    },
  });
  benches.add(bench);
  return bench;
};

/** The namespace's interfaces go with the process. */
const end = () => process.exit(0);

const runAlone = async (config: SimulatorConfig): Promise<void> => {
  const { pty } = await addBench(config, false, end);
  process.stdout.write(`${JSON.stringify({ ready: true, pid: process.pid, pty })}\n`);
};

const runRack = async ({ rackPath, orphanSeconds }: RackConfig): Promise<void> => {
  const clock = systemClock;
  let heldAtUs = clock.nowUs();
  const control = await startControl(rackPath, {
    add: async ({ config }) => {
      const { pty } = await addBench(config as SimulatorConfig, true, () => {
        heldAtUs = clock.nowUs();
      });
      return { pty, pid: process.pid };
    },
    status: () => ({ benches: benches.size, pid: process.pid }),
  });
  clock.every(orphanCheckMs, () => {
    if (benches.size > 0 || control.holders > 0) heldAtUs = clock.nowUs();
    else if (clock.nowUs() - heldAtUs > orphanSeconds * 1e6) end();
  });
  process.stdout.write(`${JSON.stringify({ ready: true, pid: process.pid, pty: '' })}\n`);
};

const main = async (): Promise<void> => {
  const config: SimulatorConfig | RackConfig = JSON.parse(process.argv[2] ?? '{}');
  yieldToTheHost();
  // Whoever started it may be gone.
  process.stderr.on('error', () => {});
  process.on('SIGHUP', () => {});
  process.on('uncaughtException', (error) => {
    for (const bench of benches) bench.crashed(String(error.stack));
    complain(
      error instanceof UnknownFaults ? error.message : String(error.stack),
      error instanceof UnknownFaults ? unknownFaultExit : 1,
    );
  });
  process.on('SIGTERM', () => {
    if (benches.size === 0) end();
    for (const bench of benches) bench.stop();
  });
  await ('rackPath' in config ? runRack(config) : runAlone(config));
};

// Thrown again where the handler above, once it is there, writes it down.
main().catch((error: unknown) =>
  queueMicrotask(() => {
    throw error;
  }),
);
