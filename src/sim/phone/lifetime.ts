import type { Alarm, Clock } from '../../timeline/clock.js';

/** What pending work of an ended lifetime is rejected with; nobody needs to report it. */
export class LifetimeEnded extends Error {
  override readonly name = 'LifetimeEnded';
}

/**
 * Everything that must vanish together: timers, sockets, listeners and waiting code. A phone has one per power cycle,
 * with smaller ones inside (an address, a connection). Power may go at any moment, so nothing in this folder sets a
 * timer or opens a socket outside a lifetime.
 */
export class Lifetime {
  readonly clock: Clock;
  #cleanups: Set<() => void> | undefined = new Set();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  get ended(): boolean {
    return this.#cleanups === undefined;
  }

  /** Runs `cleanup` once when the lifetime ends, at once if it has. Returns how to take it back. */
  onEnd(cleanup: () => void): () => void {
    const cleanups = this.#cleanups;
    if (cleanups === undefined) {
      cleanup();
      return () => {};
    }
    // One closure per call, so that the same function may be given twice.
    const entry = () => cleanup();
    cleanups.add(entry);
    return () => {
      cleanups.delete(entry);
    };
  }

  end(): void {
    const cleanups = this.#cleanups;
    if (cleanups === undefined) return;
    this.#cleanups = undefined;
    for (const cleanup of cleanups) cleanup();
  }

  /** A shorter lifetime that ends with this one at the latest. */
  child(): Lifetime {
    const child = new Lifetime(this.clock);
    child.onEnd(this.onEnd(() => child.end()));
    return child;
  }

  alarm(delayMs: number, callback: () => void): Alarm {
    if (this.ended) return { cancel: () => {} };
    const alarm = this.clock.alarm(delayMs, () => {
      forget();
      callback();
    });
    const forget = this.onEnd(() => alarm.cancel());
    return {
      cancel: () => {
        forget();
        alarm.cancel();
      },
    };
  }

  every(periodMs: number, callback: () => void): Alarm {
    if (this.ended) return { cancel: () => {} };
    const alarm = this.clock.every(periodMs, callback);
    const forget = this.onEnd(() => alarm.cancel());
    return {
      cancel: () => {
        forget();
        alarm.cancel();
      },
    };
  }

  /** Rejects with LifetimeEnded when the lifetime ends first. */
  sleep(delayMs: number): Promise<void> {
    if (this.ended) return Promise.reject(new LifetimeEnded());
    return new Promise((resolve, reject) => {
      const forget = this.onEnd(() => {
        alarm.cancel();
        reject(new LifetimeEnded());
      });
      const alarm = this.clock.alarm(delayMs, () => {
        forget();
        resolve();
      });
    });
  }

  /** The promise's outcome, or LifetimeEnded when the lifetime ends first. */
  guard<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const forget = this.onEnd(() => reject(new LifetimeEnded()));
      promise.then(
        (value) => {
          forget();
          resolve(value);
        },
        (error) => {
          forget();
          reject(error);
        },
      );
    });
  }

  /** Starts a task of this lifetime: its end by LifetimeEnded is normal, any other error goes to `onError`. */
  run(task: () => Promise<void>, onError: (error: unknown) => void): void {
    task().catch((error: unknown) => {
      if (!(error instanceof LifetimeEnded)) onError(error);
    });
  }
}
