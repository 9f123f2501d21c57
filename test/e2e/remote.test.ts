/** A phone on a station elsewhere: the program against a real daemon, over a line that can be cut. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/timeline/clock.js';
import { readTimeline } from '../../src/timeline/log.js';
import { sleep } from '../../src/timeline/wait.js';
import { request } from '../helpers/api-client.js';
import { type CuttableLine, openLine } from '../helpers/cuttable-line.js';
import { type HttpStation, startHttpStation } from '../helpers/http-station.js';
import { invoke, makeBench, plansDirectory, runJson } from '../helpers/linkpulse.js';
import { needs } from '../helpers/tools.js';

const bench = makeBench();
let station: HttpStation;
let line: CuttableLine;
const tokenFile = (role: string) => join(bench.directory, `${role}.token`);
beforeAll(async () => {
  station = await startHttpStation(bench, ['--plans', plansDirectory]);
  line = await openLine(Number(new URL(station.base).port));
  for (const role of ['viewer', 'operator', 'engineer']) writeFileSync(tokenFile(role), `${station.token(role)}\n`);
}, 60_000);
afterAll(async () => {
  await line.close();
  await station.stop();
  bench.remove();
}, 60_000);

const remote = (verb: string, role: string, ...more: readonly string[]) => [
  ...['remote', verb, '--station', `127.0.0.1:${line.port}`, '--token-file', tokenFile(role)],
  ...more,
];
const run = (...more: readonly string[]) => remote('run', 'operator', '--port', 'sim1', '--plan', 'quick', ...more);
const leaseNow = async () => (await request(station, ['GET', '/view'], 'viewer')).body.ports[0].lease;
const ended = async (words: readonly string[]) => {
  const call = invoke(words);
  return { exitCode: await call.exitCode, stdout: call.stdout(), stderr: call.stderr() };
};
/** What came is what the station wrote, each event once. */
const expectWhole = async (runId: string, events: readonly { readonly seq: number }[]) => {
  const stored = (await readTimeline(join(bench.runsDirectory, runId, 'timeline.ndjson'))).events;
  expect(events.map(({ seq }) => seq)).toEqual(stored.map(({ seq }) => seq));
};

