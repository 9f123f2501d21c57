import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { afterAll, describe, expect, it, test } from 'vitest';
import { invoke, makeBench, quickPlan, root, strict } from '../helpers/linkpulse.js';

const canMount = spawnSync('unshare', ['-Urm', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;
const bench = makeBench('prestandard', [], ['diskReserve: 0bytes']);
afterAll(() => bench.remove());

describe('a run whose disk fills up', () => {
  it.skipIf(!canMount && !strict)(
    'takes power away at once and is an error of the bench (skipped where no tmpfs can be mounted)',
    () => {
      mkdirSync(bench.runsDirectory);
      const script = [
        `mount -t tmpfs -o size=24k none ${bench.runsDirectory}`,
        `${process.execPath} dist/main.js run --no-station --bench ${bench.path} --port sim1 --plan ${quickPlan} --json`,
        'echo "exit $?"',
      ].join('\n');
      const run = spawnSync('unshare', ['-Urm', 'sh', '-c', script], { cwd: root, encoding: 'utf8' });
      const lines = run.stdout.trim().split('\n');
      expect(lines.at(-1)).toBe('exit 5');
      expect(run.stderr).toMatch(/^(RECORD|CAPTURE)_FAILED/m);
      const kinds = lines.flatMap((line) => (line.startsWith('{') ? [JSON.parse(line).fact?.kind] : []));
      expect(kinds).toContain('power-on');
      expect(kinds.indexOf('power-off')).toBeGreaterThan(kinds.indexOf('power-on'));
      expect(kinds).not.toContain('interrupted');
    },
    60_000,
  );
});

test('with less room than the bench file keeps back no run starts, and nothing is written', async () => {
  const full = makeBench('prestandard', [], ['diskReserve: 1000000MiB']);
  const run = invoke(['run', '--no-station', '--bench', full.path, '--port', 'sim1', '--plan', quickPlan]);
  expect(await run.exitCode).toBe(5);
  expect(run.stderr()).toMatch(/^DISK_RESERVE: .*\d+ MiB free in .*, 1000000 MiB are kept back/);
  expect(run.stderr()).toContain('records prune');
  expect(existsSync(full.runsDirectory)).toBe(false);
  full.remove();
});
