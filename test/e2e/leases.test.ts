/** Ports reserved over HTTP, as their holders and everybody else meet them: a real daemon, real requests, the board's own image. */
import { randomUUID } from 'node:crypto';
import { linkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hear, request } from '../helpers/api-client.js';
import { type HttpStation, startHttpStation } from '../helpers/http-station.js';
import { invoke, makeImageBench, quickPlan } from '../helpers/linkpulse.js';
import { lastSwitchOff, readWitness } from '../helpers/witness.js';

const switchOpenLimitMs = 550;
const jackSafeLimitMs = 1050;
const hourMs = 3_600_000;

const bench = makeImageBench('prestandard', ['needs: [golden-phone]'], ['shared: [label-printer, golden-phone]']);
let station: HttpStation;
beforeAll(async () => {
  station = await startHttpStation(bench);
}, 60_000);
afterAll(async () => {
  await station.stop();
  bench.remove();
}, 60_000);

const call = (method: string, path: string, role: string, body?: object) =>
  request(station, [method, path], role, body);
const take = (role: string, id: string, more: object = {}) =>
  call('POST', '/leases', role, { id, port: 'sim1', forMs: hourMs, purpose: 'job 7', ...more });
const run = (role: string, lease?: string) =>
  call('POST', '/ports/sim1/run', role, { plan: 'quick', ...(lease === undefined ? {} : { lease }) });
const viewNow = async () => (await call('GET', '/view', 'viewer')).body;
const localRun = () =>
  invoke(['run', '--bench', bench.path, '--socket', bench.socketPath, '--port', 'sim1', '--plan', quickPlan]);

