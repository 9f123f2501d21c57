import { closeSync, openSync } from 'node:fs';
import koffi from 'koffi';
import { checked } from '../../src/os/libc.js';
import { runIp } from './ip.js';

const CLONE_NEWNET = 0x40000000;
const ownNamespace = '/proc/thread-self/ns/net';

const library = koffi.load('libc.so.6');
const unshare = library.func('int unshare(int)');
const setns = library.func('int setns(int, int)');

/**
 * Another network namespace within this process, for the other end of a cable. Sockets and interfaces made inside `within`
 * stay there afterwards; nothing else may be opened meanwhile.
 */
export class SecondNamespace {
  /** There is one main thread: one visit at a time. */
  static #visit: Promise<unknown> = Promise.resolve();
  readonly #home = openSync(ownNamespace, 'r');
  readonly #inside: number;

  constructor() {
    checked('unshare', unshare(CLONE_NEWNET));
    this.#inside = openSync(ownNamespace, 'r');
    checked('setns', setns(this.#home, CLONE_NEWNET));
  }

  within<T>(work: () => Promise<T> | T): Promise<T> {
    const visit = SecondNamespace.#visit.then(async () => {
      checked('setns', setns(this.#inside, CLONE_NEWNET));
      try {
        return await work();
      } finally {
        checked('setns', setns(this.#home, CLONE_NEWNET));
      }
    });
    SecondNamespace.#visit = visit.catch(() => {});
    return visit;
  }

  async takeInterface(name: string): Promise<void> {
    await runIp('link', 'set', 'dev', name, 'netns', `/proc/${process.pid}/fd/${this.#inside}`);
  }

  close(): void {
    closeSync(this.#inside);
    closeSync(this.#home);
  }
}
