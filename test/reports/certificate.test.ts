import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import type { RunRecord } from '../../src/records/record.js';
import { certificate } from '../../src/reports/certificate.js';
import { needs } from '../helpers/tools.js';
import { healthyRun, limitedRun, livePartnerRun, marginalRun, shortCircuitRun } from './fixture-run.js';

const recordSha256 = 'a2ed73a83f2f7dd2a37001ce8db4796595c0c17f9d62433caa9166f77de7ab78';
const pdf = (record: RunRecord) => certificate(record, { recordSha256 });
const pagesOf = (bytes: Uint8Array): number =>
  [
    ...Buffer.from(bytes)
      .toString('latin1')
      .matchAll(/\/Type \/Page\b/g),
  ].length;
const textOf = (bytes: Uint8Array): string =>
  spawnSync('pdftotext', ['-layout', '-', '-'], { input: bytes, encoding: 'utf8' }).stdout;
const wordsOf = (text: string): string => text.replace(/\s+/g, ' ');

const { record: healthy } = healthyRun();

test('names the phone, the plan, the station, each measurement with its limits, and the hash of the record', async (context) => {
  needs(context, 'pdftotext', 'poppler-utils');
  const text = wordsOf(textOf(await pdf(healthy)));
  for (const said of [
    'Test certificate',
    'PASS',
    'This phone is good.',
    'MAC address 00:0f:24:5a:79:60',
    'Model Cisco IP Phone 7960',
    'Device id SEP000F245A7960',
    `Plan SHA-256 ${healthy.plan.hash}`,
    'Station, port simulated-bench, sim1',
    'Calibrated 2026-',
    'Power to link 3.813 s at most 10 s, marginal above 6 s Pass',
    `${healthy.runId}/record.json`,
    recordSha256,
  ])
    expect(text).toContain(said);
  expect(text).not.toContain('…');
});

test('says of a phone that fails, or was not judged, that it has no certificate', async (context) => {
  needs(context, 'pdftotext', 'poppler-utils');
  const failed = wordsOf(textOf(await pdf(shortCircuitRun().record)));
  expect(failed).toContain('Test result');
  expect(failed).toContain('FAIL');
  expect(failed).not.toContain('certificate');
  const bench = wordsOf(textOf(await pdf(livePartnerRun().record)));
  expect(bench).toContain('Do not bin this phone');
  expect(bench).toContain('To blame: operator.');
  expect(wordsOf(textOf(await pdf(limitedRun().record)))).toContain('Not proven: Ethernet headers are made up');
});

test.each(
  Object.entries({
    healthy,
    marginal: marginalRun().record,
    'live partner': livePartnerRun().record,
    crowded: {
      ...healthy,
      cause: 'A long sentence about what went wrong. '.repeat(40),
      limited: Array.from({ length: 20 }, (_, index) => `thing ${index}`),
      stages: healthy.stages.map((stage) => ({
        ...stage,
        measurements: [...stage.measurements, ...stage.measurements, ...stage.measurements, ...stage.measurements],
      })),
    },
    hostile: {
      ...healthy,
      cause: `${'\u202e'}\u0000(()\\)${'W'.repeat(500)}`,
      phone: { ...healthy.phone, platform: `電話\u0000)\\${'W'.repeat(500)}`, load: '\ud800' },
    },
  } satisfies Record<string, RunRecord>),
)('is one page, and the same bytes each time: %s', async (_, record) => {
  const bytes = await pdf(record);
  expect(pagesOf(bytes)).toBe(1);
  expect(Buffer.from(await pdf(record)).equals(bytes)).toBe(true);
});

test('what does not fit on the page is counted', async (context) => {
  needs(context, 'pdftotext', 'poppler-utils');
  const stages = healthy.stages.map((stage) => ({
    ...stage,
    measurements: Array.from({ length: 6 }, () => stage.measurements).flat(),
  }));
  const text = textOf(await pdf({ ...healthy, stages }));
  const rows = text.split('\n').filter((line) => line.trimEnd().endsWith('Pass')).length;
  const more = Number(/and (\d+) more in record\.json/.exec(text)?.[1]);
  // The six boxes of the stages are one line of their own.
  expect(rows - 1 + more).toBe(6 * healthy.measurements.length);
});
