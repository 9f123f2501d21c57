/**
 * What the operator's answers say of the phone: beside the six stages, because no stage should be as slow as a person. Asked
 * one after another once every stage is decided, while the phone is powered. Pure, like the judges.
 */
import type { Blame } from '../errors.js';
import type { Plan } from '../plan/plan.js';
import type { Answer, PromptPlan } from '../plan/prompts.js';
import type { AnswerSource, FactOf, TimelineEvent } from '../timeline/events.js';
import { type Finding, phoneFails, wentWrong } from './finding.js';
import type { StageVerdict } from './judge.js';

export interface PromptResult {
  readonly id: string;
  /** In English. */
  readonly question: string;
  /** `skipped`: nobody was asked in this run (its plan had no such question, or there was no bench). */
  readonly verdict: Exclude<StageVerdict, 'marginal'>;
  readonly blame: Blame | null;
  readonly cause: string;
  readonly nextAction: string;
  readonly evidence: readonly number[];
  readonly answer: Answer | null;
  /** Who answered, and where; null: nobody did. */
  readonly by: string | null;
  readonly where: AnswerSource | null;
  /** us since run start. */
  readonly askedAtUs: number | null;
  readonly answeredAtUs: number | null;
}

interface PromptState {
  readonly prompt: PromptPlan;
  readonly asked: { readonly seq: number; readonly atUs: number } | null;
  readonly given: (FactOf<'prompt-answer'> & { readonly atUs: number }) | null;
  /** null: passed where it was answered. */
  readonly finding: Finding | null;
  /** Why the run ended before anybody answered. */
  readonly cut: string | null;
  readonly evidence: readonly number[];
}

export interface PromptsState {
  readonly prompts: readonly PromptState[];
  readonly hasEnded: boolean;
}

export const startPrompts = ({ prompts }: Plan): PromptsState => ({
  prompts: prompts.map((prompt) => ({ prompt, asked: null, given: null, finding: null, cut: null, evidence: [] })),
  hasEnded: false,
});

const isSettled = ({ given, finding, cut }: PromptState): boolean => given !== null || finding !== null || cut !== null;
const isOpen = (state: PromptState): boolean => state.asked !== null && !isSettled(state);
const deadlineOf = ({ asked, prompt }: PromptState): number => (asked?.atUs ?? 0) + prompt.timeoutMs * 1000;

const quoted = ({ question }: PromptPlan): string => `“${question.en}”`;

/** `answered no by Kim`. */
const whoSaid = ({ by, answer, where }: FactOf<'prompt-answer'>): string =>
  `answered ${answer} ${where === 'command line' ? 'beforehand' : `by ${by}`}`;

const wrongAnswer = (prompt: PromptPlan, given: FactOf<'prompt-answer'>): Finding => {
  const cause = `${quoted(prompt)} was ${whoSaid(given)}.`;
  return prompt.blame === 'phone'
    ? phoneFails(cause, 'Look at the phone once more; if the answer stands, it is faulty.')
    : wentWrong(prompt.blame, cause, 'Set right what the question asks for, then test the phone again.');
};
const unanswered = (prompt: PromptPlan): Finding =>
  wentWrong(
    'operator',
    `Nobody answered ${quoted(prompt)} within ${prompt.timeoutMs / 1000} s: the phone is not judged.`,
    'Test the phone again and answer in time, or give more time in the plan (prompts, timeout).',
  );
const nobodyThere = (prompt: PromptPlan): Finding =>
  wentWrong(
    'operator',
    `Nobody could be asked ${quoted(prompt)}: there is neither a terminal nor the station’s page.`,
    `Run it from a terminal or through a station with --http, or answer beforehand: --answer ${prompt.id}=${prompt.expected}.`,
  );
const cutShort = (prompt: PromptPlan, by: string): Finding =>
  wentWrong('operator', `The run ended before anybody answered ${quoted(prompt)} (${by}).`, 'Test the phone again.');

const concluded = (state: PromptState, finding: Finding | null, { seq, fact }: TimelineEvent): PromptState => ({
  ...state,
  finding,
  evidence: fact.kind === 'time' ? state.evidence : [...state.evidence, seq],
});

