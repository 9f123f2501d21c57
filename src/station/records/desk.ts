/**
 * Questions about past runs, answered by a process of the lowest priority for each: ten thousand runs take seconds to read,
 * and the station's own loop has heartbeats to send meanwhile. Why processes: docs/decisions.md, 47.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { BenchError, type ErrorCode } from '../../errors.js';
import type { RecordsQuestion, WorkerOrder, WorkerRefusal } from './question.js';

export interface RecordsDesk {
  /**
   * The answer as it is written; `signal`: nobody waits for it any longer. Rejects with what the worker says (INDEX_*,
   * RECORD_UNREADABLE, ...), RECORDS_BUSY, or INTERNAL. An answer that breaks off ends its stream with an error.
   */
  ask(question: RecordsQuestion, signal: AbortSignal): Promise<Readable>;
  close(): void;
}

export interface RecordsDeskParts {
  readonly runsDirectory: string;
  /** This program's `records-worker`. */
  readonly command: readonly [string, ...string[]];
}

const mostWorkers = 2;
const mostWaiting = 20;

export const createRecordsDesk = ({ runsDirectory, command }: RecordsDeskParts): RecordsDesk => {
  const workers = new Set<ChildProcess>();
  const waiting: (() => void)[] = [];

  const turn = async (signal: AbortSignal): Promise<void> => {
    if (workers.size < mostWorkers) return;
    if (waiting.length >= mostWaiting)
      throw new BenchError('RECORDS_BUSY', `${mostWaiting} questions wait for an answer already`);
    await new Promise<void>((resolve) => waiting.push(resolve));
    if (signal.aborted) {
      waiting.shift()?.();
      throw new BenchError('INTERNAL', 'nobody waits for this answer any longer');
    }
  };

  const start = (question: RecordsQuestion, signal: AbortSignal): Promise<Readable> => {
    const [program, ...words] = command;
    const worker = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'], detached: true });
    const { stdout } = worker;
    if (stdout === null) throw new BenchError('INTERNAL', 'a worker without an output');
    workers.add(worker);
    const stop = () => worker.kill('SIGKILL');
    signal.addEventListener('abort', stop, { once: true });
    stdout.on('close', stop);
    let refusal: WorkerRefusal | undefined;
    worker.on('message', (told) => {
      refusal = told as WorkerRefusal;
    });
    worker.send({ runsDirectory, question } satisfies WorkerOrder, () => {});
    return new Promise<Readable>((resolve, reject) => {
      stdout.once('readable', () => {
        if (stdout.readableLength > 0) resolve(stdout);
      });
      worker.on('error', reject);
      worker.on('exit', (code, killedBy) => {
        signal.removeEventListener('abort', stop);
        workers.delete(worker);
        waiting.shift()?.();
        if (code === 0) return resolve(stdout);
        const error =
          refusal === undefined
            ? new BenchError('INTERNAL', `a worker ended with ${killedBy ?? code} before its answer was whole`)
            : new BenchError(refusal.code as ErrorCode, refusal.detail, { remedy: refusal.remedy });
        stdout.destroy(error);
        reject(error);
      });
    });
  };

  return {
    ask: async (question, signal) => {
      await turn(signal);
      return start(question, signal);
    },
    close: () => {
      for (const worker of workers) worker.kill('SIGKILL');
    },
  };
};
