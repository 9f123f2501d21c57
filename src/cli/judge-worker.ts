/** `judge-worker`: judges stored runs for another `judge`, which started it and talks with it over its channel. */
import { isBenchError } from '../errors.js';
import { type Case, type Change, changesOf, createTimelineJudge, jsonOf } from './judge-case.js';
import type { RegisterVerb } from './verb.js';

/** What the worker is told first, and then again and again. */
export type WorkerRequest =
  | { readonly kind: 'begin'; readonly plan: string | null; readonly strict: boolean; readonly json: boolean }
  | { readonly kind: 'judge'; readonly folders: readonly string[] };

/** A stored run judged again; `text` with `json` alone: the whole case. */
export interface Rejudged {
  readonly source: string;
  readonly before: string;
  readonly verdict: string;
  readonly cause: string;
  readonly exitCode: number;
  readonly changes: readonly Change[];
  readonly text?: string;
}
/** In the order of the request. */
export type WorkerReply = readonly (Rejudged | { readonly folder: string; readonly problem: string })[];

export const rejudgedOf = (one: Case, options: { readonly strict: boolean; readonly json: boolean }): Rejudged => ({
  source: one.source,
  before: one.before?.verdict ?? '',
  verdict: one.judged.run.verdict,
  cause: one.judged.run.cause,
  exitCode: one.judged.exitCode(options),
  changes: changesOf(one),
  ...(options.json ? { text: JSON.stringify(jsonOf(one, options.strict)) } : {}),
});

export const judgeAll = (
  folders: readonly string[],
  judgeTimeline: (folder: string) => Case,
  options: { readonly strict: boolean; readonly json: boolean },
): WorkerReply =>
  folders.map((folder) => {
    try {
      return rejudgedOf(judgeTimeline(folder), options);
    } catch (error) {
      if (!isBenchError(error)) throw error;
      return { folder, problem: `${error.code}: ${error.message}` };
    }
  });

export const registerJudgeWorker: RegisterVerb = (program, { composition }) => {
  program.command('judge-worker', { hidden: true }).action(
    () =>
      new Promise<void>((resolve, reject) => {
        let judgeTimeline: ((folder: string) => Case) | undefined;
        let options = { strict: false, json: false };
        composition.lowerPriority();
        process.on('disconnect', resolve);
        process.on('message', (request: WorkerRequest) => {
          try {
            if (request.kind === 'begin') {
              judgeTimeline = createTimelineJudge(request.plan ?? undefined);
              options = request;
            } else if (judgeTimeline !== undefined)
              process.send?.(judgeAll(request.folders, judgeTimeline, options) satisfies WorkerReply);
          } catch (error) {
            reject(error);
          }
        });
      }),
  );
};
