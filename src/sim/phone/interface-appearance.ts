import { interfaceIndex } from '../../os/interface-control.js';
import type { Clock } from '../../timeline/clock.js';
import { sleep } from '../../timeline/wait.js';

const pollMs = 10;

const exists = (name: string): boolean => {
  try {
    interfaceIndex(name);
    return true;
  } catch {
    return false;
  }
};

/** Resolves once this network namespace has an interface of that name (somebody else puts it there). */
export const appearance = async (name: string, clock: Clock): Promise<void> => {
  while (!exists(name)) await sleep(clock, pollMs);
};
