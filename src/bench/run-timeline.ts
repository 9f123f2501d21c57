import type { Capture } from '../network/capture.js';
import type { LinkFrame } from '../network/frame-link.js';
import { createObserver } from '../observe/observer.js';
import type { Plan } from '../plan/plan.js';
import type { StageResult } from '../stages/judge.js';
import { createTribunal, type Tribunal } from '../stages/tribunal.js';
import type { Alarm, Clock } from '../timeline/clock.js';
import type { EventStamp, Fact, FactKind, FactOf, TimelineEvent } from '../timeline/events.js';
import type { TimelineLog } from '../timeline/log.js';

/**
 * The one funnel of a run: every fact and every frame of a port goes through here, onto the timeline, into the capture
 * and before the judges, in one order. One alarm stands for the judges' nearest deadline.
 */
export interface RunTimeline {
  tell(fact: Fact, stamp?: EventStamp): void;
  frame(frame: LinkFrame): void;
  /** Resolves with the first later fact of that kind, or undefined after `timeoutMs`. */
  heard<K extends FactKind>(kind: K, timeoutMs: number): Promise<FactOf<K> | undefined>;
  readonly tribunal: Tribunal;
  /** Tells what is still open on the wire, then `end`; nothing follows. */
  end(reason: string): void;
}

export interface RunTimelineParts {
  readonly plan: Plan;
  readonly log: TimelineLog;
  readonly capture: Capture;
  readonly clock: Clock;
  readonly onEvent: (event: TimelineEvent, results: () => readonly StageResult[]) => void;
  /** Recording failed: the conductor takes power away. Called once. */
  readonly onFailure: (error: unknown) => void;
}

export const createRunTimeline = (parts: RunTimelineParts): RunTimeline => {
  const { plan, log, capture, clock } = parts;
  const tribunal = createTribunal(plan);
  const observer = createObserver();
  const waiters = new Set<{ kind: FactKind; met: (fact: Fact) => void }>();
  let alarm: Alarm | undefined;
  let closed = false;
  let failed = false;

  const guard = (work: () => void) => {
    if (closed) return;
    try {
      work();
    } catch (error) {
      if (!failed) {
        failed = true;
        parts.onFailure(error);
      }
    }
  };

  const setAlarm = () => {
    alarm?.cancel();
    alarm = undefined;
    const deadlineUs = tribunal.nextDeadlineUs();
    if (closed || deadlineUs === null) return;
    alarm = clock.alarm((deadlineUs - log.nowUs()) / 1000 + 1, () =>
      guard(() => {
        admit(log.append({ kind: 'time' }));
      }),
    );
  };

  const admit = (event: TimelineEvent) => {
    tribunal.feed(event);
    for (const waiter of [...waiters]) if (waiter.kind === event.fact.kind) waiter.met(event.fact);
    parts.onEvent(event, () => tribunal.verdicts());
    setAlarm();
  };

  return {
    tribunal,
    tell: (fact, stamp) => guard(() => admit(log.append(fact, stamp === undefined ? {} : { stamp }))),
    frame: (frame) =>
      guard(() => {
        const atUs = log.stampUs(frame.atUs);
        const number = capture.write(frame, atUs);
        const facts = observer.frame({ bytes: frame.bytes, direction: frame.direction, atUs, number });
        for (const fact of facts) admit(log.append(fact, { atUs, stamp: { frame: number } }));
      }),
    heard: (kind, timeoutMs) =>
      new Promise((resolve) => {
        const waiter = {
          kind,
          met: (fact: Fact) => {
            limit.cancel();
            waiters.delete(waiter);
            resolve(fact as FactOf<typeof kind>);
          },
        };
        const limit = clock.alarm(timeoutMs, () => {
          waiters.delete(waiter);
          resolve(undefined);
        });
        waiters.add(waiter);
      }),
    end: (reason) => {
      guard(() => {
        for (const fact of observer.end()) admit(log.append(fact));
        admit(log.append({ kind: 'end', reason }));
      });
      closed = true;
      alarm?.cancel();
    },
  };
};
