import { lastSwitchOffSeen, type SwitchOff, type WitnessFact } from '../../src/bench/witness-times.js';

export { cyclesPerMs, readWitness } from '../../src/bench/witness-times.js';

/** The last switch-off; throws when the jack is still powered. */
export const lastSwitchOff = (facts: readonly WitnessFact[]): SwitchOff => {
  const seen = lastSwitchOffSeen(facts);
  if (seen === undefined) throw new Error('the witness saw no complete switch-off');
  return seen;
};
