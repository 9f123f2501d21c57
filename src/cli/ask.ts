/** Asks at the terminal what the plan wants the operator asked, and answers beforehand. */
import { InvalidArgumentError } from 'commander';
import type { Runner, RunRequest, RunWatcher } from '../bench/runner.js';
import { type Answer, answers } from '../plan/prompts.js';
import type { FactOf } from '../timeline/events.js';
import type { Terminal } from './terminal.js';

const answerOf = (text: string): Answer | undefined =>
  answers.find((answer) => text !== '' && answer.startsWith(text.trim().toLowerCase()));

/** `--answer display=yes`, once for each prompt. */
export const readAnswer = (
  text: string,
  before: Readonly<Record<string, Answer>> = {},
): Readonly<Record<string, Answer>> => {
  const [, id, given = ''] = /^([a-z][a-z0-9-]*)=(.+)$/.exec(text) ?? [];
  const answer = answerOf(given);
  if (id === undefined || answer === undefined)
    throw new InvalidArgumentError('the id of a prompt of the plan and its answer, such as display=yes');
  return { ...before, [id]: answer };
};

/** Watches a run for questions and puts them to whoever sits at the terminal. */
export const asking = <Watcher extends RunWatcher>(
  watcher: Watcher,
  parts: { readonly runner: Runner; readonly request: RunRequest; readonly terminal: Terminal },
): Watcher => {
  const { runner, request, terminal } = parts;
  const isGiven = (id: string) => request.answers === 'expected' || request.answers?.[id] !== undefined;
  let runId = '';
  let open: AbortController | undefined;

  const ask = async ({ id, question, timeoutMs }: FactOf<'prompt'>, signal: AbortSignal) => {
    const words = terminal.paint('bold', `  ? ${question.en}`);
    const within = terminal.paint('grey', `(within ${timeoutMs / 1000} s)`);
    for (;;) {
      const text = await terminal.ask(`${words} ${within} [y/n]`, signal);
      if (text === undefined) return;
      const answer = answerOf(text);
      if (answer === undefined) continue;
      await runner.answer(request.port, { runId, id, answer, by: 'local user', where: 'terminal' });
      return;
    }
  };

  return {
    ...watcher,
    started: (run) => {
      runId = run.runId;
      watcher.started(run);
    },
    event: (event, results) => {
      const { fact } = event;
      if (fact.kind === 'prompt-answer' || fact.kind === 'power-off' || fact.kind === 'end') open?.abort();
      watcher.event(event, results);
      if (fact.kind !== 'prompt' || !fact.isAnswerable || isGiven(fact.id)) return;
      open = new AbortController();
      void ask(fact, open.signal);
    },
  };
};
