import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe } from 'vitest';

/**
 * What a test needs from outside the project. Where it is missing the suite is skipped with the reason in its name;
 * under LINKPULSE_STRICT=1 it runs and fails.
 */
const strict = process.env.LINKPULSE_STRICT === '1';

const describeWhere = (present: boolean, reason: string) => (name: string, suite: () => void) =>
  present || strict ? describe(name, suite) : describe.skip(`${name} (skipped: ${reason})`, suite);

const hasTshark = (): boolean => {
  try {
    execFileSync('tshark', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

export const describeWithTshark = describeWhere(hasTshark(), 'tshark is not installed');

export const capturesFolder = resolve(process.env.LINKPULSE_SHARED ?? '../shared', 'captures');
export const describeWithCaptures = describeWhere(existsSync(capturesFolder), 'no captures under LINKPULSE_SHARED');

/** Runs tshark on a file; its warning about being root goes nowhere. */
export const tshark = (...args: string[]): string =>
  execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 2 ** 28 });
