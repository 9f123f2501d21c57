import { type Clock, systemClock } from '../../../src/timeline/clock.js';

/** The system's clock, with a count of the timers that wait. */
export class CountingClock implements Clock {
  readonly #waiting = new Set<object>();

  get waiting(): number {
    return this.#waiting.size;
  }

  nowUs = systemClock.nowUs;
  wallClock = systemClock.wallClock;

  alarm: Clock['alarm'] = (delayMs, callback) => {
    const entry = {};
    const alarm = systemClock.alarm(delayMs, () => {
      this.#waiting.delete(entry);
      callback();
    });
    return this.#counted(entry, alarm);
  };

  every: Clock['every'] = (periodMs, callback) => this.#counted({}, systemClock.every(periodMs, callback));

  #counted(entry: object, alarm: { cancel(): void }): { cancel(): void } {
    this.#waiting.add(entry);
    return {
      cancel: () => {
        this.#waiting.delete(entry);
        alarm.cancel();
      },
    };
  }
}

/** Waits on the system's clock until `met` holds; fails naming `what` after a time no loaded machine should need. */
export const until = async (met: () => boolean, what: string, limitMs = 15_000): Promise<void> => {
  const endUs = systemClock.nowUs() + limitMs * 1000;
  while (!met()) {
    if (systemClock.nowUs() > endUs) throw new Error(`never happened: ${what}`);
    await new Promise<void>((resolve) => {
      systemClock.alarm(2, resolve);
    });
  }
};
