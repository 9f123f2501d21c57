import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { completeCutRecord } from '../../src/records/cut-run.js';
import { createRunFolder, findCutRuns, finishRecord, readRecord } from '../../src/records/run-folder.js';
import type { Clock } from '../../src/timeline/clock.js';
import { createTimelineLog, readTimeline } from '../../src/timeline/log.js';
import { healthyRun, quickPlan } from '../reports/fixture-run.js';
import { healthyScript } from '../reports/fixture-script.js';

const clock: Clock = {
  nowUs: () => 0,
  wallClock: () => new Date('2026-11-23T03:15:02.250Z'),
  alarm: () => ({ cancel: () => {} }),
  every: () => ({ cancel: () => {} }),
};
const newRuns = (): string => join(mkdtempSync(join(tmpdir(), 'linkpulse-runs-')), 'deep', 'runs');
const request = (runsDirectory: string) => ({
  runsDirectory,
  station: 'bench-1',
  port: 'sim1',
  plan: quickPlan(),
  board: '/dev/pts/7',
  simulator: null,
});

/** A process that has ended for sure. */
const deadProcess = async (): Promise<number> => {
  const child = spawn(process.execPath, ['-e', '']);
  await new Promise((resolve) => child.once('exit', resolve));
  return child.pid ?? 0;
};

/** A run as a killed daemon leaves it, with `events` of the healthy run on its timeline. */
const cutRunWith = async (runs: string, events: number | undefined) => {
  const folder = await createRunFolder(request(runs), clock);
  if (events !== undefined) {
    const log = createTimelineLog(folder.files.timeline, clock);
    for (const [, fact] of [...healthyScript].sort(([a], [b]) => a - b).slice(0, events)) log.append(fact);
    await log.close();
    writeFileSync(folder.files.timeline, '{"seq":9999,"at', { flag: 'a' });
  }
  const path = join(folder.path, 'running.json');
  const mark = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, JSON.stringify({ ...mark, process: { ...mark.process, pid: await deadProcess() } }));
  const [cut] = await findCutRuns(runs);
  if (cut === undefined) throw new Error('the cut run was not found');
  return { folder, cut };
};

describe('run folders', () => {
  it('are named by time and port, hold the plan and are marked as running', async () => {
    const runs = newRuns();
    const folder = await createRunFolder(request(runs), clock);
    expect(folder.id).toMatch(/^20261123-031502-sim1-[a-z0-9]{4}$/);
    expect(readdirSync(folder.path).sort()).toEqual(['plan.yaml', 'running.json']);
    expect(readFileSync(folder.files.plan, 'utf8')).toBe(quickPlan().text);
    expect(JSON.parse(readFileSync(join(folder.path, 'running.json'), 'utf8'))).toMatchObject({
      process: { pid: process.pid },
      port: 'sim1',
      board: '/dev/pts/7',
      planHash: quickPlan().hash,
      startedAt: '2026-11-23T03:15:02.250Z',
    });
  });

  it('never share a name', async () => {
    const runs = newRuns();
    const ids = await Promise.all(
      Array.from({ length: 20 }, async () => (await createRunFolder(request(runs), clock)).id),
    );
    expect(new Set(ids).size).toBe(20);
  });

  it('lose their mark when the record stands, and give it back unchanged', async () => {
    const folder = await createRunFolder(request(newRuns()), clock);
    const { record } = healthyRun();
    await finishRecord(folder.path, record);
    expect(readdirSync(folder.path).sort()).toEqual(['plan.yaml', 'record.json']);
    expect(await readRecord(folder.path)).toEqual(record);
  });

  it('a folder that cannot be made is RECORD_FAILED', async () => {
    await expect(createRunFolder(request('/dev/null/runs'), clock)).rejects.toMatchObject({ code: 'RECORD_FAILED' });
  });

  it('a record that is no record is RECORD_UNREADABLE', async () => {
    await expect(readRecord(newRuns())).rejects.toMatchObject({ code: 'RECORD_UNREADABLE' });
  });
});