describe('linkpulse remote', () => {
  it('runs a phone there as here, in the same lines, and gives the port back', async () => {
    let lease: unknown;
    const there = await runJson(run('--serial', 'FCH12345678', '--purpose', 'job 7'), ({ fact }) => {
      if (fact.kind === 'link-up') lease = leaseNow();
    });
    expect(there.exitCode).toBe(0);
    expect(await lease).toMatchObject({ owner: 'operator', purpose: 'job 7' });
    expect(there.record).toMatchObject({ verdict: 'pass', port: 'sim1', phone: { serial: 'FCH12345678' } });
    expect(there.folder).toBe(`http://127.0.0.1:${line.port}/api/v1/runs/${there.record.runId}`);
    await expectWhole(there.record.runId, there.events);
    expect(await leaseNow()).toBeNull();

    const words = await ended(run());
    expect(words.stdout).toMatch(/✔ registration .* Registered with cm-primary/);
    expect(words.stdout).toMatch(/PASS {2}exit 0[\s\S]*report {2}http.*\/report.html/);
  }, 90_000);

  it('hears everything of a run whose line is cut, once for a moment and once for longer', async () => {
    let cuts = 0;
    const there = await runJson(run(), ({ fact }) => {
      if (fact.kind === 'power-on') line.cut(false);
      if (fact.kind === 'link-up') {
        line.cut(true);
        void sleep(systemClock, 2_500).then(() => line.mend());
      }
      if (fact.kind === 'power-on' || fact.kind === 'link-up') cuts += 1;
    });
    expect(cuts).toBeGreaterThanOrEqual(2);
    expect(there.exitCode).toBe(0);
    expect(there.stderr).toContain('the line to the station is back');
    await expectWhole(there.record.runId, there.events);
    expect(await leaseNow()).toBeNull();
  }, 90_000);

  it('comes back to another daemon, whose messages have other numbers: told from the disk', async () => {
    let started = '';
    const client = invoke(run('--json', '--lease', '1m'), (text) => {
      if (started !== '' || !text.includes('"link-up"')) return;
      started = client.stdout();
      line.cut(true);
      // The daemon dies: the board takes power off, the next daemon completes the record.
      station.invocation.child.kill('SIGKILL');
    });
    for (let tries = 0; tries < 600 && started === ''; tries += 1) await sleep(systemClock, 50);
    await station.invocation.exitCode;
    station = await startHttpStation(bench, ['--plans', plansDirectory]);
    expect(await leaseNow(), 'still the holder’s').toMatchObject({ owner: 'operator' });
    const port = Number(new URL(station.base).port);
    await line.close();
    line = await openLine(port, line.port);
    expect(await client.exitCode, client.stderr()).toBe(6);
    const result = JSON.parse(client.stdout().split('\n').at(-1) ?? '');
    expect(result).toMatchObject({ type: 'result', record: { verdict: 'error', safetyTrip: true } });
    const lines = client
      .stdout()
      .split('\n')
      .map((text) => JSON.parse(text));
    await expectWhole(
      result.record.runId,
      lines.filter(({ type }) => type === 'event'),
    );
    expect(await leaseNow()).toBeNull();
  }, 90_000);

  it('ends in power off and a free port on Ctrl-C, before the run and in it', async () => {
    let sent = false;
    const there = await runJson(run(), ({ fact }, child) => {
      if (fact.kind !== 'link-up' || sent) return;
      sent = true;
      child.kill('SIGINT');
      child.kill('SIGINT');
    });
    expect(there.exitCode).toBe(2);
    expect(there.record).toMatchObject({
      interruptedBy: expect.stringMatching(/^the reservation of operator \(.*\) ended: it was given back$/),
      powerOff: { cause: 'COMMANDED' },
    });
    expect(await leaseNow()).toBeNull();

    const held = await ended(remote('lease', 'engineer', '--port', 'sim1', '--for', '5m'));
    expect(held.stdout).toMatch(/^sim1 is reserved until 20.*Z\n[0-9a-f-]{36}$/);
    const refused = await ended(run());
    expect(refused).toMatchObject({ exitCode: 5, stderr: expect.stringMatching(/PORT_RESERVED: .*sim1, by engineer/) });
    const waiting = invoke(run('--wait', '1m'), (text) => {
      if (text.startsWith('waits: ')) waiting.child.kill('SIGINT');
    });
    expect(await waiting.exitCode).toBe(2);
    expect((await request(station, ['GET', '/leases'], 'viewer')).body.ports).toMatchObject([
      { name: 'sim1', lease: { owner: 'engineer' }, waiting: [] },
    ]);

    const inTurn = runJson(run('--wait', '1m'));
    for (let tries = 0; tries < 200; tries += 1) {
      const { body } = await request(station, ['GET', '/leases'], 'viewer');
      if (body.ports[0].waiting.length > 0) break;
      await sleep(systemClock, 50);
    }
    const [, id = ''] = held.stdout.split('\n');
    expect(await ended(remote('release', 'engineer', '--lease-id', id))).toMatchObject({ exitCode: 0, stdout: 'free' });
    expect((await inTurn).exitCode).toBe(0);
    expect(await leaseNow()).toBeNull();
  }, 120_000);

  it('goes by a reservation of one’s own, which stays; who stands at the bench ends it', async () => {
    const { stdout } = await ended(remote('lease', 'operator', '--port', 'sim1', '--json'));
    const { id } = JSON.parse(stdout);
    expect((await runJson(run('--lease-id', id))).exitCode).toBe(0);
    expect(await leaseNow()).toMatchObject({ owner: 'operator' });
    expect((await ended(['remote', 'release', '--port', 'sim1', '--socket', bench.socketPath])).stdout).toBe('free');
    expect(await ended(run('--lease-id', id))).toMatchObject({
      exitCode: 5,
      stderr: expect.stringContaining('LEASE_ENDED'),
    });
  }, 60_000);

  it('refuses what cannot be, and says what to do', async () => {
    for (const [words, code, exitCode] of [
      [remote('run', 'viewer', '--port', 'sim1', '--plan', 'quick'), 'FORBIDDEN', 5],
      [remote('run', 'operator', '--port', 'sim9', '--plan', 'quick'), 'PORT_UNKNOWN', 4],
      [remote('run', 'operator', '--port', 'sim1', '--plan', 'quck'), 'PLAN_UNREADABLE', 4],
      [remote('run', 'operator', '--port', 'sim1'), 'USAGE', 4],
      [['remote', 'ports', '--station', `127.0.0.1:${line.port}`], 'UNAUTHORISED', 5],
      [['remote', 'ports', '--station', '127.0.0.1:1', '--token-file', tokenFile('viewer')], 'STATION_UNREACHABLE', 5],
    ] as const)
      expect(await ended(words)).toMatchObject({ exitCode, stderr: expect.stringContaining(code) });
    expect(await leaseNow(), 'nothing stays behind').toBeNull();
  }, 60_000);

  it('trusts over TLS whom it is told to trust', async (context) => {
    needs(context, 'openssl', 'openssl');
    const [key, certificate] = [join(bench.directory, 'key.pem'), join(bench.directory, 'certificate.pem')];
    const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    const made = spawnSync('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'],
      ...['-keyout', key, '-out', certificate, ...names],
    ]);
    expect(made.status, String(made.stderr)).toBe(0);
    await station.stop();
    station = await startHttpStation(bench, ['--plans', plansDirectory, '--tls-cert', certificate, '--tls-key', key]);
    const at = (host: string, ...more: readonly string[]) => [
      ...['remote', 'ports', '--token-file', tokenFile('viewer'), '--station', host, ...more],
    ];
    const { port } = new URL(station.base);
    expect(await ended(at(`localhost:${port}`, '--ca', certificate))).toMatchObject({
      exitCode: 0,
      stdout: 'sim1  free',
    });
    for (const words of [at(`https://localhost:${port}`), at(`127.0.0.1:${port}`, '--ca', certificate)])
      expect(await ended(words)).toMatchObject({ exitCode: 5, stderr: expect.stringContaining('STATION_UNTRUSTED') });
  }, 60_000);
});
