import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse, parseDocument } from 'yaml';
import { judgedAgain } from '../helpers/judged-again.js';
import { long, makeBench, plansDirectory, quickPlan, root, runJson } from '../helpers/linkpulse.js';

const bench = makeBench();
afterAll(() => bench.remove());

/** The bench of all models, its runs where they are taken away again. */
const modelsBench = join(bench.directory, 'models.yaml');
const modelsText = readFileSync(join(plansDirectory, 'bench.models.yaml'), 'utf8');
writeFileSync(modelsBench, modelsText.replace('runs: ../runs', 'runs: runs'));
const models = Object.keys(parse(modelsText).ports as object);

const timersOf = (text: string) => {
  const { simulation, sccp, network, power } = parse(text);
  return { simulation, sccp, cdpPeriod: network.cdpPeriod, offDwell: power.offDwell };
};

/** A plan we ship, with the short timers of quick.yaml and nothing else changed. */
const shortened = (name: string): string => {
  const document = parseDocument(readFileSync(join(plansDirectory, `${name}.yaml`), 'utf8'));
  const timers = timersOf(readFileSync(quickPlan, 'utf8'));
  document.setIn(['simulation'], document.createNode(timers.simulation));
  document.setIn(['sccp'], document.createNode(timers.sccp));
  document.setIn(['network', 'cdpPeriod'], timers.cdpPeriod);
  document.setIn(['power', 'offDwell'], timers.offDwell);
  const path = join(bench.directory, `${name}.yaml`);
  writeFileSync(path, document.toString());
  return path;
};

const run = (name: string, plan: string) =>
  runJson(['run', '--no-station', '--bench', modelsBench, '--port', name, '--plan', plan]);

describe('the plans we ship', () => {
  it('each has a phone on the bench of models', () => {
    expect(models).toEqual(['cp-7912g', 'cp-7940g', 'cp-7941g', 'cp-7960g', 'cp-7961g', 'cp-7961g-sip', 'cp-7970g']);
  });

  it('pass a healthy CP-7970G, found by its signature after a relay was looked for', async () => {
    const { record, exitCode, folder } = await run('cp-7970g', shortened('cp-7970g'));
    expect(record.verdict, record.cause).toBe('pass');
    expect(exitCode).toBe(0);
    expect(record.phone).toMatchObject({ platform: 'Cisco IP Phone 7970', load: 'SCCP70.8-5-3S' });
    expect(record.power).toMatchObject({ fed: { method: '802.3af' }, probe: { powerClass: 3 } });
    // 10.25 W was granted, so its screen is bright.
    expect(record.measurements.find(({ name }) => name === 'boot.peakMilliwatts')?.value).toBeGreaterThan(9000);
    expect(await judgedAgain({ folder })).toEqual(record.stages);
  }, 90_000);

  it.each(long ? models : [])(
    'pass a healthy phone as they are: %s',
    async (name) => {
      const { record, exitCode } = await run(name, join(root, 'plans', `${name}.yaml`));
      expect(record.verdict, record.cause).toBe('pass');
      expect(exitCode).toBe(0);
    },
    120_000,
  );
});
