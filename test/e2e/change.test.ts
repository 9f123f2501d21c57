/** Whole runs in which the phone's configuration changes once it is registered, and its CallManager tells it to begin again. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { judgedAgain } from '../helpers/judged-again.js';
import { changePlan, invoke, makeBench, quickPlan, runJson, stageOf } from '../helpers/linkpulse.js';

const bench = makeBench();
afterAll(() => bench.remove());

const planWith = (name: string, change: readonly string[]): string => {
  const path = join(bench.directory, `${name}.yaml`);
  const text = readFileSync(changePlan, 'utf8').replace(
    /^change:\n(?: +.*\n)+/m,
    `change:\n${change.map((line) => `  ${line}\n`).join('')}`,
  );
  writeFileSync(path, text);
  return path;
};
const runOf = (plan: string) => runJson(['demo', '--bench', bench.path, '--plan', plan]);

describe.concurrent('a phone whose configuration changes', () => {
  it('fetches it again, loads the new image and registers in the new order when it is told to restart', async () => {
    const run = await runOf(changePlan);
    expect(run.exitCode, run.record.cause).toBe(0);
    const registration = stageOf(run.record, 'registration');
    expect(registration.cause).toContain('Registered with cm-secondary');
    const names = registration.measurements.map(({ name }) => name);
    expect(names).toContain('registration.refetchedMs');
    expect(names).toContain('registration.returnedMs');
    const files = run.events.flatMap(({ fact }) =>
      fact.kind === 'tftp-end' && fact.outcome === 'complete' ? [fact.file] : [],
    );
    expect(files.filter((file) => file.endsWith('.cnf.xml')).length).toBeGreaterThanOrEqual(2);
    expect(files).toContain('P00308010300.bin');
    expect(await judgedAgain(run)).toEqual(run.record.stages);
  }, 90_000);

  it('starts again as a whole when it is told to reset, and that is no restart to blame it for', async () => {
    const run = await runOf(planWith('reset', ['after: 300ms', 'order: reset']));
    expect(run.exitCode, run.record.cause).toBe(0);
    expect(stageOf(run.record, 'registration').cause).toContain('after it was told to reset');
    // A short loss of link may go unnoticed on a busy machine; the second DHCP exchange does not.
    const requests = run.events.filter(
      ({ fact }) => fact.kind === 'dhcp' && fact.from === 'phone' && /REQUEST/i.test(fact.messageType),
    );
    expect(requests.length).toBeGreaterThanOrEqual(2);
    expect(await judgedAgain(run)).toEqual(run.record.stages);
  }, 90_000);

  it('registers by the default file first and by its own once it has one', async () => {
    const run = await runOf(planWith('auto', ['after: 300ms', 'order: restart', 'fromAutoRegistration: true']));
    expect(run.exitCode, run.record.cause).toBe(0);
    const files = run.events.flatMap(({ fact }) =>
      fact.kind === 'tftp-end' && fact.config !== null ? [fact.file] : [],
    );
    expect(files[0]).toBe('XMLDefault.cnf.xml');
    expect(files.at(-1)).toMatch(/^SEP[0-9A-F]{12}\.cnf\.xml$/);
    expect(await judgedAgain(run)).toEqual(run.record.stages);
  }, 90_000);

  it('cannot show a fault of the change under a plan without one', async () => {
    const run = invoke(['demo', '--bench', bench.path, '--plan', quickPlan, '--fault', 'ignores-reset']);
    expect(await run.exitCode).toBe(4);
    expect(run.stderr()).toContain('plans/quick-change.yaml');
  }, 60_000);
});
