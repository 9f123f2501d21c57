import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findRun } from '../../src/records/find-run.js';

const runs = mkdtempSync(join(tmpdir(), 'linkpulse-find-'));
for (const id of ['20261120-080000-sim1-aaaa', '20261121-080000-sim1-bbbb']) {
  mkdirSync(join(runs, id));
  writeFileSync(join(runs, id, 'record.json'), '{}');
}
// Goes on yet.
mkdirSync(join(runs, '20261122-080000-sim1-cccc'));

test.each([
  ['20261120-080000-sim1-aaaa', 'aaaa'],
  ['aaaa', 'aaaa'],
  ['20261121', 'bbbb'],
  ['last', 'bbbb'],
])('%s is one run', async (asked, ending) => {
  expect(await findRun(runs, asked)).toMatch(new RegExp(`^${runs}/.*-${ending}$`));
});

test('a path is itself; a part of several ids, or of none, is told', async () => {
  expect(await findRun(runs, '/elsewhere/run')).toBe('/elsewhere/run');
  await expect(findRun(runs, '0800')).rejects.toMatchObject({ code: 'USAGE', detail: expect.stringContaining('bbbb') });
  await expect(findRun(runs, 'none')).rejects.toMatchObject({ code: 'RECORD_UNREADABLE' });
  await expect(findRun(join(runs, 'none'), 'last')).rejects.toMatchObject({ code: 'RECORD_UNREADABLE' });
});
