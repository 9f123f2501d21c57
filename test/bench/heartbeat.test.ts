import { expect, test } from 'vitest';
import { startHeartbeat } from '../../src/bench/heartbeat.js';
import type { Injector } from '../../src/board/injector.js';
import type { Clock } from '../../src/timeline/clock.js';

/** Time that passes only when it is told to; whole milliseconds. */
const createHandClock = () => {
  let nowMs = 0;
  const periodic = new Set<{ readonly periodMs: number; nextMs: number; callback(): void }>();
  const clock: Pick<Clock, 'every'> = {
    every: (periodMs, callback) => {
      const entry = { periodMs, nextMs: nowMs + periodMs, callback };
      periodic.add(entry);
      return { cancel: () => void periodic.delete(entry) };
    },
  };
  const pass = (milliseconds: number) => {
    for (const endMs = nowMs + milliseconds; nowMs < endMs; ) {
      nowMs += 1;
      for (const entry of [...periodic].filter(({ nextMs }) => nextMs === nowMs)) {
        entry.nextMs += entry.periodMs;
        if (periodic.has(entry)) entry.callback();
      }
    }
  };
  return { clock: clock as Clock, pass, now: () => nowMs };
};

test('the first heartbeat leaves when the board can be answered, the others every 100 ms, none after the end', async () => {
  const { clock, pass, now } = createHandClock();
  const sentAt: number[] = [];
  let canAnswer = false;
  const board: Pick<Injector, 'heartbeat'> = {
    heartbeat: () => {
      if (canAnswer) sentAt.push(now());
      return canAnswer;
    },
  };
  const heartbeat = startHeartbeat(board as Injector, clock);
  let begun = false;
  void heartbeat.begun.then(() => {
    begun = true;
  });
  pass(55);
  await Promise.resolve();
  expect([sentAt, begun]).toEqual([[], false]);
  canAnswer = true;
  pass(300);
  await heartbeat.begun;
  expect(sentAt).toEqual([60, 160, 260]);
  // A board that is gone is not tried in between.
  canAnswer = false;
  pass(100);
  canAnswer = true;
  pass(100);
  expect(sentAt).toEqual([60, 160, 260, 460]);
  heartbeat.cancel();
  pass(500);
  expect(sentAt).toHaveLength(4);
});
