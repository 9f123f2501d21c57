/**
 * Runs simulated time against the wall clock. When the process is late it drops time (it slips) and never hurries to
 * make up for more than a little, and never faster than 1.1 times real time: on a loaded machine the simulated clock
 * slows, so the heartbeats of a healthy host never look late to the firmware.
 */
import type { Alarm, Clock } from '../timeline/clock.js';

export interface PacingLimits {
  readonly sliceUs: number;
  /** More than this between two slices is a stall: the rest is dropped at once. */
  readonly stallUs: number;
  /** How much may wait to be made up for. */
  readonly debtUs: number;
  readonly fastest: number;
}

export const pacingLimits: PacingLimits = { sliceUs: 2000, stallUs: 20_000, debtUs: 20_000, fastest: 1.1 };

/** Of a board that runs no instructions: its own moments are exact whatever the slice, only the serial line waits for it. */
export const modelledPacing: PacingLimits = { ...pacingLimits, sliceUs: 5000 };

/** Decides how far to run; pure, in microseconds. */
export interface Pace {
  /** How much simulated time to run after `elapsedUs` of wall time. */
  next(elapsedUs: number): number;
  readonly slipUs: number;
  readonly worstLagUs: number;
  readonly wallUs: number;
  readonly simulatedUs: number;
}

export const createPace = (limits: PacingLimits = pacingLimits): Pace => {
  let debtUs = 0;
  let slipUs = 0;
  let worstLagUs = 0;
  let wallUs = 0;
  let simulatedUs = 0;
  return {
    next: (elapsedUs) => {
      wallUs += elapsedUs;
      worstLagUs = Math.max(worstLagUs, elapsedUs + debtUs);
      const counted = Math.min(elapsedUs, limits.stallUs);
      const run = Math.min(counted * limits.fastest, counted + debtUs, limits.stallUs);
      const owed = elapsedUs + debtUs - run;
      const stalled = elapsedUs > limits.stallUs;
      debtUs = stalled ? 0 : Math.min(owed, limits.debtUs);
      slipUs += owed - debtUs;
      simulatedUs += run;
      return run;
    },
    get slipUs() {
      return slipUs;
    },
    get worstLagUs() {
      return worstLagUs;
    },
    get wallUs() {
      return wallUs;
    },
    get simulatedUs() {
      return simulatedUs;
    },
  };
};

/** Calls `run` with simulated microseconds, slice after slice, yielding to the event loop in between, until cancelled. */
export const startPacing = (
  clock: Clock,
  run: (simulatedUs: number) => void,
  pace: Pace = createPace(),
  limits: PacingLimits = pacingLimits,
): Alarm => {
  let last = clock.nowUs();
  let alarm: Alarm;
  const slice = () => {
    alarm = clock.alarm(limits.sliceUs / 1000, slice);
    const now = clock.nowUs();
    const elapsed = now - last;
    last = now;
    run(pace.next(elapsed));
  };
  alarm = clock.alarm(limits.sliceUs / 1000, slice);
  return { cancel: () => alarm.cancel() };
};