describe('runs that were cut', () => {
  it('are those whose process is gone', async () => {
    const runs = newRuns();
    const alive = await createRunFolder(request(runs), clock);
    const { folder } = await cutRunWith(runs, 3);
    mkdirSync(join(runs, 'something-else'));
    writeFileSync(join(runs, 'something-else', 'running.json'), '{"proc');
    const finished = await createRunFolder(request(runs), clock);
    await finishRecord(finished.path, healthyRun().record);
    expect((await findCutRuns(runs)).map(({ id }) => id)).toEqual([folder.id]);
    expect(alive.id).not.toBe(folder.id);
  });

  it('are also those whose number another process has now', async () => {
    const runs = newRuns();
    const folder = await createRunFolder(request(runs), clock);
    const path = join(folder.path, 'running.json');
    const mark = JSON.parse(readFileSync(path, 'utf8'));
    if (mark.process.born === null) return;
    writeFileSync(path, JSON.stringify({ ...mark, process: { pid: process.pid, born: 'another-boot 17' } }));
    expect((await findCutRuns(runs)).map(({ id }) => id)).toEqual([folder.id]);
  });

  it('of no folder at all are none', async () => {
    expect(await findCutRuns('/nowhere/at/all')).toEqual([]);
  });

  it('get the board’s trip into their timeline and an error of the bench as verdict', async () => {
    const runs = newRuns();
    const { cut } = await cutRunWith(runs, 60);
    const storedTrip = { cause: 'HEARTBEAT', switchOffMs: 503.2, jackSafeMs: 691.4 } as const;
    const { record, events } = await completeCutRecord({ cut, storedTrip, clock });

    expect(record).toMatchObject({ verdict: 'error', blame: 'bench', exitCode: 6, safetyTrip: true });
    expect(record.cause).toBe(
      'The daemon died while the phone was powered; the board switched off by itself within 503.2 ms (HEARTBEAT), the jack was safe after 691.4 ms.',
    );
    expect(record.powerOff).toEqual(storedTrip);
    expect(record.cutRun).toEqual({ completedAt: '2026-11-23T03:15:02.250Z', poweredWhenCut: true, storedTrip });
    expect(record.stages.map(({ verdict }) => verdict)).toEqual(['error', ...Array(5).fill('not-reached')]);
    expect(events.slice(-2).map(({ fact }) => fact)).toEqual([
      { kind: 'stored-trip', ...storedTrip },
      { kind: 'end', reason: 'the daemon died' },
    ]);
    expect(record.evidence).toEqual([61, 62]);
    expect((await readTimeline(join(cut.path, 'timeline.ndjson'))).events).toEqual(events);
    expect(await readRecord(cut.path)).toEqual(record);
    expect(await findCutRuns(runs)).toEqual([]);
  });

  it('say so when the board kept nothing', async () => {
    const { cut } = await cutRunWith(newRuns(), 60);
    const { record } = await completeCutRecord({ cut, storedTrip: undefined, clock });
    expect(record.cause).toContain('what the board did then is not known');
    expect(record.exitCode).toBe(6);
  });

  it('before power-on are an error without a trip', async () => {
    const { cut } = await cutRunWith(newRuns(), 4);
    const { record } = await completeCutRecord({ cut, storedTrip: undefined, clock });
    expect(record).toMatchObject({ exitCode: 5, blame: 'bench', safetyTrip: false });
    expect(record.cause).toBe('The daemon died while the phone was not powered.');
  });

  it('that came to their end and could not be recorded do not blame a dead daemon', async () => {
    const { cut } = await cutRunWith(newRuns(), healthyScript.length);
    const { record, events } = await completeCutRecord({ cut, storedTrip: undefined, clock });
    expect(record.cause).toBe('The run ended, but its record could not be written then.');
    expect(events.filter(({ fact }) => fact.kind === 'end')).toHaveLength(1);
    expect(record).toMatchObject({ blame: 'bench', exitCode: 5 });
  });

  it('without a timeline are completed all the same', async () => {
    const { cut } = await cutRunWith(newRuns(), undefined);
    const { record } = await completeCutRecord({ cut, storedTrip: undefined, clock });
    expect(record).toMatchObject({ verdict: 'error', blame: 'bench', events: { total: 0 } });
  });

  it('keep what their judges found, but no error that the death itself made', async () => {
    const { cut } = await cutRunWith(newRuns(), 60);
    const judged = healthyRun().record.stages.map((stage) =>
      stage.stage === 'config' ? { ...stage, verdict: 'error' as const, blame: 'network' as const } : stage,
    );
    const { record } = await completeCutRecord({ cut, storedTrip: undefined, clock, judge: () => judged });
    expect(record.stages.map(({ verdict }) => verdict)).toEqual([
      'error',
      'pass',
      'pass',
      'pass',
      'not-reached',
      'pass',
    ]);
    expect(record.stages[0]?.measurements.length).toBeGreaterThan(0);
  });
});
