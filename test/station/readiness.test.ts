import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { PortState } from '../../src/station/metrics.js';
import { createReadiness } from '../../src/station/readiness.js';
import { createRecordsDesk } from '../../src/station/records/desk.js';
import { systemClock as clock } from '../../src/timeline/clock.js';

const runsDirectory = mkdtempSync(join(tmpdir(), 'linkpulse-ready-'));
afterAll(() => rmSync(runsDirectory, { recursive: true, force: true }));

const answers = 'process.once("message", () => { process.stdout.write("[]"); process.disconnect(); })';
const hasNoIndex =
  'process.once("message", () => process.send({ code: "INDEX_FAILED", detail: "/secret/path", remedy: "" }, () => process.exit(1)))';

const ready = (
  states: Readonly<Record<string, PortState>>,
  more: { reserve?: number; worker?: string; closing?: boolean } = {},
) => {
  const closing = new AbortController();
  if (more.closing === true) closing.abort();
  return createReadiness({
    ports: Object.keys(states),
    metrics: { stateOf: (port) => states[port] ?? 'idle' },
    records: createRecordsDesk({ runsDirectory, command: [process.execPath, '-e', more.worker ?? answers] }),
    runsDirectory,
    diskReserveBytes: more.reserve ?? 0,
    clock,
    closing: closing.signal,
  });
};

it('is ready with one fit port, and names those that are not', async () => {
  expect(await ready({ jack1: 'powered', jack2: 'locked' })()).toMatchObject({
    isReady: true,
    reasons: [{ code: 'PORT_LOCKED', port: 'jack2' }],
  });
  expect(await ready({ jack1: 'board-lost', jack2: 'locked' })()).toMatchObject({
    isReady: false,
    reasons: [
      { code: 'BOARD_LOST', port: 'jack1' },
      { code: 'PORT_LOCKED', port: 'jack2' },
    ],
  });
});

it('is not ready on a disk without the reserve, nor while it closes', async () => {
  expect(await ready({ jack1: 'idle' }, { reserve: 2 ** 60 })()).toMatchObject({
    isReady: false,
    reasons: [{ code: 'DISK_RESERVE', port: null }],
  });
  expect(await ready({ jack1: 'idle' }, { closing: true })()).toMatchObject({
    isReady: false,
    reasons: [{ code: 'CLOSING' }],
  });
});

it('hears from a worker that the index is gone, and keeps the path to itself', async () => {
  const ask = ready({ jack1: 'idle' }, { worker: hasNoIndex });
  expect((await ask()).isReady).toBe(true);
  await expect.poll(ask, { timeout: 20_000 }).toMatchObject({ isReady: false, reasons: [{ code: 'INDEX_FAILED' }] });
  expect(JSON.stringify(await ask())).not.toContain('secret');
});
