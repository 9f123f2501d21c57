/** The operator's page as an operator meets it: a real station with a simulated port, a real browser, keys and touches. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { request } from '../helpers/api-client.js';
import {
  launchChromium,
  openPage,
  type PageStation,
  scan,
  startPageStation,
  type WatchedPage,
} from '../helpers/browser.js';
import { quickPlan } from '../helpers/linkpulse.js';
import { misfits } from '../helpers/page-layout.js';
import { isInstalled, needs } from '../helpers/tools.js';

const runMs = 60_000;
const phone = '{ mac: "00:0f:24:5a:79:60", load: P00308010200, model: CP-7960G }';
const hasChromium = isInstalled('chromium');

const prompts = `
prompts:
  - { id: lamp, question: { en: Is the lamp lit?, de: Leuchtet die Lampe? }, picture: lamp.svg, timeout: 5min }
`;

let plans: string;
let station: PageStation;
let browser: Browser;
beforeAll(async () => {
  if (!hasChromium) return;
  plans = mkdtempSync(join(tmpdir(), 'linkpulse-plans-'));
  writeFileSync(join(plans, 'quick.yaml'), `${readFileSync(quickPlan, 'utf8')}${prompts}`);
  writeFileSync(join(plans, 'lamp.svg'), '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="7"/>');
  station = await startPageStation([`sim1: { kind: simulated, phone: ${phone} }`], plans);
  browser = await launchChromium();
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await station?.close();
  rmSync(plans, { recursive: true, force: true });
}, 60_000);
beforeEach((context) => needs(context, 'chromium', 'chromium'));

const idle = {
  port: 'sim1',
  running: null,
  events: [],
  last: null,
  failed: null,
  lock: null,
  lease: null,
  waiting: null,
};
const lease = {
  owner: 'nightly-firmware-tests',
  purpose: 'job 4711 of the release branch',
  since: '2026-11-23T03:00:00Z',
  until: '2026-11-23T11:00:00Z',
};
const cause =
  'The phone fetched SEP000F245A7960.cnf.xml whole (966 bytes) and it is no configuration: it is cut or damaged.';
const nextAction =
  'Find the other source (a PoE switch, an injector, a miswired cable) and take it off before the next run.';
const ended = (verdict: string, more: object = {}) => ({
  ...{ runId: 'r1', port: 'sim1', startedAt: '2026-11-23T03:15:02Z', durationMs: 9000, verdict, blame: null },
  ...{ exitCode: 0, cause, nextAction, phone: { deviceId: 'SEP000F245A7960' }, stages: [], limited: [] },
  ...{ serial: 'FCH12345678', interruptedBy: null, attempt: { number: 3, of: 3, first: 'r0', earlier: [] }, ...more },
});
const failed = (code: string) => ({
  code,
  message: cause,
  remedy: nextAction,
  blame: 'bench',
  serial: 'ABC1',
  labelMac: null,
});
const run = {
  runId: 'r2',
  port: 'sim1',
  plan: { name: 'quick', title: 'Q' },
  limited: [],
  attempt: { number: 2, of: 3 },
};
const running = { run, serial: 'FCH12345678', labelMac: null, stages: [], prompt: null, supplyWait: null };
const supplyWait = { holders: ['jack11', 'jack12', 'jack13'], ahead: ['jack14', 'jack15'] };
const one = (state: object) => [
  { ...idle, ...state },
  { ...idle, port: 'sim2' },
  { ...idle, port: 'sim3' },
];
/** What the station may tell of a port, with long texts. */
const states = {
  running: one({ running }),
  waiting: one({ running: { ...running, supplyWait } }),
  marginal: one({ last: ended('marginal') }),
  fail: one({ last: ended('fail') }),
  bench: one({ last: ended('error', { blame: 'config' }) }),
  stopped: one({ last: ended('error', { blame: 'operator', interruptedBy: 'power off' }) }),
  unanswered: one({ last: ended('error', { blame: 'operator', prompts: [{ verdict: 'error', answer: null }] }) }),
  refused: one({ failed: failed('LABEL_REFUSED') }),
  reserved: one({ lease }),
  'reserved beside a verdict': one({ lease: { ...lease, since: '2026-11-23T04:00:00Z' }, last: ended('fail') }),
  'waiting for a shared thing': one({ waiting: { shared: 'golden-phone', ...lease } }),
  locked: one({ lock: { code: 'FOREIGN_VOLTAGE', runId: 'r1', at: '2026-11-23T03:15:02Z' } }),
};

/** The page where the station tells these ports in place of its own. */
const showing = async (page: Page, ports: readonly object[]): Promise<void> => {
  await page.unroute('**/api/v1/view');
  await page.route('**/api/v1/view', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...((await response.json()) as object), ports } });
  });
  // The plant cannot be reached meanwhile: what says so takes room at the top.
  await page.route('**/api/v1/health', async (route) => {
    const response = await route.fetch();
    const fleet = { isConnected: false, waiting: 12_345, refused: 0, code: 'BROKER_UNREACHABLE' };
    await route.fulfill({ response, json: { ...((await response.json()) as object), fleet } });
  });
  await page.reload();
};

