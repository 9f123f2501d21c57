/** The operator's page in a real Chromium: a station with its page, a browser, and what the browser complained about. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { systemClock } from '../../src/timeline/clock.js';
import { sleep } from '../../src/timeline/wait.js';
import { type Invocation, invoke, plansDirectory } from './linkpulse.js';

export const chromiumPath = '/usr/bin/chromium';
/** The smallest screen the page is made for (5 inch, touch). */
export const smallScreen = { width: 800, height: 480 } as const;

export interface PageStation {
  readonly base: string;
  readonly socketPath: string;
  tokenOf(role: 'viewer' | 'operator' | 'engineer'): string;
  close(): Promise<number | null>;
}

/** A station with simulated ports; each line of `ports` is one, as in a bench file. `past` writes runs before it starts. */
export const startPageStation = async (
  ports: readonly string[],
  plans = plansDirectory,
  past: (runsDirectory: string) => void = () => {},
): Promise<PageStation> => {
  const directory = mkdtempSync(join(tmpdir(), 'linkpulse-page-'));
  past(join(directory, 'runs'));
  const benchPath = join(directory, 'bench.yaml');
  const socketPath = join(directory, 'station.sock');
  const state = join(directory, 'state');
  writeFileSync(
    benchPath,
    ['station: line-3', 'runs: runs', 'ports:', ...ports.map((line) => `  ${line}`), ''].join('\n'),
  );
  const given = { bench: benchPath, socket: socketPath, state, plans, http: '0' };
  const station: Invocation = invoke([
    'station',
    ...Object.entries(given).flatMap(([key, value]) => [`--${key}`, value]),
  ]);
  let base = '';
  for (let tries = 0; tries < 400 && base === ''; tries += 1) {
    await sleep(systemClock, 50);
    base = /http:\/\/127\.0\.0\.1:\d+\//.exec(station.stdout())?.[0] ?? '';
  }
  if (base === '') throw new Error(`no station: ${station.stderr()}`);
  const { tokens } = JSON.parse(readFileSync(join(state, 'tokens.json'), 'utf8')) as {
    readonly tokens: readonly { readonly role: string; readonly token: string }[];
  };
  return {
    base,
    socketPath,
    tokenOf: (role) => tokens.find((entry) => entry.role === role)?.token ?? '',
    close: async () => {
      station.child.kill('SIGTERM');
      const code = await station.exitCode;
      rmSync(directory, { recursive: true, force: true });
      return code;
    },
  };
};

export const launchChromium = (): Promise<Browser> =>
  chromium.launch({ executablePath: chromiumPath, chromiumSandbox: process.getuid?.() !== 0 });

export interface WatchedPage {
  readonly page: Page;
  /** Errors and warnings of the console, scripts that threw, what the content security policy refused. */
  readonly complaints: readonly string[];
}

/** A page of a fresh profile; `OscillatorNode` starts are counted in `window.tones`. */
export const openPage = async (browser: Browser, options: { readonly locale?: string } = {}): Promise<WatchedPage> => {
  const context = await browser.newContext({ viewport: smallScreen, locale: options.locale ?? 'en-US' });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(String(error.stack)));
  await page.addInitScript(`
    window.tones = 0;
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...when) { window.tones += 1; return start.apply(this, when); };
    addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => console.error('CSP', violatedDirective, blockedURI));
  `);
  return { page, complaints };
};

const betweenKeysSeconds = 0.004;
const millisecondsPerSecond = 1000;

/** As a scanner types: its own pace, however loaded this machine is, with Enter at the end. */
export const scan = async (page: Page, text: string): Promise<void> => {
  const session = await page.context().newCDPSession(page);
  const from = systemClock.wallClock().getTime() / millisecondsPerSecond;
  const keys = [...text].map((key) => ({ key, text: key })).concat({ key: 'Enter', text: '\r' });
  const presses = keys.flatMap((key, index) => {
    const timestamp = from + index * betweenKeysSeconds;
    return [
      session.send('Input.dispatchKeyEvent', { type: 'keyDown', timestamp, ...key }),
      session.send('Input.dispatchKeyEvent', { type: 'keyUp', timestamp, key: key.key }),
    ];
  });
  await Promise.all(presses);
  await session.detach();
};
