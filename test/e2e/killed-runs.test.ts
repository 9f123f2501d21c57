/** Daemons killed at any moment of whole simulated runs, power and all; 200 of them in the long suite. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { findCutRuns, readRecord } from '../../src/records/run-folder.js';
import { invoke, long, makeBench, quickPlan } from '../helpers/linkpulse.js';
import { closedProblems } from '../helpers/record-schema.js';

const bench = makeBench();
afterAll(() => bench.remove());
const count = long ? 200 : 2;
/** From before the folder is made to after the phone has registered. */
const latestMs = 9_000;

test(
  `kill -9 during ${count} runs: each ends with a record, the cut ones say so, finished ones stay`,
  async () => {
    const finished = new Set<string>();
    for (let index = 0; index < count; index += 1) {
      let runId = '';
      let isDone = false;
      const run = invoke(
        ['run', '--no-station', '--bench', bench.path, '--port', 'sim1', '--plan', quickPlan, '--json'],
        (line) => {
          const told = JSON.parse(line) as { readonly type: string; readonly runId?: string };
          if (told.type === 'started') runId = told.runId ?? '';
          if (told.type === 'result') isDone = true;
        },
      );
      const killing = setTimeout(() => run.child.kill('SIGKILL'), 500 + ((index * 2_617 + 3_500) % latestMs));
      await run.exitCode;
      clearTimeout(killing);
      if (isDone) finished.add(runId);
    }
    // One more run completes what was cut before.
    const last = invoke(['run', '--no-station', '--bench', bench.path, '--port', 'sim1', '--plan', quickPlan]);
    await last.exitCode;
    expect(await findCutRuns(bench.runsDirectory)).toEqual([]);
    for (const id of readdirSync(bench.runsDirectory)) {
      const path = join(bench.runsDirectory, id);
      if (!readdirSync(path).includes('record.json')) {
        expect(readdirSync(path).filter((name) => !/^plan\.yaml|\.new$/.test(name))).toEqual([]);
        continue;
      }
      const record = await readRecord(path);
      expect(closedProblems(record)).toEqual([]);
      if (record.cutRun !== null) expect(record).toMatchObject({ verdict: 'error', blame: 'bench' });
      if (finished.has(id)) expect(record.cutRun).toBeNull();
    }
  },
  count * 20_000 + 60_000,
);
