import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { invoke, long, makeImageBench, quickPlan } from '../helpers/linkpulse.js';

const bench = makeImageBench();
afterAll(() => bench.remove());
const kill = async (...words: readonly string[]) => {
  const run = invoke(['selftest', 'kill', '--bench', bench.path, ...words]);
  return { exitCode: await run.exitCode, stdout: run.stdout(), stderr: run.stderr() };
};

describe('linkpulse selftest kill', () => {
  it(`kills the daemon in every way and finds power off in time, ${long ? 100 : 5} times`, async () => {
    const { exitCode, stdout, stderr } = await kill('--times', long ? '100' : '5', '--json');
    const lines = stdout.split('\n').map((line) => JSON.parse(line));
    expect(exitCode, stdout + stderr).toBe(0);
    expect(new Set(lines.map(({ way }) => way))).toEqual(
      new Set(['SIGKILL', 'SIGSTOP', 'SIGTERM', 'cable pulled', 'loop held', undefined]),
    );
    const result = lines.at(-1);
    expect(result).toMatchObject({ type: 'result', outside: 0, limits: { switchOpenMs: 550, jackSafeMs: 1050 } });
    expect(result.switchOpenMs.count).toBe(long ? 100 : 5);
    expect(result.switchOpenMs.max).toBeLessThanOrEqual(550);
    expect(result.jackSafeMs.max).toBeLessThanOrEqual(1050);
  }, 3_600_000);

  it('ends with 6 when a board takes longer, and shows where it stands', async () => {
    const plan = join(bench.directory, 'slow.yaml');
    writeFileSync(plan, readFileSync(quickPlan, 'utf8').replace('heartbeatTimeout: 500ms', 'heartbeatTimeout: 800ms'));
    const { exitCode, stdout } = await kill('--times', '1', '--plan', plan, '--seed', '3');
    expect(exitCode).toBe(6);
    expect(stdout).toMatch(/1 daemons, seed 3/);
    expect(stdout).toMatch(/over 550 ms +1 +█/);
    expect(stdout).toContain('0 of 1 within both limits');
  }, 120_000);

  it('takes a real port only when told that its jack will be powered', async () => {
    const path = join(bench.directory, 'real.yaml');
    writeFileSync(
      path,
      'station: s\nruns: runs\nports:\n  jack1: { kind: hardware, board: /dev/ttyUSB0, interface: eth1 }\n',
    );
    const { exitCode, stderr } = await kill('--bench', path, '--port', 'jack1');
    expect(exitCode).toBe(4);
    expect(stderr).toContain('jack1 is real');
  });
});
