/**
 * The kill trial on a real board with a dummy load: nobody watches its switches from outside, so the times are the board's own,
 * from its last valid heartbeat (of SIGTERM: from the command). What a dead daemon did not hear the board has kept.
 */
import { spawn } from 'node:child_process';
import type { RunOutcome } from '../bench/runner.js';
import { sleep } from '../timeline/wait.js';
import { watchLines } from './json-lines.js';
import { endWithinMs, type Missed, strike, type Trial, type TrialParts, watchedMs } from './kill-trial.js';

/** A cable is pulled by hand, and that is not random. */
export const waysToDieOnHardware = ['SIGKILL', 'SIGSTOP', 'SIGTERM', 'loop held'] as const;

interface Told {
  switchOffMs?: number;
  jackSafeMs?: number;
}

export const killTrialOnHardware = async (
  way: (typeof waysToDieOnHardware)[number],
  afterMs: number,
  { runner, clock, command, signal }: Pick<TrialParts, 'runner' | 'clock' | 'command' | 'signal'>,
): Promise<Trial | Missed> => {
  const [program, ...words] = command;
  const daemon = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaint = '';
  daemon.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-1000);
  });
  const ended = new Promise<void>((resolve) => daemon.on('close', () => resolve()));
  const onAbort = () => daemon.kill('SIGTERM');
  signal.addEventListener('abort', onAbort, { once: true });
  let told: Told = {};
  let recovered: readonly RunOutcome[] = [];
  let missed: string | undefined;
  try {
    const powered = new Promise<void>((resolve) => {
      watchLines(daemon, ({ fact }) => {
        if (fact?.kind === 'power-on') resolve();
        if (fact?.kind === 'power-off') told = { ...told, ...numbersOf(fact, 'switchOffMs') };
        if (fact?.kind === 'jack-safe') told = { ...told, ...numbersOf(fact, 'jackSafeMs') };
      });
    });
    await Promise.race([powered, ended]);
    if (daemon.exitCode === null) await Promise.race([sleep(clock, afterMs), ended]);
    if (daemon.exitCode !== null || told.switchOffMs !== undefined || signal.aborted) {
      missed = complaint.trim() || 'the run was over';
    } else {
      await strike(way, daemon, async () => ({}));
      if (way === 'SIGTERM' || way === 'loop held') await Promise.race([ended, sleep(clock, endWithinMs)]);
      else await sleep(clock, watchedMs);
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    daemon.kill('SIGKILL');
    await ended;
    recovered = await runner.recoverCutRuns();
  }
  if (missed !== undefined) return { missed };
  const kept = recovered.at(-1)?.record.cutRun?.storedTrip;
  const switchOpenMs = told.switchOffMs ?? kept?.switchOffMs;
  const jackSafeMs = told.jackSafeMs ?? kept?.jackSafeMs ?? undefined;
  const off = switchOpenMs === undefined || jackSafeMs === undefined ? undefined : { switchOpenMs, jackSafeMs };
  return { way, struckAfterMs: afterMs, off };
};

const numbersOf = (fact: object, name: keyof Told): Told => {
  const value = (fact as Readonly<Record<string, unknown>>)[name];
  return typeof value === 'number' ? { [name]: value } : {};
};
