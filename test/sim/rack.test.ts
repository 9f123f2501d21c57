import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSerialInjector } from '../../src/board/serial-injector.js';
import type { SimulatorConfig } from '../../src/sim/contracts.js';
import { attachSimulator, startRack } from '../../src/sim/launch.js';
import { systemClock as clock } from '../../src/timeline/clock.js';
import { sleep } from '../../src/timeline/wait.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'linkpulse-rack-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const bench = (name: string): SimulatorConfig => ({
  board: 'modelled',
  faults: [],
  phone: { mac: '00:12:da:db:d3:4e', load: 'P00308010200', model: 'CP-7960G' },
  timers: {
    ...{ bootMs: 500, linkUpMs: 500, cdpSyncMs: 500, dhcpRetryMs: 500, tftpRetryMs: 500, fileGapMs: 20 },
    ...{ callManagerRetryMs: 500, cdpPeriodMs: 60_000 },
  },
  network: { kind: 'limited', socketPath: join(directory, `${name}.frames`), portOffset: 20_000 },
  controlPath: join(directory, `${name}.control`),
  witnessPath: join(directory, `${name}.witness`),
  orphanSeconds: 60,
});

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const until = async (condition: () => boolean): Promise<boolean> => {
  for (let tries = 0; tries < 300 && !condition(); tries += 1) await sleep(clock, 20);
  return condition();
};

describe('a rack of simulated benches', () => {
  it('carries several in one process; one that stops takes no other along, and the empty process ends by itself', async () => {
    const rack = await startRack(
      { rackPath: join(directory, 'rack.sock'), orphanSeconds: 1 },
      { netNamespace: false },
      clock,
    );
    const one = await rack.add(bench('one'));
    const two = await rack.add(bench('two'));
    expect([one.pid, two.pid]).toEqual([rack.pid, rack.pid]);
    expect(one.ptyPath).not.toBe(two.ptyPath);
    await one.stop();
    expect(await attachSimulator(bench('one').controlPath, clock)).toBeUndefined();
    const injector = await openSerialInjector(two.ptyPath, clock);
    expect((await injector.identify()).serial).toBe('SIM00001');
    await injector.close();
    const found = await attachSimulator(bench('two').controlPath, clock);
    await found?.stop();
    expect(alive(rack.pid)).toBe(true);
    expect(await until(() => !alive(rack.pid))).toBe(true);
  });

  it('tells that a bench cannot be added, and goes on', async () => {
    const rack = await startRack(
      { rackPath: join(directory, 'rack.sock'), orphanSeconds: 1 },
      { netNamespace: false },
      clock,
    );
    await expect(rack.add({ ...bench('odd'), faults: ['no-such-fault'] })).rejects.toMatchObject({
      code: 'SIMULATOR_FAILED',
      message: expect.stringContaining('no-such-fault'),
    });
    const one = await rack.add(bench('one'));
    await one.stop();
  });
});
