/** Things that ports have in common: taken on the command line and by runs, in turn, of a real daemon. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findStation } from '../../src/station/station-client.js';
import { systemClock } from '../../src/timeline/clock.js';
import { sleep } from '../../src/timeline/wait.js';
import { type Invocation, invoke, makeBench, program, quickPlan } from '../helpers/linkpulse.js';

const bench = makeBench('prestandard', ['needs: [golden-phone]'], ['shared: [label-printer, golden-phone]']);
const atStation = ['--socket', bench.socketPath];
let station: Invocation;
beforeAll(async () => {
  station = invoke(['station', '--bench', bench.path, ...atStation, '--state', bench.directory]);
  for (let tries = 0; tries < 400 && (await findStation(bench.socketPath)) === undefined; tries += 1)
    await sleep(systemClock, 50);
}, 30_000);
afterAll(async () => {
  station.child.kill('SIGTERM');
  await station.exitCode;
  bench.remove();
}, 30_000);

const ended = async (words: readonly string[]) => {
  const call = invoke(words);
  return { exitCode: await call.exitCode, stdout: call.stdout(), stderr: call.stderr() };
};
const shared = (...words: readonly string[]) => ended(['shared', ...words, ...atStation]);
const things = async () =>
  (await shared('ls', '--json')).stdout
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly lease: object | null; readonly waiting: object[] });
const until = async (holds: () => boolean | Promise<boolean>) => {
  for (let tries = 0; tries < 200 && !(await holds()); tries += 1) await sleep(systemClock, 50);
};
const run = ['run', '--bench', bench.path, ...atStation, '--port', 'sim1', '--plan', quickPlan];

describe('a shared thing', () => {
  it('is taken, refused with its owner and end, and released', async () => {
    const taken = await shared('take', 'label-printer', '--as', 'ana', '--purpose', 'lot 12', '--for', '20m');
    expect(taken.stdout).toMatch(/^label-printer: ana \(lot 12\) until 20.*Z$/);
    expect(await shared('take', 'label-printer', '--as', 'ben')).toMatchObject({
      exitCode: 5,
      stderr: expect.stringMatching(/SHARED_TAKEN: .*label-printer, by ana \(lot 12\) until 20/),
    });
    expect(await shared('take', 'label-printer', '--wait', '1s')).toMatchObject({
      exitCode: 5,
      stderr: expect.stringMatching(/waits for label-printer, taken by ana[\s\S]*SHARED_TAKEN/),
    });
    expect(await things()).toMatchObject([{ lease: { owner: 'ana' }, waiting: [] }, { lease: null }]);
    expect(await shared('take', 'printer')).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining('SHARED_UNKNOWN'),
    });
    expect((await shared('release', 'label-printer')).stdout).toBe('label-printer is free');
    expect((await shared('release', 'label-printer')).stdout).toBe('nobody had label-printer');
  }, 60_000);

  it('is waited for by a run that needs it, which has it while it goes on', async () => {
    await shared('take', 'golden-phone', '--as', 'ana');
    let held: Promise<readonly { readonly lease: object | null }[]> | undefined;
    const waiting = invoke([...run, '--json'], (line) => {
      if (line.includes('"waiting"')) void shared('release', 'golden-phone');
      if (line.includes('"link-up"')) held = things();
    });
    expect(await waiting.exitCode).toBe(0);
    expect(JSON.parse(waiting.stdout().split('\n')[0] ?? '')).toMatchObject({
      type: 'waiting',
      shared: 'golden-phone',
      owner: 'ana',
    });
    expect((await held)?.[1]).toMatchObject({ lease: { owner: 'local user', purpose: 'run on sim1', until: null } });
    expect((await things())[1]).toMatchObject({ lease: null });
  }, 60_000);

  it('keeps no run that was ended while it waits, and no place for it', async () => {
    await shared('take', 'golden-phone', '--as', 'ana');
    const waiting = invoke(run, (line) => {
      if (line.startsWith('waits for golden-phone, taken by ana'))
        void ended(['board', 'off', '--port', 'sim1', '--bench', bench.path, ...atStation]);
    });
    expect(await waiting.exitCode).toBe(2);
    expect(waiting.stderr()).toMatch(/INTERRUPTED: .*another client switched power off/);
    expect((await things())[1]).toMatchObject({ lease: { owner: 'ana' }, waiting: [] });
    await shared('release', 'golden-phone');
  }, 60_000);

  it('is held for a command, and for the runs of it; free when the command ends or dies', async () => {
    const own = ['shared', 'with', 'golden-phone', ...atStation, '--', process.execPath];
    expect((await ended([...own, program, ...run])).exitCode).toBe(0);
    expect((await ended([...own, '-e', 'process.exit(7)'])).exitCode).toBe(7);
    const dies = invoke([...own, '-e', 'console.log(process.pid); setInterval(() => {}, 1000)']);
    await until(() => dies.stdout() !== '');
    expect((await things())[1]).toMatchObject({ lease: { until: null } });
    expect(await shared('release', 'golden-phone'), 'a command has it').toMatchObject({ exitCode: 5 });
    const next = ended(['shared', 'take', 'golden-phone', '--as', 'ben', '--wait', '1m', ...atStation]);
    await until(async () => ((await things())[1]?.waiting.length ?? 0) > 0);
    dies.child.kill('SIGKILL');
    expect((await next).stdout).toMatch(/^golden-phone: ben until/);
    process.kill(Number(dies.stdout()));
    await shared('release', 'golden-phone');
  }, 60_000);
});