const nextOne = (state: PromptState, event: TimelineEvent): PromptState => {
  const { prompt } = state;
  const { fact, seq, atUs } = event;
  if (fact.kind === 'prompt' && fact.id === prompt.id && state.asked === null) {
    const asked = { ...state, asked: { seq, atUs }, evidence: [seq] };
    return fact.isAnswerable ? asked : { ...asked, finding: nobodyThere(prompt) };
  }
  if (!isOpen(state)) return state;
  switch (fact.kind) {
    case 'time':
      return atUs < deadlineOf(state) ? state : concluded(state, unanswered(prompt), event);
    case 'prompt-answer': {
      if (fact.id !== prompt.id) return state;
      const finding = fact.answer === prompt.expected ? null : wrongAnswer(prompt, fact);
      return { ...concluded(state, finding, event), given: { ...fact, atUs } };
    }
    case 'interrupted':
      return { ...concluded(state, null, event), cut: fact.by };
    case 'end':
      return { ...concluded(state, null, event), cut: fact.reason };
    default:
      return state;
  }
};

export const nextPrompts = (state: PromptsState, event: TimelineEvent): PromptsState => ({
  prompts: state.prompts.map((one) => nextOne(one, event)),
  hasEnded: state.hasEnded || event.fact.kind === 'end',
});

/** us since run start at which a `time` event is wanted; null: none. */
export const promptsDeadlineUs = ({ prompts }: PromptsState): number | null => {
  const open = prompts.find(isOpen);
  return open === undefined ? null : deadlineOf(open);
};

/** The question to be asked now, where every stage is decided well; null: one is open, one went wrong, or all were asked. */
export const duePrompt = ({ prompts }: PromptsState): PromptPlan | null => {
  if (prompts.some(({ finding }) => finding !== null)) return null;
  const first = prompts.find((state) => !isSettled(state));
  return first === undefined || first.asked !== null ? null : first.prompt;
};

export const openPrompt = ({ prompts }: PromptsState): PromptPlan | null => prompts.find(isOpen)?.prompt ?? null;

export const arePromptsSettled = ({ prompts }: PromptsState): boolean => prompts.every(isSettled);

/** `badStage`: the one that ended the run; null: every stage that was decided went well. */
export const promptResults = (
  { prompts, hasEnded }: PromptsState,
  badStage: string | null,
): readonly PromptResult[] => {
  const isWrong = prompts.some(({ finding }) => finding !== null);
  return prompts.map((state) => {
    const { prompt, asked, given, finding, cut, evidence } = state;
    const words = (verdict: PromptResult['verdict'], cause: string) => ({
      verdict,
      cause,
      nextAction: '',
      blame: null,
    });
    const outcome = (): Pick<PromptResult, 'verdict' | 'blame' | 'cause' | 'nextAction'> => {
      if (finding !== null) return finding;
      if (given !== null) return words('pass', `It was ${whoSaid(given)}.`);
      if (badStage !== null) return words('not-reached', `Not reached: stage ${badStage} ended the run.`);
      if (cut !== null) return cutShort(prompt, cut);
      if (isWrong) return words('not-reached', 'Not reached: an answer before it ended the run.');
      return hasEnded
        ? words('skipped', 'Nobody was asked in this run.')
        : words('not-reached', asked === null ? 'Not asked yet.' : 'Not answered yet.');
    };
    return {
      id: prompt.id,
      question: prompt.question.en,
      ...pick(outcome()),
      evidence,
      answer: given?.answer ?? null,
      by: given?.by ?? null,
      where: given?.where ?? null,
      askedAtUs: asked?.atUs ?? null,
      answeredAtUs: given?.atUs ?? null,
    };
  });
};

const pick = ({
  verdict,
  blame,
  cause,
  nextAction,
}: Pick<PromptResult, 'verdict' | 'blame' | 'cause' | 'nextAction'>) => ({
  ...{ verdict, blame, cause, nextAction },
});
