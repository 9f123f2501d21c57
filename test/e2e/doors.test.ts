/** Who is let in at the station's HTTP side, and what is written down of what they do. */
import { spawnSync } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HttpStation, startHttpStation } from '../helpers/http-station.js';
import { invoke, makeBench, quickPlan } from '../helpers/linkpulse.js';
import { needs } from '../helpers/tools.js';

const bench = makeBench();
const plans = join(bench.directory, 'plans');
mkdirSync(plans);
copyFileSync(quickPlan, join(plans, 'quick.yaml'));
let station: HttpStation;
beforeAll(async () => {
  station = await startHttpStation(bench, ['--plans', plans]);
}, 60_000);
afterAll(async () => {
  await station.stop();
  bench.remove();
}, 60_000);

interface Answer {
  readonly status: number;
  readonly code: string;
}
/** fetch would not let us say who we are. */
const knock = (
  path: string,
  headers: Readonly<Record<string, string>> = {},
  options: { readonly method?: string; readonly base?: string; readonly ca?: Buffer } = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { method = 'GET', base = station.base, ca } = options;
    const ask = base.startsWith('https') ? secureRequest : request;
    ask(`${base}${path}`, { method, headers, ...(ca === undefined ? {} : { ca }) }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += String(chunk);
      });
      response.on('end', () => {
        const code = text.startsWith('{') ? (JSON.parse(text) as { code?: string }).code : undefined;
        resolve({ status: response.statusCode ?? 0, code: code ?? '' });
      });
    })
      .on('error', reject)
      .end();
  });
const as = (role: string) => ({ authorization: `Bearer ${station.token(role)}` });
const run = (...more: string[]) =>
  invoke(['run', '--bench', bench.path, '--socket', bench.socketPath, '--port', 'sim1', '--plan', quickPlan, ...more]);
const acts = (action: string) => station.audit().filter((entry) => entry.action === action);

describe('requests from elsewhere', () => {
  const health = '/api/v1/health';

  it('are refused by their origin, whatever it is called', async () => {
    for (const origin of ['http://evil.example', 'null', 'http://127.0.0.1', 'nonsense', 'http://127.0.0.1:1'])
      expect(await knock(health, { origin }), origin).toEqual({ status: 403, code: 'FORBIDDEN' });
    expect(await knock(health, { origin: station.base })).toMatchObject({ status: 200 });
  });

  it('are refused under a name that was made to lead here (DNS rebinding), power off included', async () => {
    const evil = { host: 'evil.example:8420', origin: 'http://evil.example:8420' };
    expect(await knock(health, evil)).toEqual({ status: 403, code: 'FORBIDDEN' });
    expect(await knock('/api/v1/ports/sim1/off', evil, { method: 'POST' })).toMatchObject({ status: 403 });
    for (const host of ['localhost:8420', '[::1]:8420', '192.168.0.7'])
      expect(await knock(health, { host }), host).toMatchObject({ status: 200 });
  });
});

describe('what is written down', () => {
  it('is every arming, whether by the page or by the socket, and the start', async () => {
    expect(acts('station-started')).toMatchObject([{ who: 'station', detail: { bench: bench.path } }]);
    const byPage = await fetch(`${station.base}/api/v1/ports/sim1/run`, {
      method: 'POST',
      headers: { ...as('operator'), 'content-type': 'application/json' },
      body: JSON.stringify({ plan: 'quick', serial: 'FCH1234ABCD' }),
    });
    expect(byPage.status).toBe(202);
    await knock('/api/v1/ports/sim1/off', {}, { method: 'POST' });
    expect(acts('run-started').at(-1)).toMatchObject({
      who: 'operator',
      from: '127.0.0.1',
      detail: { port: 'sim1', plan: 'quick', serial: 'FCH1234ABCD' },
    });
    expect(acts('power-off').at(-1)).toMatchObject({ who: 'anybody', detail: { port: 'sim1' } });
  }, 60_000);

  it('is a plan that changed, also while no station ran', async () => {
    const list = () => knock('/api/v1/plans', as('viewer'));
    await list();
    expect(acts('plan-changed')).toEqual([]);
    appendFileSync(join(plans, 'quick.yaml'), '# another limit\n');
    await list();
    await list();
    const [change, more] = acts('plan-changed');
    expect(more).toBeUndefined();
    expect(change).toMatchObject({ detail: { plan: 'quick', before: expect.stringMatching(/^[0-9a-f]{64}$/) } });
    await station.stop();
    appendFileSync(join(plans, 'quick.yaml'), '# and another\n');
    station = await startHttpStation(bench, ['--plans', plans]);
    expect(acts('plan-changed')).toHaveLength(2);
  }, 60_000);

  it('is a port that was locked because its jack was live, and who unlocked it', async () => {
    const live = run('--fault', 'foreign-voltage');
    expect(await live.exitCode).toBe(6);
    const refused = run();
    expect(await refused.exitCode).toBe(5);
    expect(refused.stderr()).toMatch(/^PORT_LOCKED: .*sim1, because of FOREIGN_VOLTAGE in run 20/);
    expect(refused.stderr()).toContain('board unlock --port');
    await station.stop();
    station = await startHttpStation(bench, ['--plans', plans]);

    const unlock = (role: string) => knock('/api/v1/ports/sim1/unlock', as(role), { method: 'POST' });
    expect(await unlock('operator')).toEqual({ status: 403, code: 'FORBIDDEN' });
    expect(await unlock('engineer')).toMatchObject({ status: 200 });
    expect(acts('locked')).toMatchObject([{ from: 'board', detail: { port: 'sim1', code: 'FOREIGN_VOLTAGE' } }]);
    expect(acts('unlocked')).toMatchObject([{ who: 'engineer', detail: { port: 'sim1', code: 'FOREIGN_VOLTAGE' } }]);
    expect(await run().exitCode).toBe(0);
    expect(acts('run-started').at(-1)).toMatchObject({
      who: 'local user',
      from: 'socket',
      detail: { plan: quickPlan },
    });

    const byVerb = invoke(['board', 'unlock', '--port', 'sim1', '--socket', bench.socketPath]);
    expect(await byVerb.exitCode).toBe(0);
    expect(byVerb.stdout()).toBe('sim1 was not locked');
    const elsewhere = invoke(['board', 'unlock', '--port', '../x', '--socket', bench.socketPath]);
    expect(await elsewhere.exitCode).toBe(4);
  }, 120_000);
});

