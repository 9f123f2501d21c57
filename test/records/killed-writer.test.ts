import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { completeCutRecord } from '../../src/records/cut-run.js';
import { findCutRuns, readRecord } from '../../src/records/run-folder.js';
import { RunIndex } from '../../src/records/run-index.js';
import { systemClock } from '../../src/timeline/clock.js';
import { quickPlan, root } from '../helpers/linkpulse.js';
import { closedProblems } from '../helpers/record-schema.js';

const wanted = 100;
const writer = join(root, 'test/helpers/run-writer.mjs');

/** Kills the writer so many ms after it has finished its `after`th run: anywhere in those that follow. */
const writeUntilKilled = (runs: string, after: number, delayMs: number): Promise<readonly string[]> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [writer, runs, quickPlan], { stdio: ['ignore', 'pipe', 'inherit'] });
    const finished: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => {
      finished.push(line);
      if (finished.length === after) setTimeout(() => child.kill('SIGKILL'), delayMs);
    });
    child.on('close', () => resolve(finished));
  });

test(`kill -9 during ${wanted} runs loses no finished run and marks those that were cut`, async () => {
  const runs = mkdtempSync(join(tmpdir(), 'linkpulse-killed-'));
  const finished: string[] = [];
  let kills = 0;
  for (let cut = 0; finished.length + cut < wanted; kills += 1) {
    finished.push(...(await writeUntilKilled(runs, 1 + ((kills * 7) % 11), (kills * 17) % 61)));
    cut = readdirSync(runs).length - finished.length;
  }
  expect(kills).toBeGreaterThan(5);

  const found = await findCutRuns(runs);
  const cutIds = new Set(found.map(({ id }) => id));
  // The line of a run that is finished may be lost with its writer; its record is not.
  for (const id of readdirSync(runs)) {
    if (cutIds.has(id)) continue;
    if (!existsSync(join(runs, id, 'record.json'))) {
      // Killed before there was a mark: nothing had been done yet.
      expect(readdirSync(join(runs, id)).filter((name) => !/^plan\.yaml|\.new$/.test(name))).toEqual([]);
      continue;
    }
    expect(closedProblems(JSON.parse(JSON.stringify(await readRecord(join(runs, id)))))).toEqual([]);
  }
  for (const id of finished) {
    expect(cutIds.has(id)).toBe(false);
    expect((await readRecord(join(runs, id))).cutRun).toBeNull();
  }
  expect(found.length).toBeGreaterThan(0);
  for (const cut of found) {
    const { record } = await completeCutRecord({ cut, storedTrip: undefined, clock: systemClock });
    expect(record).toMatchObject({ runId: cut.id, verdict: 'error', blame: 'bench', exitCode: 5 });
    expect(record.cutRun).not.toBeNull();
  }
  expect(await findCutRuns(runs)).toEqual([]);
  const index = RunIndex.open(runs);
  const told = await index.reindex();
  expect(told.unreadable).toEqual([]);
  expect(index.search({}).filter(({ cut }) => cut)).toHaveLength(found.length);
  expect(index.search({}).length).toBeGreaterThanOrEqual(finished.length + found.length);
  index.close();
  rmSync(runs, { recursive: true });
}, 300_000);
