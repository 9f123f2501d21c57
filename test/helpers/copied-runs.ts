import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunRecord } from '../../src/records/record.js';

const firstAt = Date.UTC(2026, 9, 1);
const apartMs = 97_000;

/** So many run folders from one: each with an id, a time and a phone of its own, its timeline and plan copied. */
export const copyRun = (folder: string, runsDirectory: string, count: number): readonly string[] => {
  const record = JSON.parse(readFileSync(join(folder, 'record.json'), 'utf8')) as RunRecord;
  return Array.from({ length: count }, (_, index) => {
    const startedAt = new Date(firstAt + index * apartMs).toISOString();
    const hex = index.toString(16).toUpperCase().padStart(6, '0');
    const runId = `${startedAt.slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')}-sim1-c${hex.toLowerCase()}`;
    const target = join(runsDirectory, runId);
    mkdirSync(target, { recursive: true });
    const mac = `00:0f:24:${hex.toLowerCase().replace(/(..)(..)(..)/, '$1:$2:$3')}`;
    const phone = { ...record.phone, deviceId: `SEP000F24${hex}`, mac };
    writeFileSync(join(target, 'record.json'), JSON.stringify({ ...record, runId, startedAt, phone }, null, 2));
    for (const name of ['timeline.ndjson', 'plan.yaml']) copyFileSync(join(folder, name), join(target, name));
    return runId;
  });
};
