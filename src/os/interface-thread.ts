/**
 * Interfaces are made, set and taken away by a thread beside this one (`interface-worker.ts`): the kernel holds whoever asks for up
 * to tens of milliseconds, and here are heartbeats to be sent. One for each network namespace that somebody asks from.
 */
import { Worker } from 'node:worker_threads';
import { BenchError } from '../errors.js';
import type { InterfaceChange, Refusal } from './interface-changes.js';
import { currentNetworkNamespace } from './network-namespace.js';

export type { InterfaceChange } from './interface-changes.js';

export type InterfaceRequest =
  | { readonly kind: 'make'; readonly id: number; readonly changes: readonly InterfaceChange[] }
  | { readonly kind: 'remove'; readonly id: number; readonly names: readonly string[] }
  | { readonly kind: 'close'; readonly descriptor: number };

export interface InterfaceReply {
  readonly id: number;
  readonly refusal: Refusal | undefined;
}

interface Waiting {
  resolve(): void;
  reject(error: BenchError): void;
}

interface Thread {
  readonly worker: Worker;
  readonly waiting: Map<number, Waiting>;
}

/** From sources (tests) the built thread is run: node cannot run TypeScript. */
const entry = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/os/interface-worker.js' : './interface-worker.js',
  import.meta.url,
);

const threads = new Map<string, Thread>();
let lastId = 0;

const start = (namespace: string): Thread => {
  const worker = new Worker(entry);
  const waiting = new Map<number, Waiting>();
  const ended = (cause: unknown) => {
    threads.delete(namespace);
    const error = new BenchError('NETWORK_FAILED', `the thread that sets interfaces ended: ${String(cause)}`, {
      cause,
    });
    for (const one of waiting.values()) one.reject(error);
    waiting.clear();
  };
  worker.on('message', ({ id, refusal }: InterfaceReply) => {
    const one = waiting.get(id);
    waiting.delete(id);
    // Whoever waits holds the process; the thread does not.
    if (waiting.size === 0) worker.unref();
    if (refusal === undefined) one?.resolve();
    else one?.reject(new BenchError(refusal.code, refusal.words));
  });
  worker.on('error', ended);
  worker.on('exit', (code) => ended(`exit ${code}`));
  worker.unref();
  return { worker, waiting };
};

const threadHere = (): Thread => {
  const namespace = currentNetworkNamespace();
  const thread = threads.get(namespace) ?? start(namespace);
  threads.set(namespace, thread);
  return thread;
};

const ask = (request: { readonly changes: readonly InterfaceChange[] } | { readonly names: readonly string[] }) =>
  new Promise<void>((resolve, reject) => {
    const { worker, waiting } = threadHere();
    lastId += 1;
    waiting.set(lastId, { resolve, reject });
    worker.ref();
    worker.postMessage({
      ...request,
      kind: 'changes' in request ? 'make' : 'remove',
      id: lastId,
    } as InterfaceRequest);
  });

/**
 * In this order; the first that is refused ends it, those before it stay. Rejects with BenchError NETWORK_PERMISSION, or
 * NETWORK_FAILED with the system's words.
 */
export const changeInterfaces = (changes: readonly InterfaceChange[]): Promise<void> => ask({ changes });

/** Takes them away, their veth peers too; one that is not there does not matter. Asked for in one turn, all wait once. */
export const removeInterfaces = (names: readonly string[]): Promise<void> => ask({ names });

/**
 * Closes a packet socket behind the caller's back, and soon: close(2) of one waits for the other processors. Whoever hands it over
 * does not use it any more.
 */
export const closeBehind = (descriptor: number): void =>
  threadHere().worker.postMessage({ kind: 'close', descriptor } satisfies InterfaceRequest);
