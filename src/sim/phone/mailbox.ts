import type { Lifetime } from './lifetime.js';
import { LifetimeEnded } from './lifetime.js';

/** What fits before the reader comes; more is dropped, as a network card does. */
const capacity = 256;

/** Things that arrive by themselves, taken one by one by straight-line code. One reader at a time. */
export class Mailbox<T> {
  readonly #life: Lifetime;
  readonly #waiting: T[] = [];
  #reader: ((item: T) => void) | undefined;

  constructor(life: Lifetime) {
    this.#life = life;
  }

  push(item: T): void {
    if (this.#reader !== undefined) this.#reader(item);
    else if (this.#waiting.length < capacity) this.#waiting.push(item);
  }

  /** The next item, or undefined when none came within `timeoutMs`. Rejects with LifetimeEnded. */
  next(timeoutMs: number): Promise<T | undefined> {
    if (this.#life.ended) return Promise.reject(new LifetimeEnded());
    const first = this.#waiting.shift();
    if (first !== undefined) return Promise.resolve(first);
    return new Promise((resolve, reject) => {
      const settle = (item: T | undefined) => {
        this.#reader = undefined;
        forget();
        alarm.cancel();
        resolve(item);
      };
      const forget = this.#life.onEnd(() => {
        this.#reader = undefined;
        reject(new LifetimeEnded());
      });
      const alarm = this.#life.alarm(timeoutMs, () => settle(undefined));
      this.#reader = settle;
    });
  }

  /** The first item that `pick` turns into something, within `timeoutMs` altogether; others are dropped. */
  async first<R>(timeoutMs: number, pick: (item: T) => R | undefined): Promise<R | undefined> {
    const deadlineUs = this.#life.clock.nowUs() + timeoutMs * 1000;
    for (;;) {
      const leftMs = (deadlineUs - this.#life.clock.nowUs()) / 1000;
      if (leftMs <= 0) return undefined;
      const item = await this.next(leftMs);
      if (item === undefined) return undefined;
      const picked = pick(item);
      if (picked !== undefined) return picked;
    }
  }

  clear(): void {
    this.#waiting.length = 0;
  }
}
