import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createVethTo } from '../../src/network/real-network.js';
import { loadPlan } from '../../src/plan/load-plan.js';
import { type SimulatorHandle, startSimulator } from '../../src/sim/launch.js';
import { findStation } from '../../src/station/station-client.js';
import { systemClock } from '../../src/timeline/clock.js';
import { sleep } from '../../src/timeline/wait.js';
import { describeInNamespace } from '../helpers/in-namespace.js';
import { type Invocation, invoke, invokeStation, quickPlan, runJson, stageOf } from '../helpers/linkpulse.js';
import { ch340, fakeUdev, plugBoard, plugChatter, type SerialThing } from '../helpers/serial-things.js';
import { cyclesPerMs, lastSwitchOff, readWitness } from '../helpers/witness.js';

const folder = mkdtempSync(join(tmpdir(), 'linkpulse-hot-plug-'));
const socketPath = join(folder, 'station.sock');
const benchPath = join(folder, 'bench.yaml');
/** As udev's links: there while the device is. */
const linkPath = join(folder, 'board');
const words = ['run', '--bench', benchPath, '--socket', socketPath, '--port', 'jack1', '--plan', quickPlan];
let udev: ReturnType<typeof fakeUdev>;
let simulator: SimulatorHandle;
let other: SerialThing;
let cable: { close(): Promise<void> };
let station: Invocation;

/** The board's port under a new name, next to another board on a bridge of the same ids. */
const replug = async () => {
  const { ptyPath } = await simulator.command('serial-replug');
  udev.set([
    { path: other.path, ...ch340 },
    { path: String(ptyPath), ...ch340 },
  ]);
  return String(ptyPath);
};

const simulatedTimePasses = async (forMs: number) => {
  const cycle = async () => Number((await simulator.command('status')).cycle);
  const until = (await cycle()) + forMs * cyclesPerMs;
  while ((await cycle()) < until) await sleep(systemClock, 20);
};

describeInNamespace(import.meta.url, 'a board on a cable that people touch', () => {
  beforeAll(async () => {
    udev = fakeUdev();
    other = plugBoard('LP000099');
    const { plan } = loadPlan(quickPlan);
    simulator = await startSimulator(
      {
        faults: [],
        phone: { mac: '00:0f:24:5a:79:60', load: 'P00308010200', model: 'CP-7960G', previousAddress: '10.10.15.62' },
        timers: plan.simulation,
        network: { kind: 'real', interface: 'hpphone' },
        controlPath: join(folder, 'control.sock'),
        witnessPath: join(folder, 'witness.ndjson'),
        orphanSeconds: 60,
      },
      { netNamespace: true },
      systemClock,
    );
    cable = await createVethTo(simulator.pid, {
      names: { bench: 'hpbench', phone: 'hpphone' },
      clock: systemClock,
      timeoutMs: 10_000,
    });
    symlinkSync(simulator.ptyPath, linkPath);
    writeFileSync(
      benchPath,
      [
        'station: hot-plug',
        'runs: runs',
        'ports:',
        '  jack1:',
        '    kind: hardware',
        `    board: ${linkPath}`,
        '    serial: SIM00001',
        '    interface: hpbench',
        '',
      ].join('\n'),
    );
    station = await invokeStation(benchPath, socketPath);
  }, 60_000);

  afterAll(async () => {
    station.child.kill('SIGTERM');
    await station.exitCode;
    await cable.close();
    await simulator.stop();
    other.close();
    udev.remove();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it('its daemon is killed under power: the board says itself how long the jack stayed on', async () => {
    const ways = 4;
    const run = invoke([
      'selftest',
      'kill',
      '--times',
      String(ways),
      '--bench',
      benchPath,
      '--port',
      'jack1',
      '--powers-the-jack',
      '--json',
      '--seed',
      '7',
    ]);
    expect(await run.exitCode, run.stderr() + run.stdout()).toBe(0);
    const lines = run
      .stdout()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.filter(({ type }) => type === 'trial').map(({ way }) => way)).toEqual([
      'SIGKILL',
      'SIGSTOP',
      'SIGTERM',
      'loop held',
    ]);
    expect(lines.at(-1)).toMatchObject({ outside: 0, switchOpenMs: { count: ways }, jackSafeMs: { count: ways } });
    expect(lines[0].switchOpenMs, 'from the last heartbeat to its time-out').toBeGreaterThan(300);
  }, 120_000);

  it('unplugged under power: the run ends as an error of the bench, nothing is left armed', async () => {
    let pulled = false;
    let isPowered = false;
    const run = await runJson(words, ({ fact }) => {
      if (fact.kind === 'power-on') isPowered = true;
      if (fact.kind !== 'link-up' || !isPowered || pulled) return;
      pulled = true;
      void simulator.command('serial-unplug');
    });
    expect(stageOf(run.record, 'power')).toMatchObject({ verdict: 'error', blame: 'bench' });
    expect(run.record.verdict).toBe('error');
    // The host has given up by now; the board does it alone.
    await simulatedTimePasses(1_200);
    const { switchOpenMs, jackSafeMs } = lastSwitchOff(readWitness(simulator.witnessPath));
    expect(switchOpenMs).toBeLessThanOrEqual(550);
    expect(jackSafeMs).toBeLessThanOrEqual(1050);
  }, 60_000);

  it('still unplugged: the next run is refused in words, and the station lives', async () => {
    rmSync(linkPath);
    udev.set([{ path: other.path, ...ch340 }]);
    const run = invoke(words);
    expect(await run.exitCode).toBe(5);
    expect(run.stderr()).toMatch(/BOARD_NOT_FOUND: .*SIM00001 .*is LP000099/);
    expect(await findStation(socketPath)).toBeDefined();
  }, 60_000);

  it('plugged in again under another path, beside a board of the same ids: the same station finds it', async () => {
    const path = await replug();
    const run = await runJson(words);
    expect(run.exitCode, run.record.cause).toBe(0);
    const info = invoke(['board', 'info', '--bench', benchPath, '--port', 'jack1', '--json']);
    expect(await info.exitCode).toBe(0);
    expect(JSON.parse(info.stdout())).toMatchObject({ path, serial: 'SIM00001' });
  }, 90_000);

  it('another device on the old path is not mistaken for it', async () => {
    await simulator.command('serial-unplug');
    await sleep(systemClock, 300);
    const stranger = plugChatter('login: ');
    symlinkSync(stranger.path, linkPath);
    const path = await replug();
    udev.set([
      { path: stranger.path, ...ch340 },
      { path, ...ch340 },
    ]);
    try {
      expect((await runJson(words)).exitCode).toBe(0);
    } finally {
      stranger.close();
    }
  }, 90_000);

  it('is switched off by anybody who says so, and the run it had ends with a record', async () => {
    let asked: Invocation | undefined;
    const run = await runJson(words, ({ fact }) => {
      if (fact.kind !== 'power-on' || asked !== undefined) return;
      asked = invoke(['board', 'off', '--bench', benchPath, '--socket', socketPath, '--port', 'jack1']);
    });
    expect(await asked?.exitCode).toBe(0);
    expect(asked?.stdout()).toContain('the station has switched power off and ended the run');
    expect(run.exitCode).toBe(2);
    expect(run.record.powerOff?.cause).toBe('COMMANDED');
  }, 60_000);
});
