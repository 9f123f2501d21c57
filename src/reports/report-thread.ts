/**
 * Reports made in a thread of their own: one takes 20 ms or more, and in a daemon the other ports' heartbeats must not wait for
 * it. `report-worker.ts` is the thread.
 */
import { Worker } from 'node:worker_threads';
import { BenchError, type ErrorCode } from '../errors.js';
import type { StoredRun } from './make-report.js';

/** The folder of a run whose record stands. */
export interface ReportRequest {
  readonly id: number;
  readonly folder: string;
}
export type ReportReply =
  | { readonly id: number; readonly kind: 'written' }
  | { readonly id: number; readonly kind: 'failed'; readonly code: ErrorCode; readonly detail: string };

export interface ReportThread {
  /** Starts the thread already now: the first report need not wait for it. */
  begin(): void;
  /** As `writeReports` does it, one after the other. Throws what it throws, RECORD_FAILED where the thread ended. */
  write(run: Pick<StoredRun, 'folder'>): Promise<void>;
  close(): Promise<void>;
}

interface Waiting {
  resolve(): void;
  reject(error: BenchError): void;
}

/** From sources (tests) the built thread is run: node cannot run TypeScript. */
const entry = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/reports/report-worker.js' : './report-worker.js',
  import.meta.url,
);

export const createReportThread = (): ReportThread => {
  let worker: Worker | undefined;
  let lastId = 0;
  const waiting = new Map<number, Waiting>();

  const ended = (cause: unknown) => {
    worker = undefined;
    const error = new BenchError('RECORD_FAILED', `the thread that makes reports ended: ${String(cause)}`, { cause });
    for (const one of waiting.values()) one.reject(error);
    waiting.clear();
  };
  const start = (): Worker => {
    const started = new Worker(entry);
    started.on('message', (reply: ReportReply) => {
      const one = waiting.get(reply.id);
      waiting.delete(reply.id);
      if (waiting.size === 0) started.unref();
      if (reply.kind === 'written') one?.resolve();
      else one?.reject(new BenchError(reply.code, reply.detail));
    });
    started.on('error', ended);
    started.on('exit', (code) => {
      if (worker === started) ended(`exit ${code}`);
    });
    return started;
  };

  return {
    begin: () => {
      worker ??= start();
      if (waiting.size === 0) worker.unref();
    },
    write: ({ folder }) =>
      new Promise((resolve, reject) => {
        worker ??= start();
        lastId += 1;
        waiting.set(lastId, { resolve, reject });
        // A report that is waited for holds the process, as when a start completes runs that were cut; an idle thread does not.
        worker.ref();
        worker.postMessage({ id: lastId, folder } satisfies ReportRequest);
      }),
    close: async () => {
      const leaving = worker;
      worker = undefined;
      await leaving?.terminate();
    },
  };
};
