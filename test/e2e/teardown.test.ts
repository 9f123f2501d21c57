import { execFileSync } from 'node:child_process';
import { existsSync, linkSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findStation } from '../../src/station/station-client.js';
import { systemClock } from '../../src/timeline/clock.js';
import { sleep } from '../../src/timeline/wait.js';
import { invoke, makeBench, plansDirectory, quickPlan, runJson } from '../helpers/linkpulse.js';
import { lastSwitchOff, readWitness } from '../helpers/witness.js';

const bench = makeBench();
afterAll(() => bench.remove());
const words = ['run', '--no-station', '--bench', bench.path, '--port', 'sim1', '--plan', quickPlan];
/** The sum of all steps' limits, on a loaded machine. */
const boundMs = 120_000;

/** A name that opens for writing and never comes back, as on a hung disk. */
const hang = (folder: string, file: string) => execFileSync('mkfifo', [join(folder, `${file}.new`)]);

describe('the teardown is bounded', () => {
  it(
    'ends although the board and the phone hang, with OFF as the first word to the board',
    async () => {
      let struck = false;
      let isPowered = false;
      const run = await runJson(words, ({ fact }, child, started) => {
        if (fact.kind === 'power-on') isPowered = true;
        if (fact.kind !== 'link-up' || !isPowered || struck) return;
        struck = true;
        const pid = started?.simulator?.pid ?? 0;
        process.kill(pid, 'SIGSTOP');
        for (let count = 0; count < 3; count += 1) child.kill('SIGINT');
        // The host's words wait in the cable meanwhile.
        void sleep(systemClock, 1_000).then(() => process.kill(pid, 'SIGCONT'));
      });
      expect(run.record.interruptedBy).toContain('SIGINT');
      expect(run.record.powerOff?.cause).toBe('COMMANDED');
      expect(run.exitCode).toBe(2);
    },
    boundMs,
  );

  it(
    'ends although the board and the phone hang for ever',
    async () => {
      let struck = false;
      let isPowered = false;
      const run = await runJson(words, ({ fact }, child, started) => {
        if (fact.kind === 'power-on') isPowered = true;
        if (fact.kind !== 'link-up' || !isPowered || struck) return;
        struck = true;
        process.kill(started?.simulator?.pid ?? 0, 'SIGSTOP');
        for (let count = 0; count < 3; count += 1) child.kill('SIGINT');
      });
      expect(run.record.interruptedBy).toContain('SIGINT');
      const faults = run.events.flatMap(({ fact }) => (fact.kind === 'bench-fault' ? [fact.code] : []));
      expect(faults).toContain('TEARDOWN_STUCK');
    },
    boundMs,
  );

  it(
    'switches off before a disk that hangs, ends nevertheless, and the next start completes the record',
    async () => {
      const witness = join(bench.directory, 'witness.ndjson');
      let folder = '';
      let isPowered = false;
      let struck = false;
      const run = invoke([...words, '--json'], (text) => {
        const line = JSON.parse(text);
        if (line.type === 'started') {
          folder = line.folder;
          hang(folder, 'record.json');
          linkSync(line.simulator.witnessPath, witness);
        }
        if (line.fact?.kind === 'power-on') isPowered = true;
        if (line.fact?.kind !== 'link-up' || !isPowered || struck) return;
        struck = true;
        for (let count = 0; count < 3; count += 1) run.child.kill('SIGINT');
      });
      expect(await run.exitCode).toBe(5);
      expect(run.stderr()).toContain('TEARDOWN_STUCK: ');
      expect(run.stderr()).toContain('writing the record took longer');
      expect(lastSwitchOff(readWitness(witness)).switchOpenMs).toBeLessThanOrEqual(550);
      rmSync(join(folder, 'record.json.new'));
      const next = await runJson(words);
      expect(next.exitCode).toBe(0);
      expect(next.stderr).toContain(folder);
    },
    boundMs,
  );

  it('of a station does not wait for a client that never hangs up', async () => {
    const station = invoke(['station', '--bench', bench.path, '--socket', bench.socketPath]);
    for (let tries = 0; tries < 400 && (await findStation(bench.socketPath)) === undefined; tries += 1)
      await sleep(systemClock, 50);
    const client = connect({ path: bench.socketPath, allowHalfOpen: true });
    await new Promise<void>((resolve) => client.on('connect', () => resolve()));
    station.child.kill('SIGTERM');
    expect(await station.exitCode).toBe(0);
    client.destroy();
  }, 60_000);

  it(
    'of a station ends a run that nobody waits for, power off and record first',
    async () => {
      const state = join(bench.directory, 'state');
      const station = invoke([
        ...['station', '--bench', bench.path, '--socket', bench.socketPath],
        ...['--state', state, '--plans', plansDirectory, '--http', '0'],
      ]);
      const until = async <T>(look: () => T | undefined): Promise<T> => {
        for (let tries = 0; tries < 600; tries += 1) {
          const found = look();
          if (found !== undefined) return found;
          await sleep(systemClock, 50);
        }
        throw new Error(station.stdout() + station.stderr());
      };
      const base = await until(() => /http:\/\/127\.0\.0\.1:\d+/.exec(station.stdout())?.[0]);
      const { tokens } = JSON.parse(readFileSync(join(state, 'tokens.json'), 'utf8'));
      const { token } = tokens.find(({ role }: { role: string }) => role === 'operator');
      const before = new Set(readdirSync(bench.runsDirectory));
      await fetch(`${base}/api/v1/ports/sim1/run`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ plan: 'quick' }),
      });
      const folder = await until(() =>
        readdirSync(bench.runsDirectory).find((name) => /^\d/.test(name) && !before.has(name)),
      );
      const timeline = join(bench.runsDirectory, folder, 'timeline.ndjson');
      await until(() =>
        existsSync(timeline) && readFileSync(timeline, 'utf8').includes('"kind":"power-on"') ? true : undefined,
      );
      station.child.kill('SIGTERM');
      expect(await station.exitCode).toBe(0);
      const record = JSON.parse(readFileSync(join(bench.runsDirectory, folder, 'record.json'), 'utf8'));
      expect(record).toMatchObject({ interruptedBy: 'SIGTERM', powerOff: { cause: 'COMMANDED' } });
    },
    boundMs,
  );
});
