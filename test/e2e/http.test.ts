/** The station's HTTP side as its clients use it: a real daemon with a simulated port, real requests. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/timeline/clock.js';
import { sleep } from '../../src/timeline/wait.js';
import { type Invocation, invoke, makeBench, plansDirectory } from '../helpers/linkpulse.js';

const bench = makeBench();
const state = join(bench.directory, 'state');
let station: Invocation;
let base = '';
const tokens = new Map<string, string>();

beforeAll(async () => {
  station = invoke([
    'station',
    '--bench',
    bench.path,
    '--socket',
    bench.socketPath,
    '--state',
    state,
    '--plans',
    plansDirectory,
    '--http',
    '0',
  ]);
  for (let tries = 0; tries < 400 && base === ''; tries += 1) {
    await sleep(systemClock, 50);
    base = /http:\/\/127\.0\.0\.1:\d+/.exec(station.stdout())?.[0] ?? '';
  }
  const file = JSON.parse(readFileSync(join(state, 'tokens.json'), 'utf8')) as {
    tokens: { role: string; token: string }[];
  };
  for (const { role, token } of file.tokens) tokens.set(role, token);
}, 60_000);
afterAll(async () => {
  station.child.kill('SIGTERM');
  expect(await station.exitCode).toBe(0);
  bench.remove();
}, 60_000);

const call = async (path: string, role?: string, options: RequestInit = {}) => {
  const token = role === undefined ? undefined : (tokens.get(role) ?? role);
  const headers = { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...options.headers };
  const response = await fetch(`${base}${path}`, { ...options, headers });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : null,
  };
};
const post = (path: string, role?: string, body?: object) =>
  call(path, role, {
    method: 'POST',
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });

interface Heard {
  readonly id: number;
  readonly kind: string;
  readonly data: {
    readonly runId?: string;
    readonly summary?: { readonly verdict: string; readonly stages: unknown[] };
  };
}
/** Reads the event stream until `last` was heard. */
const listen = async (
  from: { readonly after?: number; readonly lastEventId?: number },
  last: (heard: Heard) => boolean,
): Promise<Heard[]> => {
  const heard: Heard[] = [];
  const query = from.after === undefined ? '' : `?after=${from.after}`;
  const response = await fetch(`${base}/api/v1/events${query}`, {
    headers: {
      cookie: `linkpulse=${tokens.get('viewer')}`,
      ...(from.lastEventId === undefined ? {} : { 'last-event-id': String(from.lastEventId) }),
    },
  });
  let text = '';
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString('utf8');
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const [, id, kind, data] = /^id: (\d+)\nevent: (\S+)\ndata: (.*)$/.exec(block) ?? [];
      if (data === undefined) continue;
      heard.push({ id: Number(id), kind: kind ?? '', data: JSON.parse(data) });
      if (last(heard.at(-1) as Heard)) {
        return heard;
      }
    }
  }
  return heard;
};

