import { readdirSync, writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

/**
 * This process takes what others leave of the processor from now on. setpriority(2) on Linux means one thread, so each is
 * named; those to come inherit. Where the kernel weighs sessions first (sched(7), autogroup), this session is lowered too: it
 * should be of this process's own (setsid).
 */
export const lowerPriority = (): void => {
  for (const thread of readdirSync('/proc/self/task')) {
    try {
      setPriority(Number(thread), constants.priority.PRIORITY_LOW);
    } catch {
      // Ended meanwhile.
    }
  }
  try {
    writeFileSync('/proc/self/autogroup', String(constants.priority.PRIORITY_LOW));
  } catch {
    // A kernel without autogroup.
  }
};
