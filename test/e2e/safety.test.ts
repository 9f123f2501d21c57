import { type ChildProcess, spawn } from 'node:child_process';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunStarted } from '../../src/bench/runner.js';
import { attachSimulator } from '../../src/sim/launch.js';
import { systemClock } from '../../src/timeline/clock.js';
import type { TimelineEvent } from '../../src/timeline/events.js';
import { sleep } from '../../src/timeline/wait.js';
import { invoke, long, makeImageBench, quickPlan, runJson, stageOf } from '../helpers/linkpulse.js';
import { cyclesPerMs, lastSwitchOff, readWitness } from '../helpers/witness.js';

const switchOpenLimitMs = 550;
const jackSafeLimitMs = 1050;

const bench = makeImageBench();
afterAll(() => bench.remove());
const words = ['run', '--no-station', '--bench', bench.path, '--port', 'sim1', '--plan', quickPlan];

/** Starts a run and calls `act` once the phone under power has link. Resolves when the process has ended. */
const whilePowered = async (act: (child: ChildProcess) => void): Promise<RunStarted> => {
  let started: RunStarted | undefined;
  let isPowered = false;
  let acted = false;
  const run = invoke([...words, '--json'], (text) => {
    const line = JSON.parse(text) as { type: string } & RunStarted & TimelineEvent;
    if (line.type === 'started') started = line;
    if (line.type !== 'event') return;
    if (line.fact.kind === 'power-on') isPowered = true;
    if (line.fact.kind !== 'link-up' || !isPowered || acted) return;
    acted = true;
    act(run.child);
  });
  await run.exitCode;
  if (started === undefined) throw new Error(run.stderr());
  return started;
};

/** Resolves when the simulated bench has lived through so long: its clock slips on a loaded machine. */
const simulatedTimePasses = async (started: RunStarted | undefined, forMs: number): Promise<void> => {
  const simulator = await attachSimulator(started?.simulator?.controlPath ?? '', systemClock);
  const cycle = async () => Number((await simulator?.command('status'))?.cycle);
  const until = (await cycle()) + forMs * cyclesPerMs;
  while ((await cycle()) < until) await sleep(systemClock, 10);
};

describe('-48 V is off, whatever dies', () => {
  it('opens the switch and empties the jack in time when the daemon is killed', async () => {
    const started = await whilePowered((child) => child.kill('SIGKILL'));
    if (started.simulator === null) throw new Error('no simulator');
    await sleep(systemClock, 1_500);
    const figures = lastSwitchOff(readWitness(started.simulator.witnessPath));
    expect(figures.switchOpenMs).toBeLessThanOrEqual(switchOpenLimitMs);
    expect(figures.jackSafeMs).toBeLessThanOrEqual(jackSafeLimitMs);
    const simulator = await attachSimulator(started.simulator.controlPath, systemClock);
    expect(simulator, 'the simulated bench outlives the daemon').toBeDefined();

    const next = await runJson(words);
    expect(next.exitCode).toBe(0);
    expect(next.stderr).toContain(started.runId);
  }, 90_000);

  it('loses power when the daemon is held for 600 ms, and the record says so', async () => {
    let held = false;
    let isPowered = false;
    const run = await runJson(words, ({ fact }, child, started) => {
      if (fact.kind === 'power-on') isPowered = true;
      if (fact.kind !== 'link-up' || held || !isPowered) return;
      held = true;
      child.kill('SIGSTOP');
      void simulatedTimePasses(started, 600).finally(() => child.kill('SIGCONT'));
    });
    expect(run.record.powerOff?.cause).toBe('HEARTBEAT');
    expect(stageOf(run.record, 'power')).toMatchObject({ verdict: 'error', blame: 'bench' });
    expect(run.exitCode).toBe(6);
  }, 60_000);

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'ends in power off and a record on %s',
    async (signal) => {
      let sent = false;
      let isPowered = false;
      const run = await runJson(words, ({ fact }, child) => {
        if (fact.kind === 'power-on') isPowered = true;
        if (fact.kind !== 'link-up' || sent || !isPowered) return;
        sent = true;
        child.kill(signal);
        child.kill(signal);
      });
      expect(run.record.interruptedBy).toContain(signal);
      expect(run.record.powerOff?.cause).toBe('COMMANDED');
      expect(run.exitCode).toBe(2);
    },
    60_000,
  );

  it(`keeps power through ${long ? '20 runs in a row' : 'a run'} on a loaded machine`, async () => {
    const hogs = Array.from({ length: 4 }, () => spawn(process.execPath, ['-e', 'for(;;);'], { stdio: 'ignore' }));
    try {
      for (let count = 0; count < (long ? 20 : 1); count += 1) {
        const run = await runJson(words);
        expect(run.record.powerOff?.cause, run.record.cause).toBe('COMMANDED');
      }
    } finally {
      for (const hog of hogs) hog.kill('SIGKILL');
    }
  }, 600_000);
});
