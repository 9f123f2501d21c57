/** The very files of deploy/fleet: only ports and paths are others here. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, describe, expect, it, type TestContext } from 'vitest';
import { parse } from 'yaml';
import { type BrokerMessage, openBroker } from '../../src/fleet/broker.js';
import { databaseOptions } from '../../src/fleet/database.js';
import { plantTopics } from '../../src/fleet/topics.js';
import type { BrokerTerms } from '../../src/plan/fleet-terms.js';
import { startMosquittoWith, startPostgres } from '../helpers/engines.js';
import { invoke, root, strict } from '../helpers/linkpulse.js';
import { needs } from '../helpers/tools.js';
import { makeOutbox, startWireStation } from '../helpers/wire-station.js';

const shipped = join(root, 'deploy/fleet');
const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});
const opened = <T extends { close(): Promise<unknown> }>(thing: T): T => {
  open.push(thing);
  return thing;
};

/** What prepare.sh made, and a broker that runs by the shipped configuration. */
const plantOf = async (context: TestContext) => {
  needs(context, 'mosquitto', 'mosquitto');
  const folder = mkdtempSync(join(tmpdir(), 'linkpulse-plant-'));
  opened({ close: async () => rmSync(folder, { recursive: true, force: true }) });
  const prepare = (...stations: string[]) =>
    execFileSync(join(shipped, 'prepare.sh'), [folder, '127.0.0.1', ...stations], { stdio: 'pipe' });
  prepare('a', 'ba');
  // Another day, another station; those before stay.
  prepare('b', 'a');
  const configuration = readFileSync(join(shipped, 'mosquitto.conf'), 'utf8')
    .replaceAll('/etc/mosquitto/linkpulse/acl', join(shipped, 'acl'))
    .replaceAll('/etc/mosquitto/linkpulse/', `${folder}/broker/`);
  const mosquitto = opened(
    await startMosquittoWith(
      context,
      (port) => configuration.replace('listener 8883', `listener ${port} 127.0.0.1`).split('\n'),
      'mqtts',
    ),
  );
  const secret = (name: string) => join(folder, 'secrets', name);
  const termsOf = (user: string, password = user): BrokerTerms => ({
    url: mosquitto.url,
    username: user,
    passwordPath: secret(password),
    caPath: secret('ca.crt'),
    certPath: null,
    keyPath: null,
  });
  const client = async (user: string, subscribe: readonly string[], password = user) => {
    const messages: BrokerMessage[] = [];
    const codes: string[] = [];
    let connected = false;
    const broker = opened(
      await openBroker(termsOf(user, password), {
        clientId: `test-${user}-${open.length}`,
        subscribe,
        onMessage: (message) => void messages.push(message),
        onConnected: () => {
          connected = true;
        },
        onDisconnected: ({ code }) => codes.push(code),
      }),
    );
    return {
      codes,
      isIn: () => expect.poll(() => connected, { timeout: 10_000 }).toBe(true),
      /** Whether the broker passes it on is not told to whoever sends. */
      send: (topic: string, text: string) => broker.publish(topic, text).catch(() => {}),
      heard: () => messages.map(({ topic, payload }) => `${topic} ${Buffer.from(payload)}`),
    };
  };
  return { folder, mosquitto, secret, termsOf, client };
};

const topics = plantTopics('hamburg');

it('the broker as shipped: a station writes under its own name alone and reads only what is for it', async (context) => {
  const { client } = await plantOf(context);
  const [a, b, ba, collector, central, plans] = await Promise.all([
    client('a', ['linkpulse/#', topics.station('a').receipts, topics.station('b').receipts, topics.planSet]),
    client('b', [topics.station('b').receipts]),
    client('ba', []),
    client('linkpulse-collector', [topics.filters.sharedEntries]),
    client('linkpulse-central', [topics.filters.presence, topics.filters.state, topics.filters.ports, topics.planSet]),
    client('linkpulse-plans', []),
  ]);
  for (const each of [a, b, ba, collector, central, plans]) await each.isIn();

  const own = topics.station('a');
  await a.send(topics.station('b').out('record'), 'forged');
  await a.send(topics.station('b').presence, 'forged');
  await a.send(topics.station('b').receipts, 'forged');
  await a.send(own.receipts, 'forged');
  await a.send(topics.planSet, 'forged');
  await ba.send(own.out('record'), 'forged');
  await central.send(own.receipts, 'forged');
  await central.send(topics.planSet, 'forged');
  await collector.send(own.out('record'), 'forged');
  await plans.send(own.receipts, 'forged');

  await b.send(topics.station('b').out('record'), 'own');
  await a.send(own.out('event'), 'own');
  await a.send(own.presence, 'own');
  await a.send(own.state, 'own');
  await a.send(own.port('port1'), 'own');
  await collector.send(own.receipts, 'for a');
  await collector.send(topics.station('b').receipts, 'for b');
  await plans.send(topics.planSet, 'signed');

  await expect.poll(() => b.heard()).toEqual([`${topics.station('b').receipts} for b`]);
  await expect
    .poll(() => collector.heard().sort())
    .toEqual([`${own.out('event')} own`, `${topics.station('b').out('record')} own`]);
  await expect
    .poll(() => central.heard())
    .toEqual([`${own.presence} own`, `${own.state} own`, `${own.port('port1')} own`, `${topics.planSet} signed`]);
  await expect
    .poll(() => [...new Set(a.heard())].sort())
    .toEqual([`${topics.planSet} signed`, `${own.presence} own`, `${own.receipts} for a`]);

  const liar = await client('b', [], 'a');
  await expect.poll(() => liar.codes, { timeout: 10_000 }).toContain('BROKER_REFUSED');
});

