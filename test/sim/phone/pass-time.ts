import type { ManualClock } from '../../services/manual-clock.js';

/** Moves a manual clock on in steps, with room after each for the code that waits on promises. */
export const passTime = async (clock: ManualClock, byMs: number, stepMs = 1): Promise<void> => {
  for (let passedMs = 0; passedMs < byMs; passedMs += stepMs) {
    clock.advance(Math.min(stepMs, byMs - passedMs));
    await new Promise(setImmediate);
  }
};