describe('TLS', () => {
  const certificate = join(bench.directory, 'cert.pem');
  const key = join(bench.directory, 'key.pem');
  const make = (keyPath: string, certificatePath: string) =>
    spawnSync('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
      ...['-subj', '/CN=bench', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', keyPath, '-out', certificatePath],
    ]);

  it('is spoken where certificate and key are given, and nothing else is', async (context) => {
    needs(context, 'openssl', 'openssl');
    make(key, certificate);
    const other = makeBench();
    const secure = await startHttpStation(other, ['--tls-cert', certificate, '--tls-key', key]);
    try {
      expect(secure.base).toMatch(/^https:/);
      const options = { base: secure.base, ca: readFileSync(certificate) };
      expect(await knock('/api/v1/health', {}, options)).toMatchObject({ status: 200 });
      await expect(knock('/api/v1/health', {}, { base: secure.base })).rejects.toThrow(/self-signed/);
      await expect(knock('/api/v1/health', {}, { base: secure.base.replace('https', 'http') })).rejects.toThrow();
    } finally {
      await secure.stop();
      other.remove();
    }
  }, 60_000);

  it('is refused with half a pair, or with a key that is another one', async (context) => {
    needs(context, 'openssl', 'openssl');
    make(key, certificate);
    make(join(bench.directory, 'other-key.pem'), join(bench.directory, 'other-cert.pem'));
    const refused = async (...words: string[]) => {
      const started = invoke([
        'station',
        '--bench',
        bench.path,
        '--socket',
        join(bench.directory, 'tls.sock'),
        '--state',
        bench.directory,
        '--http',
        '0',
        ...words,
      ]);
      return { exit: await started.exitCode, err: started.stderr() };
    };
    expect(await refused('--tls-cert', certificate)).toMatchObject({
      exit: 4,
      err: expect.stringContaining('go together'),
    });
    const wrong = await refused('--tls-cert', certificate, '--tls-key', join(bench.directory, 'other-key.pem'));
    expect(wrong).toMatchObject({ exit: 5, err: expect.stringContaining('TLS_UNUSABLE') });
    const missing = await refused('--tls-cert', '/none.pem', '--tls-key', key);
    expect(missing.err).toContain('TLS_UNUSABLE');
  }, 60_000);
});

describe('too much', () => {
  it('wrong tokens shut the door for a while', async () => {
    const guess = () => knock('/api/v1/view', { authorization: `Bearer ${'x'.repeat(30)}` });
    for (let tries = 0; tries < 20; tries += 1) expect(await guess()).toMatchObject({ status: 401 });
    expect(await knock('/api/v1/view', as('viewer'))).toEqual({ status: 401, code: 'UNAUTHORISED' });
    expect(acts('refused').length).toBeGreaterThanOrEqual(20);
  }, 60_000);

  it('more than 600 requests a minute are turned away; power off never is', async () => {
    const answers = await Promise.all(Array.from({ length: 700 }, () => knock('/api/v1/health')));
    expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThan(50);
    expect(answers.at(-1)).toEqual({ status: 429, code: 'TOO_MANY_REQUESTS' });
    expect(await knock('/api/v1/runs?text=/ports/sim1/off', as('viewer'))).toMatchObject({ status: 429 });
    expect(await knock('/api/v1/ports/sim1/off', {}, { method: 'POST' })).toMatchObject({ status: 200 });
  }, 60_000);
});
