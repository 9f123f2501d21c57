import { expect, it } from 'vitest';
import { isJournal, type LogForm, logRun, openLog } from '../../src/station/log.js';
import type { DeskNews } from '../../src/station/run-desk.js';
import { systemClock } from '../../src/timeline/clock.js';

const clock = { ...systemClock, wallClock: () => new Date('2026-11-28T09:05:43.623Z') };
const news = [
  { kind: 'run-started', port: 'jack1', run: { runId: 'r1', plan: { name: 'quick' } } },
  { kind: 'run-ended', port: 'jack1', summary: { runId: 'r1', verdict: 'error', blame: 'bench', exitCode: 5 } },
  { kind: 'run-failed', port: 'jack1', code: 'BOARD_SILENT', message: 'The board says nothing', remedy: '' },
] as unknown as DeskNews[];
const logged = (form: LogForm) => {
  const lines: string[] = [];
  const log = openLog(form, clock, (line) => lines.push(line));
  for (const each of news) logRun(each, log);
  return lines;
};

it('is text for people', () => {
  expect(logged('text')).toEqual([
    '2026-11-28T09:05:43.623Z jack1: run r1 (plan quick)',
    '2026-11-28T09:05:43.623Z jack1: error, exit 5',
    '2026-11-28T09:05:43.623Z jack1: no run. The board says nothing',
  ]);
});

it('is JSON with run and port for machines, and the journal is told the level in front', () => {
  const at = '2026-11-28T09:05:43.623Z';
  expect(logged('json').map((line) => JSON.parse(line))).toMatchObject([
    { at, level: 'info', port: 'jack1', runId: 'r1' },
    { at, level: 'warning', port: 'jack1', runId: 'r1', verdict: 'error', blame: 'bench' },
    { at, level: 'error', port: 'jack1', code: 'BOARD_SILENT' },
  ]);
  expect(logged('journal')).toEqual(logged('json').map((line, index) => `<${[6, 4, 3][index]}>${line}`));
});

it('takes no inherited variable for the journal', () => {
  expect([isJournal(undefined), isJournal('1:2')]).toEqual([false, false]);
});
