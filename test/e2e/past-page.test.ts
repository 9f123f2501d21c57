/** Statistics and records on the station's page, with the keyboard alone, in a real Chromium on the smallest screen. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { verifyBundle } from '../../src/records/bundle.js';
import { launchChromium, openPage, type PageStation, scan, startPageStation } from '../helpers/browser.js';
import { invoke, plansDirectory } from '../helpers/linkpulse.js';
import { makeRun } from '../helpers/made-runs.js';
import { isInstalled, needs } from '../helpers/tools.js';

const lateId = '20261121-090000-sim1-late';
let runs = '';
let station: PageStation;
let browser: Browser;
const writePast = (runsDirectory: string) => {
  runs = runsDirectory;
  const phones = ['FCH00000001', 'FCH00000002', 'FCH00000003'];
  let minute = 0;
  for (const serial of phones)
    for (const port of ['sim1', 'sim2'])
      for (const trial of [0, 1]) {
        const startedAt = `2026-11-20T08:${String(minute++).padStart(2, '0')}:00.000Z`;
        const linkUpMs = 3800 + 100 * phones.indexOf(serial) + (port === 'sim2' ? 10 : 0) + trial;
        makeRun(runsDirectory, {
          runId: `20261120-08${minute}-${port}-made`,
          startedAt,
          port,
          linkUpMs,
          phone: { serial },
        });
      }
  const late = { runId: lateId, startedAt: '2026-11-21T09:00:00.000Z', port: 'sim1', linkUpMs: 9000 };
  const cause = 'Link came up 9.00 s after power.';
  makeRun(runsDirectory, { ...late, verdict: 'fail', exitCode: 1, cause, phone: { serial: 'FCH00000009' } });
  const silent = { runId: '20261121-091000-sim1-net1', startedAt: '2026-11-21T09:10:00.000Z', port: 'sim1' };
  makeRun(runsDirectory, { ...silent, verdict: 'error', blame: 'network', exitCode: 5, cause: 'No offer came.' });
};
beforeAll(async () => {
  if (!isInstalled('chromium')) return;
  const phone = '{ kind: simulated, phone: { mac: "00:0f:24:5a:79:60", load: P00308010200, model: CP-7960G } }';
  station = await startPageStation([`sim1: ${phone}`], plansDirectory, writePast);
  browser = await launchChromium();
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await station?.close();
}, 60_000);
beforeEach((context) => needs(context, 'chromium', 'chromium'));

const ready = (page: Page, view: string) =>
  page.waitForSelector(`.past[data-view=${view}][data-state=ready]`, { timeout: 60_000 });
const texts = (page: Page, selector: string) => page.locator(selector).allInnerTexts();
/** By Tab until something has the focus that `selector` names. */
const tabTo = async (page: Page, selector: string) => {
  for (let presses = 0; presses < 40; presses += 1) {
    if (await page.evaluate(`document.activeElement.matches(${JSON.stringify(selector)})`)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not reach ${selector}`);
};

describe('past runs on the page', () => {
  it('shows what stats --json prints, finds the runs behind a cause, and hands one on', async () => {
    const { page, complaints } = await openPage(browser);
    await page.goto(`${station.base}#token=${station.tokenOf('viewer')}`);
    await tabTo(page, '.to-statistics');
    await page.keyboard.press('Enter');
    await ready(page, 'statistics');
    const told = invoke(['stats', '--json', '--runs', runs]);
    await told.exitCode;
    const answered = await page.evaluate(`fetch('/api/v1/statistics').then((answer) => answer.text())`);
    expect(answered).toBe(`${told.stdout()}\n`);

    // 3 of the 4 phones that were judged; the error of the network judged nobody.
    expect(await texts(page, '.tile b')).toEqual(['75.0 %', '75.0 %', '14', '1']);
    expect(await texts(page, '[data-tile=firstPass] small')).toEqual(['3 of 4 phones']);
    expect(await page.locator('.trend canvas').count()).toBeGreaterThan(1);
    const linkUp = page.locator('[data-measurement="boot.linkUpMs"]');
    expect(await linkUp.locator('.bin').count()).toBeGreaterThan(1);
    expect(await linkUp.locator('.limit').allInnerTexts()).not.toEqual([]);
    expect(await texts(page, '[data-table=gage] tbody tr')).toEqual([expect.stringContaining('3 × 2 × 2')]);

    await tabTo(page, '[data-blame=phone] a');
    await page.keyboard.press('Enter');
    await ready(page, 'records');
    expect(await page.locator('tr[data-run]').count()).toBe(1);
    expect(await page.locator(`tr[data-run="${lateId}"]`).getAttribute('data-verdict')).toBe('fail');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.locator('a[href$="download/bundle"]').press('Enter'),
    ]);
    const bundle = join(mkdtempSync(join(tmpdir(), 'linkpulse-page-')), download.suggestedFilename());
    await download.saveAs(bundle);
    expect(await verifyBundle(bundle)).toMatchObject({ manifest: { runs: [lateId] }, problems: [] });
    const report = page.context().waitForEvent('page');
    await page.locator('a[href$="report.html"]').press('Enter');
    const opened = await report;
    expect(await opened.locator('body').innerText()).toContain('Link came up 9.00 s after power.');
    // Its own links lead to the run's other files.
    const [timeline] = await Promise.all([
      opened.waitForEvent('download'),
      opened.locator('a[href="timeline.ndjson"]').click(),
    ]);
    expect(readFileSync(await timeline.path(), 'utf8')).toContain('"run-start"');
    expect(complaints).toEqual([]);
    await page.context().close();
  }, 120_000);

  it('searches by measurement and by a scanned label, in Chinese', async () => {
    const { page, complaints } = await openPage(browser, { locale: 'zh-CN' });
    await page.goto(`${station.base}#token=${station.tokenOf('operator')}`);
    await page.waitForSelector('.to-statistics');
    await page.evaluate(`location.hash = '#/records'`);
    await ready(page, 'records');
    expect(await page.locator('tr[data-run]').count()).toBe(14);
    await page.selectOption('select[name=measurement]', 'boot.linkUpMs');
    await page.fill('input[name=min]', '4000');
    await page.keyboard.press('Enter');
    await page.waitForSelector('tr[data-run]:nth-child(5):last-child');
    expect(page.url()).toContain('measurement=boot.linkUpMs&min=4000');
    await scan(page, 'FCH00000009');
    await page.waitForSelector('tr[data-run]:only-child');
    expect(await texts(page, '.past-verdict')).toEqual(['不合格']);
    const csv = await page.evaluate(
      `fetch(document.querySelector('a[href*="measurements.csv"]').href).then((answer) => answer.text())`,
    );
    expect(csv).toContain(`${lateId},2026-11-21T09:00:00.000Z`);
    expect(complaints).toEqual([]);
    await page.context().close();
  }, 120_000);
});
