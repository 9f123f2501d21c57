import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exitCode } from '../../src/stages/exit-code.js';
import { stageNames } from '../../src/stages/judge.js';
import { judge, replay } from '../../src/stages/replay.js';
import { createTribunal } from '../../src/stages/tribunal.js';
import type { Fact, TimelineEvent } from '../../src/timeline/events.js';
import { samplePlan } from './sample-plan.js';
import {
  asks,
  boardFault,
  dhcp,
  discovery,
  end,
  ends,
  isMissing,
  linkDown,
  powerOff,
  powerOn,
  probe,
  progress,
  sccp,
  servesConfig,
  tcp,
  timeline,
  toBoot,
  toEnd,
  trustList,
  vlanUsed,
} from './story.js';

/** Everything a run can bring, good and bad, to be told in any order. */
const facts: readonly Fact[] = [
  ...toEnd.map(([, fact]) => fact),
  discovery('nothing'),
  discovery('no-signature'),
  discovery('signature'),
  probe('open'),
  probe('load'),
  probe('low'),
  probe('high', { ohms: 33_000 }),
  probe('signature', { ohms: 24_900, powerClass: 1, classMilliamps: 10.5 }),
  { ...powerOn, method: '802.3af', polarity: '802.3af' },
  boardFault('NOT_FOUND'),
  powerOff('OVERLOAD'),
  powerOff('UNDERLOAD'),
  powerOff('LINK_DEADLINE'),
  boardFault('SWITCH_STUCK'),
  linkDown,
  vlanUsed(null),
  dhcp('NAK'),
  dhcp('DECLINE'),
  asks(trustList),
  progress('x.bin'),
  ends('x.bin'),
  ends('SEP0011BBCCDDEE.cnf.xml', { outcome: 'gaveUp' }),
  isMissing('XMLDefault.cnf.xml'),
  servesConfig('OTHER'),
  tcp('refused'),
  tcp('refused', '10.110.0.12'),
  tcp('closed', '10.9.9.9'),
  sccp('phone', 'Unregister'),
  sccp('bench', 'RegisterReject'),
  { kind: 'own-frame-returned' },
  { kind: 'board-lost', code: 'BOARD_LOST' },
  { kind: 'stored-trip', cause: 'SHORT', switchOffMs: 1, jackSafeMs: 2 },
  { kind: 'interrupted', by: 'SIGINT' },
  { kind: 'bench-fault', code: 'INTERNAL', message: 'x', remedy: 'y', blame: 'z' },
  { kind: 'service', service: 'dhcp', action: 'lease-granted', detail: {} },
  end,
];

/** Steps between events, us: mostly a moment, sometimes longer than every deadline. */
const steps = fc.oneof(fc.integer({ min: 1, max: 500_000 }), fc.integer({ min: 1, max: 40_000_000 }));
const anyStory = fc
  .array(fc.tuple(steps, fc.integer({ min: 0, max: facts.length - 1 })), { maxLength: 80 })
  .map((list) => {
    let atMs = 0;
    return timeline(
      list.map(([stepUs, index]) => {
        atMs += stepUs / 1000;
        return [atMs, facts[index] ?? end] as const;
      }),
    );
  });
/** A good run with a few facts thrown in: comes further than pure chance. */
const disturbedRun = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 11_700 }), fc.integer({ min: 0, max: facts.length - 1 })), { maxLength: 4 })
  .map((list) => timeline([...toEnd, ...list.map(([atMs, index]) => [atMs + 0.5, facts[index] ?? end] as const)]));
const stories = fc.oneof(anyStory, disturbedRun);

/** As the conductor does it: an alarm may come at any time from the deadline on, or an event overtakes it. */
const liveResults = (events: readonly TimelineEvent[], lateUs: readonly number[]) => {
  const tribunal = createTribunal(samplePlan);
  let turn = 0;
  for (const event of events) {
    for (;;) {
      const deadline = tribunal.nextDeadlineUs();
      const alarmAt = deadline === null ? null : deadline + (lateUs[turn++ % lateUs.length] ?? 0);
      if (deadline === null || alarmAt === null || alarmAt >= event.atUs) break;
      tribunal.feed({ seq: 0, atUs: alarmAt, source: 'bench', fact: { kind: 'time' } });
      if (tribunal.nextDeadlineUs() === deadline) throw new Error(`the deadline at ${deadline} does not pass`);
    }
    tribunal.feed(event);
  }
  return tribunal;
};

