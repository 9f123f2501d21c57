import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findStation } from '../../src/station/station-client.js';
import { systemClock } from '../../src/timeline/clock.js';
import { sleep } from '../../src/timeline/wait.js';
import { type Invocation, invoke, makeBench, quickPlan, runJson } from '../helpers/linkpulse.js';

const bench = makeBench();
let station: Invocation;
afterAll(() => bench.remove());

beforeEach(async () => {
  station = invoke(['station', '--bench', bench.path, '--socket', bench.socketPath, '--state', bench.directory]);
  for (let tries = 0; tries < 200 && (await findStation(bench.socketPath)) === undefined; tries += 1)
    await sleep(systemClock, 50);
}, 30_000);

afterEach(async () => {
  station.child.kill('SIGTERM');
  await station.exitCode;
}, 30_000);

const words = ['run', '--bench', bench.path, '--socket', bench.socketPath, '--port', 'sim1', '--plan', quickPlan];

describe('the station', () => {
  it('runs a phone for a client and keeps its socket to its own user', async () => {
    const run = await runJson(words);
    expect(run.exitCode).toBe(0);
    expect(run.events.length).toBeGreaterThan(20);
    expect(station.stdout()).toContain(run.record.runId);
  }, 60_000);

  it('lets one client at a time have a port, and tells the other who has it', async () => {
    let second: Promise<unknown> | undefined;
    const first = runJson(words, ({ fact }) => {
      if (fact.kind !== 'power-on' || second !== undefined) return;
      const other = invoke(words);
      second = other.exitCode.then((code) => ({ code, text: other.stderr() }));
    });
    expect((await first).exitCode).toBe(0);
    const refused = (await second) as { code: number; text: string };
    expect(refused.code).toBe(5);
    expect(refused.text).toContain('PORT_BUSY');
  }, 60_000);

  it('ends a run in power off when its client dies', async () => {
    let killed = false;
    const client = invoke([...words, '--json'], (line) => {
      if (killed || !line.includes('"link-up"')) return;
      killed = true;
      client.child.kill('SIGKILL');
    });
    await client.exitCode;
    for (let tries = 0; tries < 100 && !station.stdout().includes('exit 2'); tries += 1) await sleep(systemClock, 50);
    expect(station.stdout()).toMatch(/sim1: error, exit 2/);
  }, 60_000);

  it('removes its socket on SIGTERM', async () => {
    station.child.kill('SIGTERM');
    expect(await station.exitCode).toBe(0);
    expect(existsSync(bench.socketPath)).toBe(false);
  }, 30_000);
});