it('the database as shipped: the collector writes rows and makes no tables, the central page reads', async (context) => {
  const { mosquitto, secret, termsOf } = await plantOf(context);
  const postgres = opened(await startPostgres(context));
  const environment = {
    ...process.env,
    PGHOST: '127.0.0.1',
    PGPORT: String(postgres.port),
    POSTGRES_USER: 'linkpulse',
  };
  const psql = (...words: string[]) =>
    execFileSync('psql', ['-q', '-v', 'ON_ERROR_STOP=1', '-U', 'linkpulse', '-d', 'postgres', ...words], {
      env: environment,
      stdio: 'pipe',
      encoding: 'utf8',
    });
  psql('-f', join(shipped, 'database.sql'));
  execFileSync(join(shipped, 'passwords.sh'), [join(secret('a'), '..')], { env: environment, stdio: 'pipe' });
  const rules = psql('-At', '-c', 'SHOW hba_file').trim();
  writeFileSync(rules, 'host all linkpulse 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n');
  psql('-c', 'SELECT pg_reload_conf()');

  const addressOf = (role: string) => `postgres://linkpulse_${role}@127.0.0.1:${postgres.port}/linkpulse`;
  const asRole = (role: string) => [
    '--plant',
    'hamburg',
    '--database',
    addressOf(role),
    '--database-password',
    secret(`database-${role}`),
  ];
  const tables = async (role: string) => {
    const run = invoke(['collector', '--tables-only', ...asRole(role)]);
    return { exitCode: await run.exitCode, said: run.stdout() + run.stderr() };
  };
  expect(await tables('collector')).toMatchObject({ exitCode: 5, said: expect.stringContaining('DATABASE_REFUSED') });
  expect(await tables('owner')).toMatchObject({ exitCode: 0, said: expect.stringContaining('made: version') });

  const terms = termsOf('linkpulse-collector');
  const collector = invoke([
    ...['collector', '--broker', mosquitto.url, '--broker-username', 'linkpulse-collector'],
    ...['--broker-password', terms.passwordPath ?? '', '--broker-ca', terms.caPath ?? '', ...asRole('collector')],
  ]);
  opened({
    close: async () => {
      collector.child.kill('SIGTERM');
      expect(await collector.exitCode).toBe(0);
      expect(collector.stderr()).toBe('');
    },
  });
  const station = opened(
    await startWireStation(mosquitto.url, 'hamburg', makeOutbox('a', { runs: 5 }), { terms: termsOf('a') }),
  );
  await station.done;

  const asCentral = opened(
    await (async () => {
      const terms = { url: addressOf('central'), passwordPath: secret('database-central') };
      const client = new pg.Client(databaseOptions(terms, 'test'));
      await client.connect();
      return { query: (sql: string) => client.query(sql), close: () => client.end() };
    })(),
  );
  expect((await asCentral.query('SELECT count(*)::int AS runs FROM runs')).rows).toEqual([{ runs: 5 }]);
  for (const forbidden of ['DELETE FROM runs', 'UPDATE runs SET verdict = $$pass$$', 'CREATE TABLE mine ()'])
    await expect(asCentral.query(forbidden)).rejects.toMatchObject({ code: '42501' });
});

describe('compose.yaml', () => {
  const compose = parse(readFileSync(join(shipped, 'compose.yaml'), 'utf8'), { merge: true }) as {
    readonly services: Record<string, { image: string; command?: string[]; volumes?: string[]; secrets?: string[] }>;
    readonly volumes: Record<string, unknown>;
    readonly secrets: Record<string, { readonly file: string }>;
  };

  it('pins its images, mounts what is shipped or prepared, and names what it uses', () => {
    for (const { image, volumes = [], secrets = [] } of Object.values(compose.services)) {
      expect(image).toMatch(/:(local|\d+\.\d+\S*)$/);
      for (const secret of secrets) expect(compose.secrets).toHaveProperty(secret);
      for (const volume of volumes) {
        const [source = ''] = volume.split(':');
        if (!source.startsWith('./')) expect(compose.volumes).toHaveProperty(source);
        else if (!source.startsWith('./plant/')) expect(existsSync(join(shipped, source)), source).toBe(true);
      }
    }
    expect(readFileSync(join(shipped, 'Dockerfile'), 'utf8')).toMatch(/^FROM node:\d+\.\d+\.\d+\S*$/m);
  });

  it('gives linkpulse only options that it has', async () => {
    for (const { command } of Object.values(compose.services)) {
      if (command === undefined) continue;
      const [verb = '', ...options] = command;
      const help = invoke([verb, '--help']);
      await help.exitCode;
      for (const option of options) expect(help.stdout()).toContain(`${option.split('=')[0]} `);
    }
  });
});

describe('install-service', () => {
  const hasAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0;
  it.skipIf(!hasAnalyze && !strict)(
    'writes units of collector and central page that pass systemd’s own checks',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'linkpulse-units-'));
      opened({ close: async () => rmSync(folder, { recursive: true, force: true }) });
      for (const [what, name] of [
        ['collector', 'linkpulse-collector@'],
        ['central', 'linkpulse-central'],
      ] as const) {
        const run = invoke(['install-service', '--what', what, '--root', folder]);
        expect(await run.exitCode).toBe(0);
        const written = readFileSync(join(folder, `etc/systemd/system/${name}.service`), 'utf8');
        expect(written).not.toMatch(/@[A-Z]+@/);
        const unit = join(folder, `${name.replace('@', '@1')}.service`);
        writeFileSync(unit, written);
        execFileSync('systemd-analyze', ['verify', '--man=no', unit], { stdio: 'pipe' });
        execFileSync('systemd-analyze', ['security', '--offline=yes', '--threshold=20', unit], { stdio: 'pipe' });
      }
    },
  );
});
