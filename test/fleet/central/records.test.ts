/** What the plant's page asks of its database: a real PostgreSQL, the HTTP side as its clients use it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { wordsOfRun } from '../../../src/fleet/central/records/conditions.js';
import type { FoundRuns } from '../../../src/fleet/central/records/search.js';
import type { PlantStatistics } from '../../../src/fleet/central/records/statistics.js';
import type { RunRecord } from '../../../src/records/record.js';
import { RunIndex } from '../../../src/records/run-index.js';
import { statisticsJson, statisticsOf } from '../../../src/records/statistics/report.js';
import { type RunningCentral, startCentral } from '../../helpers/central.js';
import { type Engine, startPostgres } from '../../helpers/engines.js';
import { madeRecord } from '../../helpers/made-runs.js';
import { storeRuns } from '../../helpers/stored-runs.js';
import { isInstalled, needs } from '../../helpers/tools.js';

const noBroker = 'mqtt://127.0.0.1:1';
const verdicts = ['pass', 'pass', 'fail', 'pass', 'marginal', 'error', 'pass', 'fail'] as const;
const blames = ['network', 'bench', 'config', null] as const;

/** 240 runs of some 90 phones on three stations, over four days: phones that come again, errors, golden runs, attempts without a name. */
const made = (): readonly RunRecord[] =>
  Array.from({ length: 240 }, (_, index) => {
    const verdict = verdicts[(index * 7 + (index >> 3)) % verdicts.length] ?? 'pass';
    const phone = (index * 37) % 91;
    const mac = `00:0f:24:5a:00:${phone.toString(16).padStart(2, '0')}`;
    const isNameless = index % 23 === 1;
    const name = { serial: null, deviceId: null, mac: null };
    const id = `run-${String(index).padStart(4, '0')}`;
    const base = madeRecord({
      runId: id,
      station: `line-${(index % 3) + 1}`,
      port: `p${(index % 2) + 1}`,
      startedAt: new Date(Date.UTC(2026, 10, 20, 0, index * 23)).toISOString(),
      verdict,
      blame: verdict === 'error' ? (blames[index % 4] ?? null) : null,
      cause:
        verdict === 'pass'
          ? 'The phone registered.'
          : `SEP000F245A00${phone.toString(16).padStart(2, '0').toUpperCase()} (${mac}) answered after ${index}.5 s, reason ${index % 3 === 0 ? 'A' : 'B'}.`,
      phone: isNameless ? name : { serial: phone % 2 === 0 ? `FCH${phone}` : null, deviceId: `SEP-${phone}`, mac },
      golden: index % 29 === 3 ? { fault: null } : null,
    });
    // Two attempts of one phone, the first of which ended before it said its name.
    if (index % 23 === 1) return { ...base, attempt: { number: 1, of: 2, first: id, earlier: [] } };
    if (index % 23 === 4)
      return {
        ...base,
        station: `line-${((index - 3) % 3) + 1}`,
        attempt: { number: 2, of: 2, first: `run-${String(index - 3).padStart(4, '0')}`, earlier: [] },
      };
    return base;
  });

const isHere = isInstalled('psql');
const records = made();
let database: Engine;
let central: RunningCentral;
beforeAll(async () => {
  if (!isHere) return;
  database = await startPostgres(undefined as never);
  await storeRuns(database.url, records);
  central = await startCentral({ broker: noBroker, database: database.url.replace('linkpulse@', 'looker@') });
}, 60_000);
afterAll(async () => {
  await central?.close();
  await database?.close();
}, 60_000);
beforeEach((context) => needs(context, 'psql', 'postgresql'));

const ask = async <T>(path: string): Promise<T> => {
  const answer = await central.get(`/api/v1/${path}`);
  expect(answer, answer.text.slice(0, 500)).toMatchObject({ status: 200 });
  return answer.body;
};
const found = async (query: string) => (await ask<FoundRuns>(`runs?${query}`)).runs.map(({ runId }) => runId);

describe('statistics of the plant', () => {
  let directory: string;
  let index: RunIndex;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'linkpulse-central-stats-'));
    index = RunIndex.open(directory);
    for (const record of records) index.add(record);
  });
  afterAll(() => {
    index.close();
    rmSync(directory, { recursive: true, force: true });
  });
  /** The same runs as `linkpulse stats --json` tells of them. */
  const toldByStats = (search: object) => JSON.parse(statisticsJson(statisticsOf(index, search)));
  const byName = (rows: readonly { readonly blame: string; readonly cause?: string; readonly count: number }[]) =>
    rows.map(({ blame, cause = '', count }) => `${blame} ${cause} ${count}`).sort();

  it.each([
    ['', {}],
    ['since=2026-11-21T00:00:00.000Z', { since: '2026-11-21T00:00:00.000Z' }],
    ['station=line-2', { station: 'line-2' }],
    ['verdict=fail', { verdict: 'fail' }],
    ['mac=000F.245A.0025', { mac: '000F.245A.0025' }],
  ])('%s: are those of linkpulse stats', async (query, search) => {
    const told = await ask<PlantStatistics>(`statistics?${query}`);
    const stats = toldByStats(search);
    expect(stats.runs).toBeGreaterThan(0);
    expect(told.yield).toEqual(stats.yield);
    expect({ runs: told.runs, from: told.from, to: told.to }).toEqual({
      runs: stats.runs,
      from: stats.from,
      to: stats.to,
    });
    expect(byName(told.pareto)).toEqual(byName(stats.pareto));
    expect(byName(told.blames)).toEqual(byName(stats.blames));
    expect(told.trend).toEqual(
      stats.trend.map(
        ({
          day,
          yield: { passedOnAttempt: _, ...ofDay },
        }: PlantStatistics['trend'][number] & { yield: { passedOnAttempt?: unknown } }) => ({ day, yield: ofDay }),
      ),
    );
    expect(told.hours.reduce((sum, { runs }) => sum + runs, 0)).toBe(stats.runs);
    for (const { name, yield: ofStation } of told.stations) {
      const { passedOnAttempt: _, ...alone } = toldByStats({ station: name ?? '', ...search }).yield;
      expect(ofStation).toEqual(alone);
    }
  });
});

