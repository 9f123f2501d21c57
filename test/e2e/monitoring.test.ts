/** What Prometheus, a load balancer and the journal see of a station that runs a phone. */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type HttpStation, startHttpStation } from '../helpers/http-station.js';
import { makeBench, quickPlan, runJson } from '../helpers/linkpulse.js';

const bench = makeBench();
let station: HttpStation;
beforeAll(async () => {
  station = await startHttpStation(bench, ['--json']);
}, 60_000);
afterAll(async () => {
  await station.stop();
  bench.remove();
}, 60_000);

const get = async (path: string, token?: string) => {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(`${station.base}${path}`, { headers });
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
};

it('tells figures to viewers only, and health and readiness to anybody', async () => {
  expect(await get('/metrics')).toMatchObject({ status: 401, text: expect.stringContaining('UNAUTHORISED') });
  expect(JSON.parse((await get('/health')).text)).toMatchObject({ status: 'ok', ports: ['sim1'] });
  expect(await get('/ready')).toMatchObject({ status: 200, text: '{"status":"ready","reasons":[]}' });

  const words = ['run', '--bench', bench.path, '--socket', bench.socketPath, '--port', 'sim1', '--plan', quickPlan];
  const { record } = await runJson(words);
  const { status, type, text } = await get('/metrics', station.token('viewer'));
  expect({ status, type }).toEqual({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8' });
  expect(text).toContain('linkpulse_runs_total{verdict="pass",blame="none",port="sim1"} 1\n');
  for (const { stage } of record.stages)
    expect(text).toContain(`linkpulse_stage_duration_seconds_count{stage="${stage}",verdict="pass"} 1\n`);
  expect(text).toContain('linkpulse_port_state{port="sim1",state="idle"} 1\n');
  expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds [\d.]+$/m);
  expect(text).not.toContain(record.runId);

  const log = station.invocation
    .stdout()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(log.filter(({ runId }) => runId === record.runId)).toMatchObject([
    { level: 'info', port: 'sim1' },
    { level: 'info', port: 'sim1', verdict: 'pass', blame: null },
  ]);
}, 60_000);

it('is not ready while its only port is locked', async () => {
  writeFileSync(`${bench.runsDirectory}/lock-sim1.json`, '{"code":"SWITCH_STUCK","runId":"r","at":"?"}');
  const { status, text } = await get('/ready');
  expect({ status, body: JSON.parse(text) }).toMatchObject({
    status: 503,
    body: { status: 'not-ready', reasons: [{ code: 'PORT_LOCKED', port: 'sim1' }] },
  });
  expect((await get('/metrics', station.token('viewer'))).text).toContain('state="locked"} 1\n');
});
