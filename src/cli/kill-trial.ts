/** One daemon, killed while its phone is powered, and what the board made of it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { linkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Runner } from '../bench/runner.js';
import { cyclesPerMs, lastSwitchOffSeen, readWitness, type SwitchOff } from '../bench/witness-times.js';
import type { SimulatorReach } from '../records/run-folder.js';
import type { Clock } from '../timeline/clock.js';
import { sleep } from '../timeline/wait.js';
import { watchLines } from './json-lines.js';

export const waysToDie = ['SIGKILL', 'SIGSTOP', 'SIGTERM', 'cable pulled', 'loop held'] as const;
export type WayToDie = (typeof waysToDie)[number];

export interface Trial {
  readonly way: WayToDie;
  /** After power-on, by this process's clock. */
  readonly struckAfterMs: number;
  /** undefined: still on, or the jack not below 2.8 V, when the simulated bench was let go. */
  readonly off: Pick<SwitchOff, 'switchOpenMs' | 'jackSafeMs'> | undefined;
}

export interface TrialParts {
  readonly runner: Runner;
  readonly clock: Clock;
  /** The daemon's command line: one run on a simulated port, with --json. */
  readonly command: readonly [string, ...string[]];
  /** For the witness's file, which the daemon removes with its simulated bench. */
  readonly folder: string;
  readonly signal: AbortSignal;
  simulatorCommand(simulator: SimulatorReach, command: string): Promise<object>;
}

/** The later limit (jack safe 1050 ms) and some. */
export const watchedMs = 1_300;
const pollMs = 20;
/** A daemon that was told to end, or held for 2 s, writes its record; a loaded machine takes its time. */
export const endWithinMs = 60_000;

/** A run that was over before it could be struck, or never got power: why. */
export type Missed = { readonly missed: string };

/** Strikes `afterMs` after power-on. Leaves no process behind. */
export const killTrial = async (way: WayToDie, afterMs: number, parts: TrialParts): Promise<Trial | Missed> => {
  const { clock, signal, simulatorCommand } = parts;
  const [program, ...words] = parts.command;
  const daemon = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaint = '';
  daemon.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-1000);
  });
  const ended = new Promise<void>((resolve) => daemon.on('exit', () => resolve()));
  const onAbort = () => daemon.kill('SIGTERM');
  signal.addEventListener('abort', onAbort, { once: true });
  const witnessPath = join(parts.folder, `witness-${daemon.pid}.ndjson`);
  let simulator: SimulatorReach | undefined;
  try {
    const powered = new Promise<void>((resolve) => {
      watchLines(daemon, (line) => {
        if (line.type === 'started' && line.simulator) {
          simulator = line.simulator;
          linkSync(simulator.witnessPath, witnessPath);
        }
        if (line.fact?.kind === 'power-on') resolve();
        // Dead to the board already; it must not put its simulated bench away before that was watched.
        if (line.fact?.kind === 'board-lost' && way === 'cable pulled') daemon.kill('SIGSTOP');
      });
    });
    await Promise.race([powered, ended]);
    if (simulator === undefined || daemon.exitCode !== null) return { missed: complaint.trim() || 'no power' };
    await Promise.race([sleep(clock, afterMs), ended]);
    const cycle = await cycleOf(simulatorCommand, simulator);
    if (cycle === undefined || signal.aborted) return { missed: 'the run was over' };
    await strike(way, daemon, () => simulatorCommand(simulator as SimulatorReach, 'serial-unplug'));
    if (way === 'SIGTERM' || way === 'loop held') await Promise.race([ended, sleep(clock, endWithinMs)]);
    else await simulatedTime(cycle + watchedMs * cyclesPerMs, simulator, parts);
    const off = lastSwitchOffSeen(readWitness(witnessPath));
    if (off !== undefined && off.cycle <= cycle) return { missed: 'power was off already' };
    return { way, struckAfterMs: afterMs, off };
  } finally {
    signal.removeEventListener('abort', onAbort);
    daemon.kill('SIGKILL');
    await ended;
    rmSync(witnessPath, { force: true });
    // Lets the simulated bench go that has outlived its daemon.
    await parts.runner.recoverCutRuns();
  }
};

export const strike = async (way: WayToDie, daemon: ChildProcess, pullCable: () => Promise<object>): Promise<void> => {
  if (way === 'cable pulled') await pullCable();
  else daemon.kill(way === 'loop held' ? 'SIGUSR2' : way);
};

const cycleOf = async (
  simulatorCommand: TrialParts['simulatorCommand'],
  simulator: SimulatorReach,
): Promise<number | undefined> => {
  const status = await simulatorCommand(simulator, 'status').catch(() => ({}));
  return 'cycle' in status ? Number(status.cycle) : undefined;
};

/** Until the simulated bench has got there: its clock slips on a loaded machine. */
const simulatedTime = async (
  until: number,
  simulator: SimulatorReach,
  { clock, simulatorCommand }: TrialParts,
): Promise<void> => {
  for (;;) {
    const cycle = await cycleOf(simulatorCommand, simulator);
    if (cycle === undefined || cycle >= until) break;
    await sleep(clock, pollMs);
  }
  // The witness writes every 50 ms.
  await sleep(clock, 3 * pollMs);
};
