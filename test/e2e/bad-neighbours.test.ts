/** Ports that flood, hang and short beside ports that do their work: the good ones measure what they measure alone. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FactKind } from '../../src/timeline/events.js';
import { type Invocation, invokeStation, quickPlan, type Run, runJson } from '../helpers/linkpulse.js';

const directory = mkdtempSync(join(tmpdir(), 'linkpulse-neighbours-'));
const benchPath = join(directory, 'bench.yaml');
const socketPath = join(directory, 'station.sock');
/** Modelled boards share a process, and one that is stopped would stop all of them. */
const ports = { good1: 'modelled', good2: 'modelled', short: 'modelled', flooder: 'modelled', hung: 'image' } as const;
const good = ['good1', 'good2'] as const;
/** Of one that stays long enough to be a neighbour all the while. */
const longPlan = join(directory, 'long.yaml');
const mebibyte = 1024 ** 2;
let station: Invocation;

const run = (port: keyof typeof ports, more: readonly string[] = [], onEvent?: Parameters<typeof runJson>[1]) =>
  runJson(['run', '--bench', benchPath, '--socket', socketPath, '--port', port, '--plan', quickPlan, ...more], onEvent);
const both = () => Promise.all(good.map((port) => run(port)));

/** Times of the wire and the board alike, by their stamps. */
const milliseconds = ({ record }: Run): ReadonlyMap<string, number> =>
  new Map(
    record.stages.flatMap(({ measurements }) =>
      measurements.filter(({ unit }) => unit === 'ms').map(({ name, value }) => [name, value] as const),
    ),
  );

/** Resolves when the run's events have shown that. */
const shown = (kind: FactKind) => {
  let met = () => {};
  const promise = new Promise<void>((resolve) => {
    met = resolve;
  });
  const onEvent: Parameters<typeof runJson>[1] = ({ fact }) => {
    if (fact.kind === kind) met();
  };
  return { promise, onEvent };
};

const residentBytes = (): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${station.child.pid}/status`, 'utf8'))?.[1]) * 1024;

describe('bad neighbours', () => {
  beforeAll(async () => {
    const lines = Object.entries(ports).map(
      ([name, firmware], index) =>
        `  ${name}: { kind: simulated, firmware: ${firmware}, phone: { mac: "00:0f:24:5a:79:6${index}", load: P00308010200, model: CP-7960G } }`,
    );
    writeFileSync(benchPath, ['station: neighbours', 'runs: runs', 'ports:', ...lines, ''].join('\n'));
    writeFileSync(
      longPlan,
      readFileSync(quickPlan, 'utf8')
        .replace(/ {2}registration: \d+s/, '  registration: 40s')
        .replace(/keepalives: \d+/, 'keepalives: 8'),
    );
    station = await invokeStation(benchPath, socketPath);
  }, 60_000);
  afterAll(async () => {
    station.child.kill('SIGTERM');
    await station.exitCode;
    rmSync(directory, { recursive: true, force: true });
  }, 60_000);

  it('one floods, one hangs, one is a short: the others pass as they do alone, and nothing grows', async () => {
    const alone = await both();
    const memory = residentBytes();

    const floods = shown('link-up');
    const hangs = shown('power-on');
    const flooder = run('flooder', ['--plan', longPlan, '--fault', 'flood'], floods.onEvent);
    const hung = run('hung', [], (event, child, started) => {
      if (event.fact.kind === 'power-on' && started?.simulator) process.kill(started.simulator.pid, 'SIGSTOP');
      hangs.onEvent(event, child, started);
    });
    const short = run('short', ['--fault', 'short-circuit']);
    // Whichever fails to come that far ends here, too.
    await Promise.all([Promise.race([floods.promise, flooder]), Promise.race([hangs.promise, hung])]);
    const beside = await both();

    expect(beside.map(({ record }) => record.verdict)).toEqual(['pass', 'pass']);
    for (const [index, each] of beside.entries()) {
      const before = milliseconds(alone[index] ?? each);
      const now = [...milliseconds(each)];
      // Two cores share out what five simulated benches take; a loop that is held would show in seconds.
      const worse = now.filter(([name, value]) => value > 3 * (before.get(name) ?? 0) + 500);
      expect(worse, 'measured beside bad neighbours').toEqual([]);
    }
    expect(residentBytes() - memory).toBeLessThan(150 * mebibyte);

    const flooded = await flooder;
    expect(flooded.record.verdict, flooded.record.cause).toBe('pass');
    const made = readFileSync(join(flooded.folder, 'capture.pcapng')).length;
    expect(made, 'a flood it was').toBeGreaterThan(mebibyte);
    expect(statSync(join(flooded.folder, 'timeline.ndjson')).size).toBeLessThan(mebibyte);
    expect((await hung).record).toMatchObject({ verdict: expect.stringMatching(/fail|error/) });
    expect((await short).record).toMatchObject({ verdict: 'fail', exitCode: 6 });
  }, 180_000);
});
