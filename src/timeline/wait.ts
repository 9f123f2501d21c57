import { BenchError, type ErrorCode } from '../errors.js';
import type { Clock } from './clock.js';

/** The one way to sleep. */
export const sleep = (clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      alarm.cancel();
      reject(signal?.reason);
    };
    const alarm = clock.alarm(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });

export interface Expectation<T> {
  readonly promise: Promise<T>;
  /** Fulfils the expectation; later calls are ignored. */
  met(value: T): void;
  failed(reason: unknown): void;
}

/**
 * The one way to wait for something with a limit: create it before the request is sent. On time-out it rejects
 * with a BenchError of `code`.
 */
export const expectWithin = <T>(clock: Clock, timeoutMs: number, code: ErrorCode, detail: string): Expectation<T> => {
  const overdue = new BenchError(code, `${detail} (waited ${timeoutMs} ms)`);
  let settle: { resolve: (value: T) => void; reject: (reason: unknown) => void } | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  promise.catch(() => {});
  const alarm = clock.alarm(timeoutMs, () => settle?.reject(overdue));
  return {
    promise,
    met: (value) => {
      alarm.cancel();
      settle?.resolve(value);
    },
    failed: (reason) => {
      alarm.cancel();
      settle?.reject(reason);
    },
  };
};
