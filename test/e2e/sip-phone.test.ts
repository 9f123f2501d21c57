/** Whole runs of a simulated phone with a SIP load. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { judgedAgain } from '../helpers/judged-again.js';
import { makeBench, plansDirectory, runJson, stageOf } from '../helpers/linkpulse.js';

const bench = makeBench('sip');
afterAll(() => bench.remove());
const sipPlan = join(plansDirectory, 'quick-sip.yaml');
const runOf = (plan: string, ...faults: readonly string[]) =>
  runJson(['demo', '--bench', bench.path, '--plan', plan, ...faults.flatMap((fault) => ['--fault', fault])]);
const changeSection = /^change:.*\n(?: +.*\n)+/m;
const planWith = (name: string, edit: (text: string) => string): string => {
  const path = join(bench.directory, `${name}.yaml`);
  writeFileSync(path, edit(readFileSync(sipPlan, 'utf8')));
  return path;
};
const overTcp = (text: string): string => text.replace('transport: udp', 'transport: tcp');

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
    const run = await runOf(
      planWith('silent', (text) => text.replace(changeSection, '')),
      'primary-silent',
    );
    expect(run.exitCode, run.record.cause).toBe(0);
    expect(stageOf(run.record, 'registration').cause).toContain('Registered with cm-secondary');
    expect(await judgedAgain(run)).toEqual(run.record.stages);
  }, 90_000);

  it('speaks TCP where its file says so, and starts again as a whole when a NOTIFY tells it to', async () => {
    const run = await runOf(planWith('reset', (text) => overTcp(text).replace('order: restart', 'order: reset')));
    expect(run.exitCode, run.record.cause).toBe(0);
    const transports = run.events.flatMap(({ fact }) => (fact.kind === 'sip' ? [fact.transport] : []));
    expect([...new Set(transports)]).toEqual(['tcp']);
    expect(stageOf(run.record, 'registration').cause).toContain('after it was told to reset');
    const discovers = run.events.filter(({ fact }) => fact.kind === 'dhcp' && fact.from === 'phone');
    expect(discovers.length).toBeGreaterThanOrEqual(3);
    expect(await judgedAgain(run)).toEqual(run.record.stages);
  }, 90_000);

  it('fails over, asks the better CallManager for a token when it is back, and moves there', async () => {
    const run = await runOf(
      planWith('returns', (text) => overTcp(text).replace(changeSection, '')),
      'primary-returns',
    );
    expect(run.exitCode, run.record.cause).toBe(0);
    const purposes = run.events.flatMap(({ fact }) => (fact.kind === 'sip' ? [`${fact.from} ${fact.purpose}`] : []));
    expect(purposes).toContain('phone keepalive');
    expect(purposes).toContain('phone token');
    expect(stageOf(run.record, 'registration').cause).toMatch(/Registered with cm-primary.*back with it/);
    expect(await judgedAgain(run)).toEqual(run.record.stages);
  }, 90_000);

  it('fails where it stays with the second CallManager although the first serves again', async () => {
    const run = await runOf(
      planWith('stays', (text) => overTcp(text).replace(changeSection, '')),
      'never-falls-back',
    );
    expect(run.exitCode).toBe(1);
    expect(stageOf(run.record, 'registration').cause).toMatch(
      /cm-primary .* serves again, and the phone did not go back/,
    );
    expect(await judgedAgain(run)).toEqual(run.record.stages);
  }, 90_000);
});
