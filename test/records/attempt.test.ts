import { describe, expect, it } from 'vitest';
import { attemptNote, deservesAnother, lateOn } from '../../src/records/attempt.js';
import { buildRecord, type RunRecord } from '../../src/records/record.js';
import { samplePlan } from '../stages/sample-plan.js';
import * as story from '../stages/story.js';

const recordOf = (lines: readonly story.Line[], runId = 'run-1'): RunRecord =>
  buildRecord({
    runId,
    station: 'bench',
    port: 'jack1',
    startedAt: '2026-11-26T00:00:00.000Z',
    plan: { plan: samplePlan, text: '', hash: '0'.repeat(64), path: 'p.yaml' },
    stages: story.tell(samplePlan, lines).verdicts(),
    events: story.timeline(lines),
    counts: { total: 0, stored: 0, folded: {} },
  });

const good = recordOf(story.toEnd);
const noLink = recordOf([
  ...story.toPower,
  [20_000, story.powerOff('COMMANDED')],
  [20_100, story.jackSafe()],
  [20_200, story.end],
]);
const emptyJack = recordOf([
  [0, story.runStart],
  [100, story.requested],
  [300, story.discovery('nothing')],
  [301, story.probe('open')],
  [400, story.end],
]);
const shorted = recordOf([...story.toPower, [260, story.powerOff('SHORT')], [300, story.jackSafe()], [400, story.end]]);
const stopped = recordOf([
  ...story.toPower,
  [400, { kind: 'interrupted', by: 'SIGTERM' }],
  [401, story.powerOff('COMMANDED')],
  [500, story.end],
]);
const unrecorded = recordOf([
  ...story.toPower,
  [400, { kind: 'bench-fault', code: 'RECORD_FAILED', message: 'disk', remedy: '', blame: 'bench' }],
  [500, story.end],
]);

const onPhone = { attempts: 3, on: ['phone'] } as const;

describe('another attempt', () => {
  it('is made while the plan has some left, for what it names', () => {
    expect(noLink).toMatchObject({ verdict: 'fail' });
    expect(deservesAnother(noLink, onPhone, 1)).toBe(true);
    expect(deservesAnother(noLink, onPhone, 2)).toBe(true);
    expect(deservesAnother(noLink, onPhone, 3)).toBe(false);
    expect(deservesAnother(noLink, { attempts: 3, on: ['boot'] }, 1)).toBe(true);
    expect(deservesAnother(noLink, { attempts: 3, on: ['registration', 'network'] }, 1)).toBe(false);
    expect(deservesAnother(noLink, { attempts: 1, on: [] }, 1)).toBe(false);
  });

  it('knows blame from verdict', () => {
    expect(emptyJack).toMatchObject({ verdict: 'error', blame: 'operator' });
    expect(deservesAnother(emptyJack, onPhone, 1)).toBe(false);
    expect(deservesAnother(emptyJack, { attempts: 2, on: ['operator'] }, 1)).toBe(true);
  });

  it.each([
    ['a good phone', good],
    ['a safety trip', shorted],
    ['an interruption', stopped],
    ['a recording that failed', unrecorded],
  ])('is never made after %s', (_, record) => {
    const everything = {
      attempts: 10,
      on: ['phone', 'power', 'boot', 'bench', 'operator', 'config', 'network'],
    } as const;
    expect(deservesAnother(record, everything, 1)).toBe(false);
  });
});

describe('what a record says of its attempt', () => {
  it('is nothing where the plan gives one', () => {
    expect(attemptNote('r', { attempts: 1, on: [] }, [])).toBeUndefined();
    expect(lateOn(good)).toBeNull();
  });

  it('links all of them to the first', () => {
    expect(attemptNote('run-1', onPhone, [])).toEqual({ number: 1, of: 3, first: 'run-1', earlier: [] });
    const second = recordOf(story.toEnd, 'run-2');
    expect(attemptNote('run-3', onPhone, [noLink, second])).toEqual({
      number: 3,
      of: 3,
      first: 'run-1',
      earlier: [
        { runId: 'run-1', verdict: 'fail', blame: null, cause: noLink.cause },
        { runId: 'run-2', verdict: 'pass', blame: null, cause: second.cause },
      ],
    });
  });

  it('makes a late pass a class of its own', () => {
    const attempt = { number: 3, of: 3, first: 'run-1', earlier: [] };
    expect(lateOn({ ...good, attempt })).toBe(3);
    expect(lateOn({ ...good, attempt: { ...attempt, number: 1 } })).toBeNull();
    expect(lateOn({ ...noLink, attempt })).toBeNull();
  });
});