describe('search over all records', () => {
  it('pages through all of them, newest first, each once', async () => {
    const ids: string[] = [];
    for (let next: string | null = ''; next !== null; ) {
      const page: FoundRuns = await ask(`runs?limit=70${next === '' ? '' : `&after=${next}`}`);
      ids.push(...page.runs.map(({ runId }) => runId));
      next = page.next;
    }
    expect(ids).toEqual(records.map(({ runId }) => runId).reverse());
  });

  it('finds by each part of a phone and of a run, however it is written', async () => {
    const of = (isAsked: (record: RunRecord) => boolean) =>
      records
        .filter(isAsked)
        .map(({ runId }) => runId)
        .reverse();
    const isPhone = ({ phone }: RunRecord) => phone.mac === '00:0f:24:5a:00:25';
    expect(of(isPhone).length).toBeGreaterThan(1);
    for (const mac of ['00:0F:24:5a:00:25', '000f.245a.0025', 'SEP000F245A0025', '00-0f-24-5a-00-25'])
      expect(await found(`mac=${mac}`), mac).toEqual(of(isPhone));
    expect(await found('serial=fch40')).toEqual(of(({ phone }) => phone.serial === 'FCH40'));
    expect(await found('serial=FCH4%25')).toEqual(of(({ phone }) => /^FCH4/.test(phone.serial ?? '')));
    expect(await found('blame=phone')).toEqual(of(({ verdict }) => verdict === 'fail').slice(0, 100));
    expect(await found('blame=config&station=line-3&limit=500')).toEqual(
      of(({ blame, station }) => blame === 'config' && station === 'line-3'),
    );
    expect(await found('text=REASON%20a&limit=500')).toEqual(of(({ cause }) => cause.includes('reason A')));
    expect(await found('text=_____')).toEqual([]);
    expect(await found("text='%3B%20DROP%20TABLE%20runs")).toEqual([]);
    expect(await found('model=7960&since=2026-11-22T00:00:00Z&until=2026-11-23T00:00:00Z&limit=500')).toEqual(
      of(({ startedAt }) => startedAt.startsWith('2026-11-22')),
    );
    expect(await found('model=8841')).toEqual([]);
  });

  it('refuses what it does not understand', async () => {
    for (const query of ['verdict=good', 'text=ab', 'after=x', 'limit=0', 'unknown=1', 'since=yesterday'])
      expect(await central.get(`/api/v1/runs?${query}`), query).toMatchObject({ status: 400, body: { code: 'USAGE' } });
    for (const path of ['runs', 'statistics', 'runs.csv', 'runs/line-1/run-0000'])
      expect((await central.get(`/api/v1/${path}`, '')).status, path).toBe(401);
  });

  it('tells one record whole, and that there is none', async () => {
    const { record } = await ask<{ record: Partial<RunRecord> }>('runs/line-1/run-0000');
    const { plan, ...rest } = records[0] as RunRecord;
    expect(record).toEqual(JSON.parse(JSON.stringify({ ...rest, plan: { ...plan, text: undefined } })));
    expect(await central.get('/api/v1/runs/line-1/run-9999')).toMatchObject({ status: 404 });
  });

  it('hands a search on as CSV and as JSON', async () => {
    const json = await ask<FoundRuns['runs']>('runs.json?verdict=fail');
    expect(json.map(({ runId }) => runId)).toEqual(await found('verdict=fail&limit=500'));
    const csv = (await central.get('/api/v1/runs.csv?verdict=fail')).text.trim().split('\r\n');
    expect(csv).toHaveLength(json.length + 1);
    expect(csv[0]).toContain('station,run,port');
    expect(csv[1]).toContain(json[0]?.runId);
    expect(await ask('runs.json?serial=nobody')).toEqual([]);
  });
});

describe('the database', () => {
  it('has an index for each word that is looked for, to the letter', async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query('SET enable_seqscan = off');
    const { rows } = await client.query(`EXPLAIN SELECT 1 FROM runs WHERE ${wordsOfRun} LIKE '%answered%'`);
    await client.end();
    expect(JSON.stringify(rows)).toContain('runs_words');
  });

  it('that goes away is told as such, and asked again when it is back', async () => {
    await database.stop();
    expect(await central.get('/api/v1/runs')).toMatchObject({ status: 503, body: { code: 'DATABASE_UNREACHABLE' } });
    await database.start();
    await expect.poll(async () => (await central.get('/api/v1/runs')).status, { timeout: 10_000 }).toBe(200);
  });
});
