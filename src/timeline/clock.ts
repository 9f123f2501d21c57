/**
 * Time is a port. This is the only file that reads the system's time or sets a timer; everything else is
 * given a `Clock`.
 *
 * `nowUs` is CLOCK_MONOTONIC in whole microseconds (a safe integer for centuries), the time base of
 * everything in a run. Wall clock is only an annotation.
 */
export interface Alarm {
  /** Safe to call at any time, any number of times; the callback never runs after it. */
  cancel(): void;
}

export interface Clock {
  nowUs(): number;
  wallClock(): Date;
  /** Runs `callback` once, not before `delayMs` from now; a delay <= 0 runs it in the next turn of the loop. */
  alarm(delayMs: number, callback: () => void): Alarm;
  /** Runs `callback` every `periodMs` until cancelled; late runs are not made up for. */
  every(periodMs: number, callback: () => void): Alarm;
}

export const systemClock: Clock = {
  nowUs: () => Math.floor(Number(process.hrtime.bigint() / 1000n)),
  wallClock: () => new Date(),
  alarm: (delayMs, callback) => {
    const timer = setTimeout(callback, Math.max(0, delayMs));
    return { cancel: () => clearTimeout(timer) };
  },
  every: (periodMs, callback) => {
    const timer = setInterval(callback, periodMs);
    return { cancel: () => clearInterval(timer) };
  },
};
