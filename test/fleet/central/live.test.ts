/** The plant's page live: a real broker, the program as it is started, its HTTP side, and a browser. */
import { request } from 'node:http';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchChromium, openPage } from '../../helpers/browser.js';
import { type RunningCentral, startCentral } from '../../helpers/central.js';
import { type Engine, startMosquitto } from '../../helpers/engines.js';
import { last, type MadePlant, openMadePlant, running } from '../../helpers/made-plant.js';
import { isInstalled, needs } from '../../helpers/tools.js';

const noDatabase = 'postgres://nobody@127.0.0.1:1/none';
const at = '2026-11-28T09:00:00.000Z';
const isHere = isInstalled('mosquitto');

let broker: Engine;
let plant: MadePlant;
let central: RunningCentral;
beforeAll(async () => {
  if (!isHere) return;
  broker = await startMosquitto(undefined as never);
  plant = await openMadePlant(broker.url, 'north', () => at);
  // Retained before anybody looked.
  await plant.state('line-2', ['p1', 'p2']);
  await plant.presence('line-2', 'online');
  await plant.port('line-2', 'p1', { running: running(2, at), last: last('fail', at) });
  await plant.port('line-2', 'p2', { lock: { code: 'FOREIGN_VOLTAGE', at }, last: last('error', at) });
  await plant.port('line-2', 'taken-away', { last: last('pass', at) });
  await plant.state('line-10', ['p1']);
  await plant.presence('line-10', 'lost');
  await plant.port('line-10', 'p1', { running: running(4, at) });
  central = await startCentral({ broker: broker.url, database: noDatabase });
}, 60_000);
afterAll(async () => {
  await central?.close();
  await plant?.close();
  await broker?.close();
}, 60_000);
beforeEach((context) => needs(context, 'mosquitto', 'mosquitto'));

interface Seen {
  readonly id: number;
  readonly broker: { readonly isConnected: boolean };
  readonly stations: readonly {
    readonly station: string;
    readonly presence: string;
    readonly since: string;
    readonly ports: readonly { readonly port: string; readonly running: object | null }[];
  }[];
}
const live = async (): Promise<Seen> => (await central.get('/api/v1/live')).body;
const stationOf = async (name: string) => (await live()).stations.find(({ station }) => station === name);

describe('the plant live', () => {
  it('is known from what stations retain, in the order of their names, without ports that are gone', async () => {
    await expect.poll(async () => (await live()).stations.map(({ station }) => station)).toEqual(['line-2', 'line-10']);
    await expect.poll(async () => (await stationOf('line-2'))?.ports.map(({ port }) => port)).toEqual(['p1', 'p2']);
    expect(await stationOf('line-10')).toMatchObject({ presence: 'lost', since: null, lastToldAt: at });
  });

  it('opens nothing without a token, and says what it offers', async () => {
    for (const path of ['/api/v1/live', '/api/v1/events'])
      expect(await central.get(path, ''), path).toMatchObject({ status: 401, body: { code: 'UNAUTHORISED' } });
    expect((await central.get('/health', '')).body).toMatchObject({ status: 'ok', plant: 'north', broker: true });
    const { body } = await central.get('/api/v1/openapi.json', '');
    expect(body).toMatchObject({ info: { title: 'Linkpulse plant' } });
    expect(Object.keys((body as { paths: object }).paths)).toContain('/api/v1/live');
  });

  it('takes nothing in that is no message of its topic, and goes on', async () => {
    const { topics } = plant;
    await plant.publish(topics.station('line-2').port('p1'), '{"schema":1');
    await plant.publish(
      topics.station('line-2').port('p2'),
      JSON.stringify({ schema: 1, station: 'line-10', port: 'p2' }),
    );
    await plant.publish(topics.station('line-2').state, JSON.stringify({ padding: 'x'.repeat(20_000) }));
    await plant.port('line-2', 'p1', { running: running(3, at), last: last('fail', at) });
    await expect.poll(async () => JSON.stringify((await stationOf('line-2'))?.ports[0]).includes('run-3')).toBe(true);
    expect((await stationOf('line-2'))?.ports).toHaveLength(2);
    expect(central.invocation.stdout()).toContain('not taken in');
  });

  it('is shown under a name of this machine, and under one that a proxy shows it by, and under no other', async () => {
    const as = (host: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const asked = request(`${central.base}/health`, { headers: { host } }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        });
        asked.on('error', reject).end();
      });
    expect([await as('localhost:1'), await as('plant.example'), await as('elsewhere.example')]).toEqual([
      200, 200, 403,
    ]);
  });

  it('forgets a station that was cleared at the broker', async () => {
    await plant.state('old-1', ['p1']);
    await plant.presence('old-1', 'stopped');
    await expect.poll(() => stationOf('old-1')).toBeDefined();
    await plant.publish(plant.topics.station('old-1').state, '');
    await plant.publish(plant.topics.station('old-1').presence, '');
    await expect.poll(() => stationOf('old-1')).toBeUndefined();
  });
});

describe('the page live', () => {
  let browser: Browser;
  beforeAll(async () => {
    if (isInstalled('chromium')) browser = await launchChromium();
  }, 60_000);
  afterAll(() => browser?.close());

  it('shows a run as it goes on, a lost station as old and since when, and that nothing is known without the broker', async (context) => {
    needs(context, 'chromium', 'chromium');
    const { page, complaints } = await openPage(browser);
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.goto(`${central.base}/#token=${central.token('viewer')}`);
    const cell = page.locator('[data-station=line-2] [data-port=p1]');
    await page.waitForSelector('[data-station=line-2] [data-port=p1][data-standing=running]');
    expect(page.url()).not.toContain('token');
    expect(await cell.locator('.cell-word').innerText()).toBe('Address');
    await plant.port('line-2', 'p1', { running: running(5, at), last: last('fail', at) });
    await expect.poll(() => cell.locator('.cell-word').innerText()).toBe('Registration');
    expect(await cell.locator('.dots i.is-pass').count()).toBe(5);
    expect(await page.locator('[data-port=p2] .cell-lock').innerText()).toContain('FOREIGN_VOLTAGE');
    // What a lost station told last is no port that runs.
    expect(await page.locator('[data-chip="port:running"] b').innerText()).toBe('1');
    expect(await page.locator('[data-station=line-10] .card-presence').innerText()).toContain(
      'Lost; last told something',
    );
    await plant.presence('line-2', 'lost');
    await page.waitForSelector('[data-station=line-2][data-presence=lost]');
    expect(await page.locator('[data-station=line-2] .card-presence').innerText()).toContain('Lost since');
    expect(await page.locator('[data-chip="port:running"] b').innerText()).toBe('0');
    await page.fill('input[name=filter]', 'line-10');
    await expect.poll(() => page.locator('.station-card').count()).toBe(1);
    expect(complaints).toEqual([]);
    await broker.kill();
    await page.waitForSelector('.offline');
    expect(await page.locator('.offline').innerText()).toContain('No connection to the broker');
    await page.context().close();
  }, 60_000);
});
