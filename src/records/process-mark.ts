import { readFileSync } from 'node:fs';

/** A process that can be told from a later one with the same number, also after a reboot. */
export interface ProcessMark {
  readonly pid: number;
  /** Boot id and start time in ticks (Linux); null where the system does not tell. */
  readonly born: string | null;
}

const startTimeField = 22;

const bornAt = (pid: number): string | null => {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command's name, in brackets, may hold anything; fields are counted behind it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const state = fields[0];
    return state === 'Z' || state === 'X' ? null : `${boot} ${fields[startTimeField - 3]}`;
  } catch {
    return null;
  }
};

export const markOfThisProcess = (): ProcessMark => ({ pid: process.pid, born: bornAt(process.pid) });

export const isAlive = ({ pid, born }: ProcessMark): boolean => {
  if (born !== null) return bornAt(pid) === born;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};
