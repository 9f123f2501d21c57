/** Whole runs of a simulated phone with a SIP load. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { judgedAgain } from '../helpers/judged-again.js';
import { makeBench, plansDirectory, runJson, stageOf } from '../helpers/linkpulse.js';

const bench = makeBench('sip');
afterAll(() => bench.remove());
const sipPlan = join(plansDirectory, 'quick-sip.yaml');
const runOf = (plan: string) => runJson(['demo', '--bench', bench.path, '--plan', plan]);

describe.concurrent('a phone with a SIP load', () => {
  it('registers with digest, renews in time, and begins again when a NOTIFY tells it to', async () => {
    const run = await runOf(sipPlan);
    expect(run.exitCode, run.record.cause).toBe(0);
    const answers = run.events.flatMap(({ fact }) =>
      fact.kind === 'sip' && fact.from === 'bench' && fact.method === 'REGISTER' ? [fact.statusCode] : [],
    );
    expect(answers).toContain(401);
    expect(answers).toContain(200);
    expect(run.events.some(({ fact }) => fact.kind === 'sip' && fact.purpose === 'restart')).toBe(true);
    const registration = stageOf(run.record, 'registration');
    expect(registration.measurements.map(({ name }) => name)).toContain('registration.returnedMs');
    expect(await judgedAgain(run)).toEqual(run.record.stages);
  }, 90_000);

  it('goes on to the next CallManager where the first says nothing', async () => {
    const plan = join(bench.directory, 'silent.yaml');
    const text = readFileSync(sipPlan, 'utf8')
      .replace(
        'name: cm-primary, address: 10.110.0.11, port: 5060, behaviour: serve',
        'name: cm-primary, address: 10.110.0.11, port: 5060, behaviour: silent',
      )
      .replace(/^change:.*\n(?: +.*\n)+/m, '');
    writeFileSync(plan, text);
    const run = await runOf(plan);
    expect(run.exitCode, run.record.cause).toBe(0);
    expect(stageOf(run.record, 'registration').cause).toContain('Registered with cm-secondary');
    expect(await judgedAgain(run)).toEqual(run.record.stages);
  }, 90_000);
});
