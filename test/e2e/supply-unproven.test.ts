/** A daemon that dies under power, and a board that is gone afterwards: its port goes on counting until somebody has looked. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createVethTo } from '../../src/network/real-network.js';
import { loadPlan } from '../../src/plan/load-plan.js';
import { type SimulatorHandle, startSimulator } from '../../src/sim/launch.js';
import { systemClock as clock } from '../../src/timeline/clock.js';
import { describeInNamespace } from '../helpers/in-namespace.js';
import { type Invocation, invoke, invokeStation, quickPlan, runJson } from '../helpers/linkpulse.js';

const folder = mkdtempSync(join(tmpdir(), 'linkpulse-unproven-'));
const socketPath = join(folder, 'station.sock');
const benchPath = join(folder, 'bench.yaml');
const ports = ['jack1', 'jack2'] as const;
const simulators: SimulatorHandle[] = [];
const cables: { close(): Promise<void> }[] = [];
let station: Invocation;

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

const startStation = async () => {
  station = await invokeStation(benchPath, socketPath);
};

const phoneOn = async (port: string, index: number): Promise<SimulatorHandle> => {
  const simulator = await startSimulator(
    {
      board: 'modelled',
      faults: [],
      phone: {
        mac: `00:0f:24:5a:79:6${index}`,
        load: 'P00308010200',
        model: 'CP-7960G',
        previousAddress: '10.10.15.62',
      },
      timers: loadPlan(quickPlan).plan.simulation,
      network: { kind: 'real', interface: `ph-${port}` },
      controlPath: join(folder, `${port}.control`),
      witnessPath: join(folder, `${port}.witness`),
      orphanSeconds: 60,
    },
    { netNamespace: true },
    clock,
  );
  const names = { bench: port, phone: `ph-${port}` };
  cables.push(await createVethTo(simulator.pid, { names, clock, timeoutMs: 10_000 }));
  simulators.push(simulator);
  return simulator;
};

describeInNamespace(import.meta.url, 'a port that nobody knows to be off', () => {
  beforeAll(async () => {
    const lines: string[] = [];
    for (const [index, port] of ports.entries()) {
      const { ptyPath } = await phoneOn(port, index);
      lines.push(`  ${port}: { kind: hardware, board: ${ptyPath}, interface: ${port} }`);
    }
    const text = ['station: unproven', 'runs: runs', 'supplies: { shelf: { steady: 30W } }', 'ports:', ...lines, ''];
    writeFileSync(benchPath, text.join('\n'));
    await startStation();
  }, 60_000);

  afterAll(async () => {
    station.child.kill('SIGTERM');
    await station.exitCode;
    for (const cable of cables) await cable.close();
    for (const simulator of simulators) await simulator.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it('counts on its supply after the next start, and gives it back when an engineer has looked', async () => {
    const cut = runJson(words('jack1'), ({ fact }) => {
      if (fact.kind === 'power-on') station.child.kill('SIGKILL');
    });
    await expect(cut).rejects.toThrow('STATION_UNREACHABLE');
    await simulators[0]?.stop();
    await startStation();

    let unlock: Invocation | undefined;
    const run = await runJson(words('jack2'), ({ fact }) => {
      if (fact.kind === 'supply-wait') unlock = invoke(['board', 'unlock', '--port', 'jack1', '--socket', socketPath]);
    });
    expect(run.events.find(({ fact }) => fact.kind === 'supply-wait')?.fact).toMatchObject({
      ...{ holders: ['jack1'], unproven: ['jack1'], reservedMilliwatts: 18_000, neededMilliwatts: 18_000 },
    });
    expect(await unlock?.exitCode).toBe(0);
    expect(run.record.verdict, run.record.cause).toBe('pass');
  }, 120_000);
});
