/** Asks the operator what the plan wants asked, and takes the answers. */
import { pictureName } from '../plan/prompt-pictures.js';
import type { PromptPlan } from '../plan/prompts.js';
import type { RunTimeline } from './run-timeline.js';
import type { GivenAnswer, RunRequest } from './runner.js';

export interface Prompter {
  /** Puts the question that is due on the timeline; nothing where none is. */
  ask(): void;
  /** False: that question is not open. */
  take(given: GivenAnswer): boolean;
}

export const createPrompter = (parts: {
  readonly runId: string;
  readonly timeline: RunTimeline;
  readonly request: Pick<RunRequest, 'answers' | 'isAttended'>;
}): Prompter => {
  const { runId, timeline, request } = parts;

  const givenBefore = ({ id, expected }: PromptPlan) =>
    request.answers === 'expected' ? expected : request.answers?.[id];

  return {
    ask: () => {
      const prompt = timeline.tribunal.duePrompt();
      if (prompt === null) return;
      const { id, question, picture, timeoutMs } = prompt;
      const answer = givenBefore(prompt);
      timeline.tell({
        kind: 'prompt',
        ...{ id, question, timeoutMs },
        picture: picture === null ? null : pictureName(prompt.id, picture),
        isAnswerable: answer !== undefined || request.isAttended === true,
      });
      if (answer === undefined) return;
      timeline.tell({ kind: 'prompt-answer', id, answer, by: 'local user', where: 'command line' });
    },
    take: (given) => {
      if (given.runId !== runId || given.id !== timeline.tribunal.openPrompt()?.id) return false;
      const { id, answer, by, where } = given;
      timeline.tell({ kind: 'prompt-answer', id, answer, by, where });
      return true;
    },
  };
};
