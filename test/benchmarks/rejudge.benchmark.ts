import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'vitest';
import { copyRun } from '../helpers/copied-runs.js';
import { invoke, makeBench, quickPlan, runJson } from '../helpers/linkpulse.js';

const count = Number(process.env.BENCH_RUNS ?? 10_000);
const rounds = Number(process.env.BENCH_ROUNDS ?? 3);

test('judge --since over stored runs', async () => {
  const bench = makeBench();
  const runs = mkdtempSync(join(tmpdir(), 'linkpulse-bench-'));
  try {
    const { folder } = await runJson(['demo', '--bench', bench.path, '--port', 'sim1']);
    copyRun(folder, runs, count);
    await invoke(['records', 'reindex', '--runs', runs]).exitCode;
    for (const words of [[], ['--plan', quickPlan]]) {
      const seconds: number[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const began = performance.now();
        const judged = invoke(['judge', '--since', '2026-09-01', '--runs', runs, ...words]);
        await judged.exitCode;
        seconds.push((performance.now() - began) / 1000);
        if (round === 0) console.log(judged.stdout().split('\n').at(-1));
      }
      const told = seconds.map((value) => value.toFixed(1)).join(', ');
      const under = words.length === 0 ? 'their own plans' : 'another plan';
      console.log(`${count} runs under ${under}, ${availableParallelism()} cores: ${told} s`);
    }
  } finally {
    rmSync(runs, { recursive: true });
    bench.remove();
  }
});
