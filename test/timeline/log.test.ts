import { appendFileSync, existsSync, mkdtempSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/timeline/clock.js';
import { longestEventBytes } from '../../src/timeline/event-bound.js';
import type { Fact, TimelineEvent } from '../../src/timeline/events.js';
import { continueTimeline, createTimelineLog, mostEvents, readTimeline } from '../../src/timeline/log.js';

const folder = mkdtempSync(join(tmpdir(), 'linkpulse-log-'));
let files = 0;
const newPath = (): string => {
  files += 1;
  return join(folder, `${files}.ndjson`);
};

/** A clock that stands until it is told. */
const standingClock = (startUs: number) => {
  let nowUs = startUs;
  const clock: Clock = {
    nowUs: () => nowUs,
    wallClock: () => new Date('2026-11-23T03:15:02.250Z'),
    alarm: () => ({ cancel: () => {} }),
    every: () => ({ cancel: () => {} }),
  };
  const goTo = (us: number) => {
    nowUs = us;
  };
  return { clock, goTo };
};

const service = (detail: Record<string, string>): Fact => ({ kind: 'service', service: 'tftp', action: 'x', detail });
const seqAndTime = ({ seq, atUs }: TimelineEvent) => [seq, atUs];

describe('the timeline log', () => {
  it('numbers events and gives times since the start', async () => {
    const { clock, goTo } = standingClock(5_000_000);
    const path = newPath();
    const log = createTimelineLog(path, clock);
    goTo(5_000_250);
    const first = log.append({ kind: 'power-requested' });
    goTo(5_001_000);
    const second = log.append({ kind: 'link-up' }, { stamp: { boardCycles: 77 } });
    await log.close();
    expect([first, second].map(seqAndTime)).toEqual([
      [1, 250],
      [2, 1000],
    ]);
    expect(second).toEqual({
      seq: 2,
      atUs: 1000,
      source: 'link',
      stamp: { boardCycles: 77 },
      fact: { kind: 'link-up' },
    });
    const stored = await readTimeline(path);
    expect(stored.meta).toEqual({
      format: 'linkpulse-timeline',
      version: 1,
      startedAt: '2026-11-23T03:15:02.250Z',
      startClockUs: 5_000_000,
    });
    expect(stored.events).toEqual([first, second]);
    expect(stored.cut).toBe(false);
  });

  it('lets source items never share a time nor run backwards, but facts of one item do', async () => {
    const { clock, goTo } = standingClock(0);
    const log = createTimelineLog(newPath(), clock);
    goTo(1000);
    const events = [log.append({ kind: 'link-up' }), log.append({ kind: 'link-down' })];
    const frameUs = log.stampUs(400);
    events.push(log.append({ kind: 'time' }, { atUs: frameUs }), log.append({ kind: 'time' }, { atUs: frameUs }));
    const laterUs = log.stampUs(2000);
    events.push(log.append({ kind: 'time' }, { atUs: laterUs }), log.append({ kind: 'link-up' }));
    expect(events.map(seqAndTime)).toEqual([
      [1, 1000],
      [2, 1001],
      [3, 1002],
      [4, 1002],
      [5, 2000],
      [6, 2001],
    ]);
    await log.close();
  });

  it('tells listeners until they leave and keeps a bounded tail', async () => {
    const log = createTimelineLog(newPath(), standingClock(0).clock);
    const heard: number[] = [];
    const leave = log.onEvent(({ seq }) => heard.push(seq));
    log.append({ kind: 'link-up' });
    leave();
    for (let count = 0; count < 999; count += 1) log.append({ kind: 'time' });
    expect(heard).toEqual([1]);
    expect(log.tail()).toHaveLength(200);
    expect(log.tail().at(-1)?.seq).toBe(1000);
    await log.close();
  });

  it.each([
    ['a long text', service({ name: 'x'.repeat(100_000) })],
    ['a long text of wide characters', service({ name: '\u{1f4de}'.repeat(50_000) })],
    ['many texts', service(Object.fromEntries(Array.from({ length: 2000 }, (_, key) => [`k${key}`, 'v'.repeat(300)])))],
    ['long keys', service({ ['k'.repeat(90_000)]: 'v' })],
    [
      'many samples',
      { kind: 'current', periodMs: 1, milliamps: Array.from({ length: 9000 }, () => 128.5), jackMillivolts: 1 },
    ],
    ['control characters', service({ name: '\u0001'.repeat(4000) })],
  ] satisfies readonly (readonly [string, Fact])[])('%s is cut to 4 KiB and marked', async (_, fact) => {
    const path = newPath();
    const log = createTimelineLog(path, standingClock(0).clock);
    const event = log.append(fact);
    await log.close();
    expect(event.cut).toBe(true);
    expect(event.fact.kind).toBe(fact.kind);
    expect(Object.keys(event.fact)).toEqual(Object.keys(fact));
    for (const line of readFileSync(path, 'utf8').split('\n')) {
      expect(Buffer.byteLength(line)).toBeLessThan(longestEventBytes);
    }
    expect((await readTimeline(path)).events).toEqual([event]);
  });

  it('a short event is stored as it is', () => {
    const log = createTimelineLog(newPath(), standingClock(0).clock);
    const fact = service({ name: 'SEP000F245A7960.cnf.xml' });
    expect(log.append(fact)).toEqual({ seq: 1, atUs: 0, source: 'service', fact });
  });

  it('past 20,000 events the rest is counted per kind, and what ends a run is still written', async () => {
    const path = newPath();
    const log = createTimelineLog(path, standingClock(0).clock);
    for (let count = 0; count < mostEvents + 500; count += 1)
      log.append({ kind: count % 2 === 0 ? 'link-up' : 'link-down' });
    const off = log.append({ kind: 'power-off', cause: 'COMMANDED', switchOffMs: 1, milliamps: 0 });
    await log.close();
    await log.close();
    expect(log.counts()).toMatchObject({ total: mostEvents + 501, stored: mostEvents + 1 });
    const { events, folded } = await readTimeline(path);
    expect(events).toHaveLength(mostEvents + 1);
    expect(events.at(-1)).toEqual(off);
    expect(off.seq).toBe(mostEvents + 501);
    expect(folded).toEqual({
      'link-up': { count: 250, firstAtUs: mostEvents, lastAtUs: mostEvents + 498 },
      'link-down': { count: 250, firstAtUs: mostEvents + 1, lastAtUs: mostEvents + 499 },
    });
  });

  it('an existing file is never written over', () => {
    const path = newPath();
    writeFileSync(path, 'something');
    expect(() => createTimelineLog(path, standingClock(0).clock)).toThrow(/is there already/);
    expect(readFileSync(path, 'utf8')).toBe('something');
  });

  it.skipIf(!existsSync('/dev/full'))(
    'a full disk fails the log for good, and listeners still hear how power goes off',
    async () => {
      const log = createTimelineLog('/dev/full', standingClock(0).clock);
      const told: string[] = [];
      log.onEvent(({ fact }) => told.push(fact.kind));
      log.append({ kind: 'link-up' });
      const error = await log.failed;
      expect(error.code).toBe('RECORD_FAILED');
      expect(error.message).toContain('ENOSPC');
      log.append({ kind: 'link-down' });
      expect(told).toEqual(['link-up', 'link-down']);
      await expect(log.close()).rejects.toBe(error);
    },
  );

  it('takes nothing after it was closed', async () => {
    const log = createTimelineLog(newPath(), standingClock(0).clock);
    await log.close();
    await log.close();
    expect(() => log.append({ kind: 'link-up' })).toThrow(/closed/);
  });
});

describe('reading a timeline back', () => {
  const threeEvents = async (): Promise<string> => {
    const path = newPath();
    const log = createTimelineLog(path, standingClock(0).clock);
    for (const kind of ['power-requested', 'link-up', 'link-down'] as const) log.append({ kind });
    await log.close();
    return path;
  };

  it('leaves out a last line that was cut anywhere', async () => {
    const path = await threeEvents();
    const whole = readFileSync(path, 'utf8');
    const lastLine = whole.trimEnd().lastIndexOf('\n') + 1;
    for (const length of [whole.length - 1, lastLine + 5, lastLine + 1]) {
      writeFileSync(path, whole.slice(0, length));
      const { events, cut } = await readTimeline(path);
      expect([events.length, cut]).toEqual([2, true]);
    }
  });

  it.each([
    ['nothing', ''],
    ['another file', '{"hello":1}\n'],
    ['half a first line', '{"format":"linkpulse-timeline","ver'],
    ['null', 'null\n'],
  ])('%s is RECORD_UNREADABLE', async (_, text) => {
    const path = newPath();
    writeFileSync(path, text);
    await expect(readTimeline(path)).rejects.toMatchObject({ code: 'RECORD_UNREADABLE' });
  });

  it('a damaged line in the middle is named', async () => {
    const path = await threeEvents();
    writeFileSync(path, readFileSync(path, 'utf8').replace('"seq":2', '"seq":'));
    await expect(readTimeline(path)).rejects.toThrow(/line 3 is not JSON/);
    appendFileSync(path, '');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"seq":,', '"sec":2,'));
    await expect(readTimeline(path)).rejects.toThrow(/line 3 is no event/);
  });

  it('a cut timeline goes on behind its last whole line', async () => {
    const path = await threeEvents();
    truncateSync(path, readFileSync(path).length - 4);
    const added = await continueTimeline(path, [{ kind: 'link-up' }, { kind: 'end', reason: 'the daemon died' }]);
    expect(added.map(seqAndTime)).toEqual([
      [3, 2],
      [4, 3],
    ]);
    const { events, cut } = await readTimeline(path);
    expect(cut).toBe(false);
    expect(events.map(({ fact }) => fact.kind)).toEqual(['power-requested', 'link-up', 'link-up', 'end']);
  });
});
