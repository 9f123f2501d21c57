import type { Blame } from '../errors.js';

/** What a judge found wrong: the row of a stage's table of causes, with this phone's figures filled in. */
export interface Finding {
  readonly verdict: 'fail' | 'error';
  /** null with `fail`: the phone is to blame. */
  readonly blame: Blame | null;
  /** One sentence. */
  readonly cause: string;
  readonly nextAction: string;
}

/** The phone is to blame. */
export const phoneFails = (cause: string, nextAction: string): Finding => ({
  verdict: 'fail',
  blame: null,
  cause,
  nextAction,
});

/** Something else than the phone is to blame. */
export const wentWrong = (blame: Blame, cause: string, nextAction: string): Finding => ({
  verdict: 'error',
  blame,
  cause,
  nextAction,
});
