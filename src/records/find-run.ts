import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { BenchError } from '../errors.js';
import { runFiles } from './record.js';

const mostNamed = 6;

/**
 * The folder of a run: by its id, by a part that no other id has, by its path, or `last`, the newest with a record.
 * Throws BenchError RECORD_UNREADABLE, USAGE.
 */
export const findRun = async (runsDirectory: string, asked: string): Promise<string> => {
  if (asked.includes('/')) return resolve(asked);
  if (existsSync(join(runsDirectory, asked, runFiles.record))) return join(runsDirectory, asked);
  const entries = await readdir(runsDirectory, { withFileTypes: true }).catch(() => []);
  const ids = entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .sort();
  if (asked === 'last') {
    const newest = ids.findLast((id) => existsSync(join(runsDirectory, id, runFiles.record)));
    if (newest !== undefined) return join(runsDirectory, newest);
  }
  const meant = ids.filter((id) => id.includes(asked));
  const [one, another] = meant;
  if (one === undefined)
    throw new BenchError('RECORD_UNREADABLE', `no run "${asked}" in ${runsDirectory}`, {
      remedy: 'linkpulse records ls shows the runs there are.',
    });
  if (another !== undefined) {
    const more = meant.length > mostNamed ? `, and ${meant.length - mostNamed} more` : '';
    throw new BenchError('USAGE', `"${asked}" may be ${meant.slice(-mostNamed).join(', ')}${more}`, {
      remedy: 'Give more of the id.',
    });
  }
  return join(runsDirectory, one);
};
