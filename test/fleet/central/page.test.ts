/** The views of the plant's page over stored runs, in a real browser: from a cause to its runs, to one record and its report. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { launchChromium, openPage } from '../../helpers/browser.js';
import { type RunningCentral, startCentral } from '../../helpers/central.js';
import { type Engine, startMosquitto, startPostgres } from '../../helpers/engines.js';
import { type MadePlant, openMadePlant } from '../../helpers/made-plant.js';
import { madeRecord } from '../../helpers/made-runs.js';
import { storeRuns } from '../../helpers/stored-runs.js';
import { isInstalled, needs } from '../../helpers/tools.js';

const at = new Date().toISOString();
const tools = { mosquitto: 'mosquitto', psql: 'postgresql', chromium: 'chromium' };
const isHere = Object.keys(tools).every(isInstalled);
let broker: Engine;
let database: Engine;
let plant: MadePlant;
let central: RunningCentral;
let browser: Browser;
beforeAll(async () => {
  if (!isHere) return;
  [broker, database] = await Promise.all([startMosquitto(undefined as never), startPostgres(undefined as never)]);
  const fail = { verdict: 'fail', cause: 'The phone drew 7.4 W; at most 6.3 W.' } as const;
  const records = [0, 1, 2, 3].map((index) =>
    madeRecord({
      ...{
        runId: `run-${index}`,
        station: 'line-1',
        startedAt: new Date(Date.parse(at) - index * 3_600_000).toISOString(),
      },
      phone: { serial: `FCH${index}`, deviceId: `SEP00000000000${index}` },
      ...(index === 2 ? fail : {}),
    }),
  );
  await storeRuns(database.url, records);
  plant = await openMadePlant(broker.url, 'north', () => at);
  const sha256 = await plant.planSet('north-2026', 14, ['quick.yaml']);
  const planSet = { name: 'north-2026', version: 14, sha256 };
  await plant.state('line-1', [], { planSet });
  await plant.state('line-2', [], { planSet: { ...planSet, version: 13, sha256: 'b'.repeat(64) } });
  const planSetRefused = { code: 'PLAN_SET_UNSIGNED', message: 'it names another key', at };
  await plant.state('line-3', [], { planSetRefused });
  central = await startCentral({ broker: broker.url, database: database.url });
  browser = await launchChromium();
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await central?.close();
  await plant?.close();
  await Promise.all([broker?.close(), database?.close()]);
}, 60_000);
beforeEach((context) => {
  for (const [tool, name] of Object.entries(tools)) needs(context, tool, name);
});

it('leads from what went wrong to the record of a run and to its report at the station', async () => {
  const { page, complaints } = await openPage(browser);
  await page.goto(`${central.base}/#token=${central.token('viewer')}`);
  await page.click('.views a[href="#/statistics"]');
  await page.waitForSelector('main[data-view=statistics][data-state=ready]');
  expect(await page.locator('[data-tile=firstPass] b').innerText()).toBe('75.0 %');
  expect(await page.locator('[data-chart=hours] canvas').count()).toBe(1);
  await page.click('.pareto li[data-blame=phone] a >> nth=0');
  await page.waitForSelector('main[data-view=records][data-state=ready]');
  expect(await page.locator('.found tbody tr').count()).toBe(1);
  await page.click('[data-run=run-2] a');
  await page.waitForSelector('main[data-view=record][data-state=ready]');
  expect(await page.locator('.record-head').getAttribute('data-verdict')).toBe('fail');
  expect(await page.locator('.record-stage').count()).toBe(6);
  expect(await page.locator('.record-report').getAttribute('href')).toBe(
    'http://line-1.plant.example:8420/api/v1/runs/run-2/report.html',
  );
  expect(await page.locator('[data-measurement="boot.linkUpMs"]').innerText()).toContain('s');
  await page.click('.views a[href="#/plans"]');
  const standing = (station: string) => page.locator(`tr[data-station=${station}]`).getAttribute('data-plans');
  expect([await standing('line-1'), await standing('line-2'), await standing('line-3')]).toEqual([
    ...['current', 'other', 'refused'],
  ]);
  expect(await page.locator('tr[data-station=line-3]').innerText()).toContain('PLAN_SET_UNSIGNED');
  expect(complaints).toEqual([]);
  await page.context().close();
}, 60_000);
