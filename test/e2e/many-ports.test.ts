/** Several phones at once in one daemon: equal addresses on every port, no word of one on the wire of another. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ethernetFrames } from '../../src/decode/ethernet-frames.js';
import { makeReport } from '../../src/reports/make-report.js';
import { decodeEthernet } from '../../src/wire/ethernet.js';
import { type Invocation, invokeStation, quickPlan, runJson } from '../helpers/linkpulse.js';

const directory = mkdtempSync(join(tmpdir(), 'linkpulse-many-'));
const benchPath = join(directory, 'bench.yaml');
const socketPath = join(directory, 'station.sock');
/** The last one is pulled out in the middle: its neighbours must not notice. */
const macs = ['00:0f:24:5a:79:61', '00:0f:24:5a:79:62', '00:0f:24:5a:79:63', '00:0f:24:5a:79:64'];
const names = macs.map((_, index) => `sim${index + 1}`);
let station: Invocation;

describe('many ports in one daemon', () => {
  beforeAll(async () => {
    const ports = macs.map(
      (mac, index) =>
        `  ${names[index]}: { kind: simulated, firmware: modelled, phone: { mac: "${mac}", load: P00308010200, model: CP-7960G } }`,
    );
    writeFileSync(benchPath, ['station: many', 'runs: runs', 'ports:', ...ports, ''].join('\n'));
    station = await invokeStation(benchPath, socketPath);
  }, 60_000);
  afterAll(async () => {
    station.child.kill('SIGTERM');
    await station.exitCode;
    rmSync(directory, { recursive: true, force: true });
  }, 60_000);

  it('runs them at once by the same plan; one that is pulled out disturbs none, and each wire carries its own phone alone', async () => {
    const words = (port: string) => [
      'run',
      '--bench',
      benchPath,
      '--socket',
      socketPath,
      '--port',
      port,
      '--plan',
      quickPlan,
    ];
    const runs = await Promise.all(
      names.map((name, index) =>
        runJson([...words(name), ...(index === macs.length - 1 ? ['--fault', 'unplugged'] : [])]),
      ),
    );
    expect(runs.map(({ record }) => record.verdict)).toEqual(['pass', 'pass', 'pass', 'error']);
    expect(runs[3]?.record.stages[0]).toMatchObject({ verdict: 'error', blame: 'operator' });
    const begun = runs.map(({ record }) => new Date(record.startedAt).getTime());
    const ended = runs.map(({ record }, index) => (begun[index] ?? 0) + record.durationMs);
    expect(Math.max(...begun), 'they ran at once').toBeLessThan(Math.min(...ended));
    for (const [index, { folder, record }] of runs.entries()) {
      expect(record.phone?.mac).toBe(macs[index]);
      const sources = new Set(sourcesIn(join(folder, 'capture.pcapng')));
      const others = macs.filter((_, other) => other !== index);
      expect(others.filter((mac) => sources.has(mac))).toEqual([]);
      expect(sources).toContain(macs[index]);
      // Made by a thread beside the daemon, and the same as ever.
      expect(readFileSync(join(folder, 'report.html'), 'utf8')).toBe(String(await makeReport(folder, 'html')));
    }
  }, 120_000);
});

const sourcesIn = (path: string): readonly string[] =>
  [...ethernetFrames(path)].flatMap((frame) => decodeEthernet(frame.bytes)?.source ?? []);
