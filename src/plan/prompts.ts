/** What the operator is asked while the phone is registered and powered: the part `prompts` of a plan. */
import { resolve } from 'node:path';
import { z } from 'zod';
import type { Blame } from '../errors.js';
import { field, line, oneOf, quantity, text } from './fields.js';
import { didYouMean } from './suggestion.js';

/** Those of the page (src/station/web/texts). */
export const promptLanguages = ['en', 'de', 'es', 'zh'] as const;
export type PromptLanguage = (typeof promptLanguages)[number];
/** English is always there; whoever speaks another language is shown English where its text is missing. */
export type Question = { readonly en: string } & Readonly<Partial<Record<PromptLanguage, string>>>;

export const answers = ['yes', 'no'] as const;
export type Answer = (typeof answers)[number];

/** Of our own (src/station/web/pictures). */
export const drawnPictures = ['display-clock', 'message-lamp', 'handset', 'keypad'] as const;
export type DrawnPicture = (typeof drawnPictures)[number];

export type PromptPicture =
  | { readonly kind: 'drawn'; readonly name: DrawnPicture }
  /** Absolute. */
  | { readonly kind: 'file'; readonly path: string };

export interface PromptPlan {
  readonly id: string;
  readonly question: Question;
  readonly picture: PromptPicture | null;
  readonly expected: Answer;
  readonly timeoutMs: number;
  /** Of the other answer; `phone`: the run fails. */
  readonly blame: Blame | 'phone';
}

const longestQuestion = 120;
const mostPrompts = 8;
const usualTimeoutMs = 60_000;

const question = z.strictObject({
  en: line(longestQuestion),
  de: line(longestQuestion).optional(),
  es: line(longestQuestion).optional(),
  zh: line(longestQuestion).optional(),
} satisfies Record<PromptLanguage, z.ZodType>);

/** `directory`: of the plan file; a relative path starts there. */
const picture = (directory: string) =>
  field<PromptPicture>(
    (input) => {
      const drawn = drawnPictures.find((name) => name === input);
      if (drawn !== undefined) return { value: { kind: 'drawn', name: drawn } };
      if (typeof input === 'string' && /^[^\p{Cc}]{1,250}\.(?:png|jpe?g|svg)$/iu.test(input))
        return { value: { kind: 'file', path: resolve(directory, input) } };
      const hint = typeof input === 'string' ? didYouMean(input, drawnPictures) : '';
      return { problem: `must be a .png, .jpg or .svg file, or one of ${drawnPictures.join(', ')}${hint}` };
    },
    { type: 'string', description: `a .png, .jpg or .svg file, or one of ${drawnPictures.join(', ')}` },
  );

export const promptsSection = (directory: string) =>
  z
    .array(
      z
        .strictObject({
          id: text(/^[a-z][a-z0-9-]{0,31}$/, 'lower-case letters, digits and dashes'),
          question,
          picture: picture(directory).optional(),
          expected: oneOf(answers).default('yes'),
          timeout: quantity('ms', 1000, 600_000).default(usualTimeoutMs),
          blame: oneOf(['phone', 'power', 'network', 'config', 'bench', 'operator']).default('phone'),
        })
        .transform(
          (section): PromptPlan => ({
            id: section.id,
            question: Object.fromEntries(
              Object.entries(section.question).filter(([, words]) => words !== undefined),
            ) as Question,
            picture: section.picture ?? null,
            expected: section.expected,
            timeoutMs: section.timeout,
            blame: section.blame,
          }),
        ),
    )
    .max(mostPrompts, `takes ${mostPrompts} questions at most`)
    .default([]);