describe('a reserved port', () => {
  it('has one holder however many race for it, and refuses everybody else with owner and end', async () => {
    expect(await take('viewer', randomUUID())).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
    expect(await take('operator', 'short')).toMatchObject({ status: 400 });
    expect(await take('operator', randomUUID(), { forMs: 9 * hourMs })).toMatchObject({ status: 400 });
    expect(await take('operator', randomUUID(), { port: 'nosuch' })).toMatchObject({ body: { code: 'PORT_UNKNOWN' } });
    const ids = Array.from({ length: 8 }, () => randomUUID());
    const answers = await Promise.all(ids.map((id) => take('operator', id)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(409)]);
    const id = ids[answers.findIndex(({ status }) => status === 200)] ?? '';
    // No answer came, so it is asked again.
    expect(await take('operator', id)).toMatchObject({ status: 200 });

    const { until } = (await viewNow()).ports[0].lease;
    expect(Date.parse(until)).toBeGreaterThan(0);
    for (const refused of [await run('operator'), await run('engineer')])
      expect(refused).toMatchObject({
        status: 409,
        body: { code: 'PORT_RESERVED', message: expect.stringMatching(/sim1, by operator \(job 7\) until 20\d\d-.*Z/) },
      });
    expect(await run('engineer', id), "another's token").toMatchObject({ status: 410, body: { code: 'LEASE_ENDED' } });
    const local = localRun();
    expect(await local.exitCode).toBe(5);
    expect(local.stderr()).toMatch(/PORT_RESERVED.*sim1, by operator \(job 7\) until/);
    expect(JSON.stringify(await viewNow()), 'nobody reads the id').not.toContain(id);

    expect(await call('DELETE', `/leases/${id}`, 'engineer')).toMatchObject({ body: { wasHeld: false } });
    expect(await call('DELETE', `/leases/${id}`, 'operator')).toMatchObject({ body: { wasHeld: true } });
    expect(await call('DELETE', `/leases/${id}`, 'operator')).toMatchObject({ body: { wasHeld: false } });
    expect((await viewNow()).ports[0].lease).toBeNull();
    expect(await take('operator', id), 'what is over stays over').toMatchObject({ body: { code: 'LEASE_ENDED' } });
    expect(station.audit().filter(({ action }) => action === 'leased' || action === 'lease-ended')).toMatchObject([
      { action: 'leased', who: 'operator', detail: { port: 'sim1', owner: 'operator', purpose: 'job 7' } },
      { action: 'lease-ended', who: 'operator', detail: { port: 'sim1' } },
    ]);
  }, 60_000);

  it('ends in power off when its time is over under power; who waited has it then', async () => {
    const [id, next] = [randomUUID(), randomUUID()];
    await take('operator', id);
    const before = await viewNow();
    const witness = join(bench.directory, 'witness.ndjson');
    let waited: Promise<{ readonly body: object }> | undefined;
    const heard = hear(station, before.id, async ({ kind, data }) => {
      // The simulated bench takes its files away when the run ends.
      if (kind === 'run-started') linkSync(data.run.simulator.witnessPath, witness);
      if (kind === 'event' && data.event.fact.kind === 'link-up') {
        waited = take('engineer', next, { waitMs: 60_000, purpose: 'in turn' });
        expect(await call('PUT', `/leases/${id}`, 'operator', { forMs: 1_000 })).toMatchObject({ status: 200 });
      }
      return kind === 'run-ended';
    });
    expect(await run('operator', id)).toMatchObject({ status: 202 });
    const messages = await heard;
    const { summary } = messages.at(-1)?.data ?? {};
    expect(summary).toMatchObject({
      exitCode: 2,
      interruptedBy: 'the reservation of operator (job 7) ended: its time is over',
    });
    const off = messages.filter(({ data }) => data.event?.fact.kind === 'power-off');
    expect(off).toHaveLength(1);
    const figures = lastSwitchOff(readWitness(witness));
    expect(figures.switchOpenMs).toBeLessThanOrEqual(switchOpenLimitMs);
    expect(figures.jackSafeMs).toBeLessThanOrEqual(jackSafeLimitMs);
    expect(await waited).toMatchObject({ status: 200, body: { owner: 'engineer', port: 'sim1' } });
    expect(await run('operator', id)).toMatchObject({ body: { code: 'LEASE_ENDED' } });
    expect(station.audit()).toContainEqual(
      expect.objectContaining({
        action: 'lease-expired',
        detail: { port: 'sim1', owner: 'operator', purpose: 'job 7' },
      }),
    );
    await call('DELETE', `/leases/${next}`, 'engineer');
  }, 120_000);

  it('goes off for anybody, and is ended by whoever stands at the bench', async () => {
    const id = randomUUID();
    await take('operator', id);
    const before = await viewNow();
    let acts = 0;
    const heard = hear(station, before.id, async ({ kind, data }) => {
      if (kind === 'event' && data.event.fact.kind === 'power-on') {
        acts += 1;
        if (acts === 1) await fetch(`${station.base}/api/v1/ports/sim1/off`, { method: 'POST' });
        if (acts === 2)
          expect(await call('DELETE', '/leases?port=sim1', 'engineer')).toMatchObject({ body: { wasHeld: true } });
      }
      if (kind === 'run-ended' && acts === 1) {
        expect((await viewNow()).ports[0].lease, 'the lease stays').toMatchObject({ owner: 'operator' });
        expect(await run('operator', id)).toMatchObject({ status: 202 });
      }
      return kind === 'run-ended' && acts === 2;
    });
    expect(await run('operator', id)).toMatchObject({ status: 202 });
    expect((await heard).at(-1)?.data.summary).toMatchObject({
      interruptedBy: 'the reservation of operator (job 7) ended: engineer ended it',
    });
    expect((await viewNow()).ports[0].lease).toBeNull();
  }, 120_000);

  it('stays reserved over a new start of the daemon, and is its holder’s', async () => {
    const id = randomUUID();
    await take('operator', id);
    await station.stop();
    station = await startHttpStation(bench);
    expect((await viewNow()).ports[0].lease).toMatchObject({ owner: 'operator', purpose: 'job 7' });
    expect(await run('engineer')).toMatchObject({ body: { code: 'PORT_RESERVED' } });
    expect(await run('operator', id)).toMatchObject({ status: 202 });
    expect(await call('DELETE', `/leases/${id}`, 'operator')).toMatchObject({ body: { wasHeld: true } });
    expect((await viewNow()).ports[0]).toMatchObject({
      running: null,
      last: { interruptedBy: 'the reservation of operator (job 7) ended: it was given back' },
    });
  }, 120_000);
});