describe('the HTTP side', () => {
  it('keeps its tokens to its own user and opens nothing without one', async () => {
    expect(statSync(join(state, 'tokens.json')).mode & 0o777).toBe(0o600);
    expect((await call('/api/v1/health')).body).toMatchObject({ status: 'ok', station: 'e2e' });
    for (const path of [
      '/api/v1/view',
      '/metrics',
      '/api/v1/downloads/evidence.tar.gz',
      '/api/v1/downloads/measurements.csv',
      '/api/v1/events',
      '/api/v1/plans',
      '/api/v1/runs',
      '/api/v1/statistics',
      '/api/v1/runs/x',
      '/api/v1/runs/x/report.html',
    ])
      expect(await call(path), path).toMatchObject({ status: 401, body: { code: 'UNAUTHORISED' } });
    expect(await post('/api/v1/ports/sim1/run', 'viewer', { plan: 'quick' })).toMatchObject({
      status: 403,
      body: { code: 'FORBIDDEN' },
    });
    expect(await call('/api/v1/view', 'x'.repeat(30))).toMatchObject({ status: 401 });
    expect(readFileSync(join(state, 'audit.ndjson'), 'utf8')).toContain('"refused"');
  });

  it('takes no requests from elsewhere, and no nonsense', async () => {
    expect(await call('/api/v1/view', 'viewer', { headers: { origin: 'http://evil.example' } })).toMatchObject({
      status: 403,
    });
    expect(await post('/api/v1/ports/sim1/run', 'operator', { plan: 'quick', more: 1 })).toMatchObject({
      status: 400,
      body: { code: 'USAGE' },
    });
    expect(await post('/api/v1/ports/sim1/run', 'operator', { plan: 'nosuch' })).toMatchObject({ status: 404 });
    expect(await post('/api/v1/ports/nosuch/run', 'operator', { plan: 'quick' })).toMatchObject({
      status: 404,
      body: { code: 'PORT_UNKNOWN' },
    });
    const answer = { runId: '20261123-031502-sim1-k3fw', prompt: 'lamp', answer: 'yes' };
    expect(await post('/api/v1/ports/sim1/answer', 'viewer', answer)).toMatchObject({ status: 403 });
    expect(await post('/api/v1/ports/sim1/answer', 'operator', answer)).toMatchObject({
      status: 409,
      body: { code: 'NOT_ASKED' },
    });
    expect(await call('/api/v1/runs/..%2f..%2fetc', 'viewer')).toMatchObject({ status: 400 });
    expect(await call('/../package.json')).toMatchObject({ status: 404 });
    expect(await call('/vendor/preact/..%2f..%2fpackage.json')).toMatchObject({
      status: expect.toSatisfy((code: number) => code >= 400),
    });
  });

  it('describes itself: every path of the API stands in the OpenAPI document', async () => {
    const { body } = await call('/api/v1/openapi.json');
    expect(Object.keys(body.paths).sort()).toEqual([
      '/api/v1/downloads/evidence.tar.gz',
      '/api/v1/downloads/measurements.csv',
      '/api/v1/events',
      '/api/v1/health',
      '/api/v1/leases',
      '/api/v1/leases/{id}',
      '/api/v1/plans',
      '/api/v1/ports/{port}/answer',
      '/api/v1/ports/{port}/off',
      '/api/v1/ports/{port}/run',
      '/api/v1/ports/{port}/unlock',
      '/api/v1/runs',
      '/api/v1/runs/{runId}',
      '/api/v1/runs/{runId}/download/{form}',
      '/api/v1/runs/{runId}/{file}',
      '/api/v1/session',
      '/api/v1/statistics',
      '/api/v1/view',
      '/health',
      '/metrics',
      '/ready',
    ]);
  });

  it('serves the page, whose only inline script its policy names', async () => {
    const page = await call('/');
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toMatch(/script-src 'self' 'sha256-/);
    expect(page.headers.get('content-security-policy')).not.toContain('unsafe');
    for (const path of [
      'preact/preact.mjs',
      'preact-hooks/hooks.mjs',
      'htm/htm.mjs',
      'uplot/uPlot.esm.js',
      'uplot/uPlot.min.css',
    ])
      expect((await call(`/vendor/${path}`)).status, path).toBe(200);
    for (const path of ['preact/preact.js', 'preact/preact.mjs.map', 'uplot/uPlot.d.ts', 'htm/', 'koffi/index.js'])
      expect((await call(`/vendor/${path}`)).status, path).toBe(404);
  });

  it('signs a browser in by a cookie that no script reads, and out again', async () => {
    const cookieOf = ({ headers }: { readonly headers: Headers }) => headers.get('set-cookie') ?? '';
    expect((await call('/api/v1/session')).body).toEqual({ name: null, role: null });
    expect(await post('/api/v1/session', undefined, { token: 'x'.repeat(30) })).toMatchObject({ status: 401 });
    const signedIn = await post('/api/v1/session', undefined, { token: tokens.get('operator') });
    expect(signedIn.body).toEqual({ name: 'operator', role: 'operator' });
    expect(cookieOf(signedIn)).toMatch(/; HttpOnly; SameSite=Strict$/);
    const cookie = cookieOf(signedIn).split(';')[0] ?? '';
    expect((await call('/api/v1/session', undefined, { headers: { cookie } })).body.role).toBe('operator');
    expect(cookieOf(await call('/api/v1/session', undefined, { method: 'DELETE' }))).toMatch(
      /^linkpulse=; .*Max-Age=0/,
    );
  });

  it('runs a phone for an operator, tells it as it goes, and whoever was away gets what was missed', async () => {
    const { body: before } = await call('/api/v1/view', 'viewer');
    const all = listen({ after: before.id }, ({ kind }) => kind === 'run-ended');
    const accepted = await post('/api/v1/ports/sim1/run', 'operator', { plan: 'quick', serial: 'FCH12345678' });
    expect(accepted.status).toBe(202);
    expect(await post('/api/v1/ports/sim1/run', 'operator', { plan: 'quick' })).toMatchObject({
      status: 409,
      body: { code: 'PORT_BUSY' },
    });
    const heard = await all;
    const { runId } = accepted.body;
    expect(heard.at(0)).toMatchObject({ kind: 'run-started', data: { serial: 'FCH12345678', run: { runId } } });
    expect(heard.at(-1)?.data.summary?.verdict).toBe('pass');
    expect(heard.map(({ id }) => id)).toEqual(heard.map((_, index) => before.id + 1 + index));
    const [, second] = heard;
    const again = await listen({ lastEventId: second?.id ?? 0 }, ({ kind }) => kind === 'run-ended');
    expect(again.map(({ id }) => id)).toEqual(heard.slice(2).map(({ id }) => id));
    expect(await listen({ after: 1_000_000 }, () => true)).toMatchObject([{ kind: 'reset' }]);

    expect((await call(`/api/v1/runs/${runId}`, 'viewer')).body).toMatchObject({ runId, verdict: 'pass' });
    expect((await call(`/api/v1/runs/${runId}/report.html`, 'viewer')).text).toContain('<!doctype html>');
    expect((await call(`/api/v1/runs/${runId}/passwd`, 'viewer')).status).toBe(400);
    expect((await call(`/api/v1/runs/${runId}/download/pdf`, 'viewer')).text.slice(0, 5)).toBe('%PDF-');
    expect(await call('/api/v1/runs/none/download/bundle', 'viewer')).toMatchObject({
      status: 404,
      body: { code: 'RECORD_UNREADABLE' },
    });
    expect((await call(`/api/v1/runs/${runId}/download/pdf`)).status).toBe(401);
    expect((await call('/api/v1/runs?verdict=pass', 'viewer')).body).toMatchObject([{ runId }]);
    expect((await call('/api/v1/runs?measurement=boot.linkUpMs%3D99999..', 'viewer')).body).toEqual([]);
    expect((await call('/api/v1/runs?measurement=nonsense', 'viewer')).status).toBe(400);
    expect((await call('/api/v1/statistics', 'viewer')).body).toMatchObject({ runs: 1, yield: { firstPass: 1 } });
    expect((await call('/api/v1/view', 'viewer')).body.ports[0]).toMatchObject({
      running: null,
      last: { runId, verdict: 'pass' },
    });
  }, 120_000);

  it('switches power off for anybody, without a token', async () => {
    const from = (await call('/api/v1/view', 'viewer')).body.id;
    const powered = listen({ after: from }, ({ data }) => JSON.stringify(data).includes('"power-on"'));
    const ended = listen({ after: from }, ({ kind }) => kind === 'run-ended');
    await post('/api/v1/ports/sim1/run', 'engineer', { plan: 'quick' });
    await powered;
    expect(await post('/api/v1/ports/sim1/off')).toMatchObject({ status: 200, body: { wasRunning: true } });
    expect((await ended).at(-1)?.data.summary).toMatchObject({ verdict: 'error' });
    expect(await post('/api/v1/ports/sim1/off')).toMatchObject({ body: { wasRunning: false } });
    expect(readFileSync(join(state, 'audit.ndjson'), 'utf8')).toContain('"power-off"');
  }, 120_000);
});
