/**
 * Many stored runs judged again, in processes of the lowest priority beside whatever this machine does: one fewer than it
 * has cores. Processes and not threads, because a thread's garbage collector and compiler run in helper threads of the
 * process at its own priority, and because the kernel weighs a session (autogroup) before the threads in it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { BenchError } from '../errors.js';
import { createTimelineJudge } from './judge-case.js';
import { judgeAll, type WorkerReply, type WorkerRequest } from './judge-worker.js';

export interface RejudgeParts {
  readonly folders: readonly string[];
  readonly plan: string | undefined;
  readonly strict: boolean;
  readonly json: boolean;
  /** This program's `judge-worker`. */
  readonly command: readonly [string, ...string[]];
  readonly signal: AbortSignal;
  /** In the order of `folders`, as soon as all before are there. */
  onResult(result: WorkerReply[number], done: number): void;
}

/** So few are not worth a process. */
const fewRuns = 16;
const batchRuns = 10;

/** Throws BenchError PLAN_*, or INTERNAL where a worker died. A run that cannot be read is a result. */
export const rejudge = async (parts: RejudgeParts): Promise<void> => {
  const { folders, plan, strict, json } = parts;
  // Also for many: what is wrong with the plan is said here, once.
  const judgeTimeline = createTimelineJudge(plan);
  if (folders.length <= fewRuns) {
    for (const [index, result] of judgeAll(folders, judgeTimeline, { strict, json }).entries())
      parts.onResult(result, index + 1);
    return;
  }
  const batches = Array.from({ length: Math.ceil(folders.length / batchRuns) }, (_, index) =>
    folders.slice(index * batchRuns, (index + 1) * batchRuns),
  );
  const replies = new Map<number, WorkerReply>();
  let next = 0;
  let told = 0;
  let done = 0;
  const tellInOrder = () => {
    for (let reply = replies.get(told); reply !== undefined; reply = replies.get(told)) {
      replies.delete(told);
      told += 1;
      for (const result of reply) {
        done += 1;
        parts.onResult(result, done);
      }
    }
  };
  const work = (child: ChildProcess) =>
    new Promise<void>((resolve, reject) => {
      let batch = -1;
      const say = (request: WorkerRequest) => child.send(request, () => {});
      const askNext = () => {
        batch = next;
        next += 1;
        if (batch >= batches.length) {
          child.disconnect();
          return resolve();
        }
        say({ kind: 'judge', folders: batches[batch] ?? [] });
      };
      child.on('error', reject);
      child.on('exit', (code, signal) =>
        reject(new BenchError('INTERNAL', `a worker ended with ${signal ?? code} before its runs were judged`)),
      );
      child.on('message', (reply: WorkerReply) => {
        replies.set(batch, reply);
        tellInOrder();
        askNext();
      });
      say({ kind: 'begin', plan: plan ?? null, strict, json });
      askNext();
    });

  const [program, ...words] = parts.command;
  const count = Math.min(Math.max(1, availableParallelism() - 1), batches.length);
  const children = Array.from({ length: count }, () =>
    spawn(program, words, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], detached: true }),
  );
  const stop = () => {
    for (const child of children) child.kill('SIGKILL');
  };
  parts.signal.addEventListener('abort', stop, { once: true });
  try {
    await Promise.all(children.map(work));
  } catch (error) {
    // Stopped on purpose: what was judged is told.
    if (!parts.signal.aborted) throw error;
  } finally {
    parts.signal.removeEventListener('abort', stop);
    stop();
  }
};
