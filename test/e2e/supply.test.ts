/** Phones on a supply that feeds one of them at a time. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FactKind } from '../../src/timeline/events.js';
import { readTimeline } from '../../src/timeline/log.js';
import { type Invocation, invoke, invokeStation, quickPlan, type Run, runJson, stageOf } from '../helpers/linkpulse.js';

const directory = mkdtempSync(join(tmpdir(), 'linkpulse-supply-'));
const benchPath = join(directory, 'bench.yaml');
const socketPath = join(directory, 'station.sock');
const names = ['sim1', 'sim2', 'small'];
let station: Invocation;

const words = (port: string) => [
  ...['run', '--bench', benchPath, '--socket', socketPath],
  ...['--port', port, '--plan', quickPlan],
];
/** Microseconds of the station's clock. */
const at = async ({ folder, events }: Run, kind: FactKind): Promise<number> => {
  const event = events.find(({ fact }) => fact.kind === kind) ?? expect.fail(`no ${kind}`);
  const { meta } = await readTimeline(join(folder, 'timeline.ndjson'));
  return meta.startClockUs + event.atUs;
};

describe('a supply for one phone at a time', () => {
  beforeAll(async () => {
    const ports = names.map(
      (name, index) =>
        `  ${name}: { kind: simulated, firmware: modelled, supply: ${name === 'small' ? 'weak' : 'shelf'}, phone: { mac: "00:0f:24:5a:79:6${index}", load: P00308010200, model: CP-7960G } }`,
    );
    const supplies = 'supplies: { shelf: { steady: 30W }, weak: { steady: 10W } }';
    writeFileSync(benchPath, ['station: supply', 'runs: runs', supplies, 'ports:', ...ports, ''].join('\n'));
    station = await invokeStation(benchPath, socketPath);
  }, 60_000);
  afterAll(async () => {
    station.child.kill('SIGTERM');
    await station.exitCode;
    rmSync(directory, { recursive: true, force: true });
  }, 60_000);

  it('powers them in turn; the wait is an event and no time of the phone', async () => {
    const runs = await Promise.all([runJson(words('sim1')), runJson(words('sim2'))]);
    expect(runs.map(({ record }) => record.verdict)).toEqual(['pass', 'pass']);
    const [one, two] = runs;
    const isOneFirst = (await at(one, 'power-on')) < (await at(two, 'power-on'));
    const [first, second] = isOneFirst ? [one, two] : [two, one];
    const before = first.record.port;
    const wait = second.events.find(({ fact }) => fact.kind === 'supply-wait')?.fact;
    expect(wait).toMatchObject({ supply: 'shelf', budgetMilliwatts: 30_000, holders: [before], ahead: [] });
    expect(await at(second, 'power-requested')).toBeGreaterThan(await at(first, 'jack-safe'));
    const granted = second.events.find(({ fact }) => fact.kind === 'supply-granted');
    expect(granted?.fact).toMatchObject({ supply: 'shelf', steadyMilliwatts: 18_000 });
    expect(stageOf(second.record, 'power').beganAtUs).toBeGreaterThanOrEqual(granted?.atUs ?? Number.NaN);
    expect(first.events.filter(({ fact }) => fact.kind === 'supply-wait')).toEqual([]);
  }, 120_000);

  it('whoever waits is powered off at once and asks its board for nothing', async () => {
    const stopWhoWaits: Parameters<typeof runJson>[1] = ({ fact }, child) => {
      if (fact.kind === 'supply-wait') child.kill('SIGINT');
    };
    const runs = await Promise.all([runJson(words('sim1'), stopWhoWaits), runJson(words('sim2'), stopWhoWaits)]);
    const aborted = runs.find(({ record }) => record.verdict === 'error');
    expect(aborted).toMatchObject({ exitCode: 2, record: { blame: 'operator' } });
    expect(aborted?.events.map(({ fact }) => fact.kind)).not.toContain('power-requested');
    expect(runs.filter(({ record }) => record.verdict === 'pass')).toHaveLength(1);
    // Nothing stays reserved of either.
    expect((await runJson(words('sim2'))).events.map(({ fact }) => fact.kind)).not.toContain('supply-wait');
  }, 120_000);

  it('refuses what it could never feed before anything starts', async () => {
    const run = invoke(words('small'));
    expect(await run.exitCode).toBe(5);
    expect(run.stderr()).toContain(
      'The supply could never power this phone: the plan quick lets small draw 18 W (21.6 W at inrush), weak gives 10 W (10 W)',
    );
  }, 60_000);
});