const signedIn = async (options?: Parameters<typeof openPage>[1]): Promise<WatchedPage> => {
  const watched = await openPage(browser, options);
  await watched.page.goto(`${station.base}#token=${station.tokenOf('operator')}`);
  await watched.page.selectOption('select.plan', 'quick');
  return watched;
};

describe("the operator's page", () => {
  it('says for whom a port is reserved, refuses scans there, and lets the operator end it', async () => {
    const { page, complaints } = await signedIn();
    const api = { base: station.base.replace(/\/$/, ''), token: (role: string) => station.tokenOf(role as 'operator') };
    const asked = { id: randomUUID(), port: 'sim1', forMs: 3_600_000, purpose: 'job 7' };
    expect(await request(api, ['POST', '/leases'], 'engineer', asked)).toMatchObject({ status: 200 });
    await page.waitForSelector('.verdict[data-verdict=reserved]');
    expect(await page.locator('.verdict-action').innerText()).toMatch(/^Reserved for engineer \(job 7\) until \d/);
    await scan(page, 'FCH12345678');
    await page.waitForSelector('.notice.is-bad');
    expect(await page.locator('.notice').innerText()).toMatch(/^sim1 is reserved\. .*Reserved for engineer/);
    await page.click('.unlock');
    await page.click('.unlock');
    await page.waitForSelector('.verdict[data-verdict=idle]');
    expect(complaints).toEqual([]);
  });

  it('runs the phone whose label is scanned, whatever has the focus, shows its stages and says PASS until the next scan', async () => {
    const { page, complaints } = await signedIn();
    expect(page.url()).not.toContain('token');
    expect(await misfits(page, 'idle')).toEqual([]);
    await page.focus('.power-off');
    await scan(page, 'FCH12345678');
    await page.waitForSelector('.verdict[data-verdict=running]');
    await page.waitForSelector('.chip[data-stage=power][data-verdict=pass]', { timeout: runMs });
    await page.waitForSelector('.prompt[data-prompt=lamp]', { timeout: runMs });
    expect(await page.evaluate('window.tones')).toBe(2);
    await page.reload();
    await page.selectOption('select.language', 'de');
    const question = page.locator('.prompt[data-prompt=lamp]');
    expect(await question.locator('h1').innerText()).toBe('Leuchtet die Lampe?');
    expect(await page.evaluate("document.querySelector('.prompt img').naturalWidth")).toBe(9);
    await page.selectOption('select.language', 'en');
    await question.locator('[data-answer=yes]:enabled').waitFor();
    expect(await misfits(page, 'asking')).toEqual([]);
    await page.focus('.power-off');
    // A scan that begins with the letter answers nothing.
    await scan(page, 'YCH12345678');
    expect(await question.isVisible()).toBe(true);
    await page.keyboard.press('y', { delay: 20 });
    await page.waitForSelector('.verdict[data-verdict=pass]', { timeout: runMs });
    expect(await page.locator('.verdict-unit').innerText()).toBe('FCH12345678 · SEP000F245A7960');
    expect(await page.locator('.verdict-word').innerText()).toBe('PASS');
    expect(await page.locator('.chip[data-verdict=pass]').count()).toBe(6);
    // One for the scan that was refused, two for the verdict.
    expect(await page.evaluate('window.tones')).toBe(3);
    await page.reload();
    await page.waitForSelector('.verdict[data-verdict=pass]');
    expect(await page.locator('.verdict-unit').innerText()).toContain('FCH12345678');
    expect(complaints).toEqual([]);
    await page.context().close();
  }, 120_000);

  it('shows what to do in each state, whole, in four languages and on both screens', async () => {
    const { page } = await signedIn();
    const found: string[] = [];
    for (const [state, ports] of Object.entries(states)) {
      await showing(page, ports);
      await page.waitForSelector('.verdict');
      await page.waitForSelector('.fleet-away');
      found.push(...(await misfits(page, state)));
    }
    expect(found).toEqual([]);
    await page.click('.fleet-away');
    expect(await page.locator('.notice').innerText()).toMatch(/^No connection to the plant; 12345 results/);
    // One event that cannot be drawn takes its part of the page and nothing else.
    const dhcp = { seq: 1, atUs: 1, source: 'observe', fact: { kind: 'dhcp', from: 'phone' } };
    const broken = [{ ...idle, last: ended('pass'), events: [dhcp] }];
    await showing(page, broken);
    await page.waitForSelector('.is-broken');
    expect(await page.isVisible('.power-off')).toBe(true);
    await page.context().close();
  }, 120_000);
});
