/**
 * Questions about past runs, answered by a process of the lowest priority for each: ten thousand runs take seconds to read,
 * and the station's own loop has heartbeats to send meanwhile. Why processes: docs/decisions.md, 47.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { type Readable, Transform } from 'node:stream';
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
  const waiting = new Set<() => void>();
  let taken = 0;

  const takePlace = async (signal: AbortSignal): Promise<void> => {
    if (taken < mostWorkers) {
      taken += 1;
      return;
    }
    if (waiting.size >= mostWaiting)
      throw new BenchError('RECORDS_BUSY', `${mostWaiting} questions wait for an answer already`);
    await new Promise<void>((resolve, reject) => {
      waiting.add(resolve);
      const leave = () => {
        if (waiting.delete(resolve)) reject(new BenchError('INTERNAL', 'nobody waits for this answer any longer'));
      };
      signal.addEventListener('abort', leave, { once: true });
    });
  };
  const leavePlace = () => {
    const [next] = waiting;
    if (next === undefined) taken -= 1;
    else {
      waiting.delete(next);
      next();
    }
  };

  /** Resolves with what is wrong, if anything, when the worker has ended. */
  const endOf = (worker: ChildProcess): Promise<Error | null> =>
    new Promise((resolve) => {
      let refusal: WorkerRefusal | undefined;
      worker.on('message', (told) => {
        refusal = told as WorkerRefusal;
      });
      worker.on('error', resolve);
      worker.on('exit', (code, killedBy) => {
        if (code === 0) return resolve(null);
        if (refusal === undefined)
          return resolve(
            new BenchError('INTERNAL', `a worker ended with ${killedBy ?? code} before its answer was whole`),
          );
        const { code: told, detail, remedy } = refusal;
        return resolve(new BenchError(told as ErrorCode, detail, { remedy }));
      });
    });

  const answerOf = (worker: ChildProcess, output: Readable, signal: AbortSignal): Promise<Readable> =>
    new Promise((resolve, reject) => {
      const stop = () => worker.kill('SIGKILL');
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
      const end = endOf(worker);
      // Ends only when it is known that nothing is missing.
      const answer = new Transform({
        transform: (chunk, _encoding, done) => done(null, chunk),
        flush: (done) => void end.then((error) => done(error)),
      });
      // Told to whoever reads; before that, by this promise.
      answer.on('error', reject);
      answer.on('close', stop);
      answer.once('readable', () => resolve(answer));
      output.pipe(answer);
      void end.then((error) => {
        signal.removeEventListener('abort', stop);
        workers.delete(worker);
        leavePlace();
        if (error !== null) answer.destroy(error);
      });
    });

  return {
    ask: async (question, signal) => {
      await takePlace(signal);
      const [program, ...words] = command;
      const worker = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'], detached: true });
      workers.add(worker);
      worker.send({ runsDirectory, question } satisfies WorkerOrder, () => {});
      return answerOf(worker, worker.stdout as Readable, signal);
    },
    close: () => {
      for (const worker of workers) worker.kill('SIGKILL');
    },
  };
};