describe('the six judges', () => {
  it('never throw and always give six results in order', () => {
    fc.assert(
      fc.property(stories, (events) => {
        const { results, run } = judge(samplePlan, events);
        expect(results.map(({ stage }) => stage)).toEqual(stageNames);
        for (const result of results) {
          if (result.verdict === 'error') expect(result.blame).not.toBeNull();
          else expect(result.blame).toBeNull();
          if (result.verdict === 'fail' || result.verdict === 'error') expect(result.nextAction).not.toBe('');
          if (result.endedAtUs !== null) expect(result.endedAtUs).toBeGreaterThanOrEqual(result.beganAtUs ?? 0);
        }
        expect(run.verdict).toBeDefined();
      }),
    );
  });

  it('say the same whether alarms are on time, late or not there at all', () => {
    fc.assert(
      fc.property(
        stories,
        fc.array(fc.integer({ min: 0, max: 3_000_000 }), { minLength: 1, maxLength: 5 }),
        (events, late) => {
          const live = liveResults(events, late);
          expect(live.verdicts()).toEqual(judge(samplePlan, events).results);
        },
      ),
    );
  });

  it('do not change the verdict of a settled stage', () => {
    fc.assert(
      fc.property(stories, (events) => {
        const tribunal = createTribunal(samplePlan);
        const settled = new Map<string, string>();
        for (const event of events) {
          tribunal.feed(event);
          for (const [index, standing] of tribunal.standings().entries()) {
            const result = tribunal.verdicts()[index];
            if (result === undefined || standing !== 'settled') continue;
            expect(settled.get(result.stage) ?? result.verdict).toBe(result.verdict);
            settled.set(result.stage, result.verdict);
          }
        }
      }),
    );
  });

  it('are pure: feeding the same events to the same state twice gives the same result', () => {
    fc.assert(
      fc.property(stories, (events) => {
        const frozen = events.map((event) => Object.freeze({ ...event, fact: Object.freeze({ ...event.fact }) }));
        expect(judge(samplePlan, frozen)).toMatchObject({ results: judge(samplePlan, frozen).results });
      }),
    );
  });

  it('give the exit code that the results and facts give', () => {
    fc.assert(
      fc.property(stories, fc.boolean(), (events, strict) => {
        const judgement = judge(samplePlan, events);
        const facts = events.map(({ fact }) => fact);
        expect(exitCode(judgement.results, facts, { strict })).toBe(judgement.exitCode({ strict }));
      }),
    );
  });
});

describe('deadlines', () => {
  it('fall before an event of the same moment', () => {
    const linkAt = 220 + samplePlan.boot.linkAllowanceMs;
    const late = judge(
      samplePlan,
      timeline([...toBoot.slice(0, -1), [linkAt, { kind: 'link-up' }], [linkAt + 1, end]]),
    );
    expect(late.results[1]).toMatchObject({ verdict: 'fail', endedAtUs: linkAt * 1000 });
    const inTime = judge(
      samplePlan,
      timeline([...toBoot.slice(0, -1), [linkAt - 2000, { kind: 'link-up' }], [linkAt, end]]),
    );
    expect(inTime.results[1]?.verdict).toBe('marginal');
  });

  it('count from the end of the stage before', () => {
    const tribunal = createTribunal(samplePlan);
    for (const event of timeline(toBoot)) tribunal.feed(event);
    expect(tribunal.nextDeadlineUs()).toBe((3220 + samplePlan.deadlines.vlanMs) * 1000);
  });

  it('of undecided stages rest once a stage went wrong', () => {
    const tribunal = createTribunal(samplePlan);
    for (const event of timeline([...toBoot, [4000, powerOff('OVERLOAD')]])) tribunal.feed(event);
    expect(tribunal.nextDeadlineUs()).toBeNull();
    tribunal.advance(100_000_000);
    expect(tribunal.verdicts()[2]?.verdict).toBe('not-reached');
  });
});

describe('a replay', () => {
  /** Stands for the observer: each frame's bytes are the numbers of the facts it shows. */
  const reader = (known: readonly Fact[]) => ({
    frame: ({ bytes }: { readonly bytes: Uint8Array }) => [...bytes].flatMap((index) => known[index] ?? []),
    end: () => [],
  });

  it('gives the results of the live run, event numbers included', () => {
    fc.assert(
      fc.property(stories, (told) => {
        // What the log would hold: alarms as `time` events with numbers of their own, observed facts with their frames.
        const tribunal = createTribunal(samplePlan);
        const stored: TimelineEvent[] = [];
        const append = (event: Omit<TimelineEvent, 'seq'>) => {
          const numbered = { ...event, seq: stored.length + 1 };
          stored.push(numbered);
          tribunal.feed(numbered);
        };
        for (const event of told) {
          const deadline = tribunal.nextDeadlineUs();
          if (deadline !== null && deadline + 1 < event.atUs)
            append({ atUs: deadline + 1, source: 'bench', fact: { kind: 'time' } });
          append(event);
        }
        append({ atUs: (stored.at(-1)?.atUs ?? 0) + 1, source: 'bench', fact: end });

        const observed = stored.filter(({ source }) => source === 'observe').map(({ fact }) => fact);
        let next = 0;
        const frames = stored
          .filter(({ source }) => source === 'observe')
          .map(({ atUs }, index) => ({ bytes: Uint8Array.of(next++), direction: undefined, atUs, number: index + 1 }));
        const again = replay({ plan: samplePlan, events: stored, frames, reader: reader(observed) });
        expect(again.results).toEqual(tribunal.verdicts());
        expect(again.exitCode({ strict: true })).toBe(tribunal.exitCode({ strict: true }));
      }),
    );
  });

  it('does not believe what the log says was observed', () => {
    const stored = timeline(toEnd);
    const blind = replay({ plan: samplePlan, events: stored, frames: [], reader: reader([]) });
    expect(blind.results.map(({ verdict }) => verdict)).toEqual([
      'pass',
      'pass',
      'error',
      'not-reached',
      'not-reached',
      'not-reached',
    ]);
  });

  it('ends a source that does not end', () => {
    const { events } = replay({ plan: samplePlan, events: timeline(toBoot), frames: [], reader: reader([]) });
    expect(events.at(-1)?.fact).toEqual({ kind: 'end', reason: 'the source ended' });
  });
});
