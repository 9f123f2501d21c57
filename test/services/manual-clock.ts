import type { Alarm, Clock } from '../../src/timeline/clock.js';

interface Pending {
  dueUs: number;
  readonly periodMs: number | null;
  readonly callback: () => void;
}

const microsecondsPerMillisecond = 1000;

/** Time that moves only when told to. */
export class ManualClock implements Clock {
  #nowUs = 1_000_000;
  readonly #pending = new Set<Pending>();

  nowUs = (): number => this.#nowUs;
  wallClock = (): Date => new Date(Date.UTC(2026, 5, 4, 16, 37, 17));
  alarm = (delayMs: number, callback: () => void): Alarm => this.#add(delayMs, null, callback);
  every = (periodMs: number, callback: () => void): Alarm => this.#add(periodMs, periodMs, callback);

  get pending(): number {
    return this.#pending.size;
  }

  /** Runs what falls due on the way, in order. */
  advance(byMs: number): void {
    const endUs = this.#nowUs + byMs * microsecondsPerMillisecond;
    for (;;) {
      const [next] = [...this.#pending].filter((each) => each.dueUs <= endUs).sort((a, b) => a.dueUs - b.dueUs);
      if (next === undefined) break;
      this.#nowUs = Math.max(this.#nowUs, next.dueUs);
      if (next.periodMs === null) this.#pending.delete(next);
      else next.dueUs += next.periodMs * microsecondsPerMillisecond;
      next.callback();
    }
    this.#nowUs = endUs;
  }

  #add(delayMs: number, periodMs: number | null, callback: () => void): Alarm {
    const dueUs = this.#nowUs + Math.max(0, delayMs) * microsecondsPerMillisecond;
    const entry: Pending = { dueUs, periodMs, callback };
    this.#pending.add(entry);
    return { cancel: () => this.#pending.delete(entry) };
  }
}
