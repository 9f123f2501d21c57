import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SerialPort } from 'serialport';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SimulatorConfig } from '../../src/sim/contracts.js';
import { attachSimulator, type SimulatorHandle, startSimulator } from '../../src/sim/launch.js';
import { systemClock as clock } from '../../src/timeline/clock.js';
import { sleep } from '../../src/timeline/wait.js';

const builtLaunch = fileURLToPath(new URL('../../dist/sim/launch.js', import.meta.url));
const builtClock = fileURLToPath(new URL('../../dist/timeline/clock.js', import.meta.url));

let directory: string;
let running: SimulatorHandle[];
const started = async (starting: Promise<SimulatorHandle>): Promise<SimulatorHandle> => {
  const handle = await starting;
  running.push(handle);
  return handle;
};
beforeEach(() => {
  running = [];
  directory = mkdtempSync(join(tmpdir(), 'linkpulse-launch-'));
});
afterEach(async () => {
  for (const handle of running) await handle.stop();
  rmSync(directory, { recursive: true });
});

const config = (more: Partial<SimulatorConfig> = {}): SimulatorConfig => ({
  faults: [],
  phone: { mac: '00:12:da:db:d3:4e', load: 'P00308010200', model: 'CP-7960G' },
  timers: {
    bootMs: 500,
    linkUpMs: 500,
    cdpSyncMs: 500,
    dhcpRetryMs: 500,
    tftpRetryMs: 500,
    fileGapMs: 20,
    callManagerRetryMs: 500,
    cdpPeriodMs: 60_000,
  },
  network: { kind: 'limited', socketPath: join(directory, 'frames.sock'), portOffset: 20_000 },
  controlPath: join(directory, 'control.sock'),
  witnessPath: join(directory, 'witness.ndjson'),
  orphanSeconds: 60,
  ...more,
});

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
const until = async (condition: () => boolean | Promise<boolean>): Promise<void> => {
  for (let turn = 0; turn < 500; turn++) {
    if (await condition()) return;
    await sleep(clock, 20);
  }
  expect(await condition()).toBe(true);
};
const openHost = async (path: string): Promise<SerialPort> => {
  const port = new SerialPort({ path, baudRate: 57600, autoOpen: false });
  port.on('error', () => {});
  await new Promise<void>((resolve, reject) => port.open((error) => (error ? reject(error) : resolve())));
  return port;
};

describe('starting the simulated bench', () => {
  it('refuses a fault it does not know, and says which it knows', async () => {
    await expect(
      startSimulator(config({ faults: ['gremlins'] }), { netNamespace: false }, clock),
    ).rejects.toMatchObject({
      code: 'SIMULATOR_FAILED',
      message: expect.stringMatching(/exit 4: unknown fault gremlins; known: no-echo/),
    });
  });

  it('tells why it could not start', async () => {
    const witnessPath = join(directory, 'no', 'such', 'folder');
    await expect(startSimulator(config({ witnessPath }), { netNamespace: false }, clock)).rejects.toMatchObject({
      code: 'SIMULATOR_FAILED',
      message: expect.stringContaining('ENOENT'),
    });
  });

  it('gives a serial port on which Firmata speaks', async () => {
    const handle = await started(startSimulator(config(), { netNamespace: false }, clock));
    const host = await openHost(handle.ptyPath);
    const got: number[] = [];
    host.on('data', (data: Buffer) => got.push(...data));
    host.write(Buffer.of(0xf9));
    await until(() => got.some((byte, index) => byte === 0xf9 && got[index + 1] === 2));
    expect(await handle.command('status')).toMatchObject({ serialHeld: true, conducting: false });
    await new Promise((resolve) => host.close(resolve));
  });

  it('pulls the serial cable and puts it back at another port', async () => {
    const handle = await started(startSimulator(config(), { netNamespace: false }, clock));
    const host = await openHost(handle.ptyPath);
    host.on('data', () => {});
    const closed = once(host, 'close');
    await handle.command('serial-unplug');
    await closed;
    const { ptyPath } = await handle.command('serial-replug');
    const again = await openHost(String(ptyPath));
    const spoke = once(again, 'data');
    again.write(Buffer.of(0xf9));
    await spoke;
    await new Promise((resolve) => again.close(resolve));
  });

  it('outlives the process that started it, killed at once, and is found again', async () => {
    const script = `
      const { startSimulator } = await import(${JSON.stringify(builtLaunch)});
      const { systemClock } = await import(${JSON.stringify(builtClock)});
      const handle = await startSimulator(${JSON.stringify(config())}, { netNamespace: false }, systemClock);
      process.stdout.write(String(handle.pid));
      setInterval(() => {}, 1000);`;
    const starter = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said] = await once(starter.stdout, 'data');
    const pid = Number(String(said));
    starter.kill('SIGKILL');
    await once(starter, 'exit');
    const handle = await attachSimulator(config().controlPath, clock);
    expect(handle?.pid).toBe(pid);
    const before = Number((await handle?.command('status'))?.cycle);
    await until(async () => Number((await handle?.command('status'))?.cycle) > before);
    await handle?.stop();
    expect(alive(pid)).toBe(false);
    expect(readFileSync(config().witnessPath, 'utf8')).toContain('"event":"stop"');
  });

  it('ends by itself when nobody holds it any more', async () => {
    const handle = await startSimulator(config({ orphanSeconds: 1 }), { netNamespace: false }, clock);
    const host = await openHost(handle.ptyPath);
    host.on('data', () => {});
    await sleep(clock, 2500);
    expect(alive(handle.pid)).toBe(true);
    await new Promise((resolve) => host.close(resolve));
    await until(() => !alive(handle.pid));
  });
});
