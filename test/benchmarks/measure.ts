/** Commands measured side by side: A B A B in one run, pinned to the same core, medians and ratios printed. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Contestant {
  readonly name: string;
  /** A shell's command line; its output should go to /dev/null or a file. */
  readonly command: string;
}

interface Measured {
  readonly seconds: number;
  /** User and system, of the command and all it waited for. */
  readonly cpuSeconds: number;
  readonly peakMegabytes: number;
}

const core = 1;
const peekMs = 20;

const peakOf = (pid: number): number => {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
};

const childrenOf = (pid: number): number[] => {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
};

const once = ({ name, command }: Contestant): Promise<Measured> =>
  new Promise((resolve, reject) => {
    // The shell's own `time` counts what its children used.
    const timed = `TIMEFORMAT='%R %U %S'; time { ${command}; }`;
    const child = spawn('taskset', ['-c', String(core), 'bash', '-c', timed], { stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (chunk) => {
      errors += String(chunk);
    });
    let peak = 0;
    const peek = setInterval(() => {
      for (const pid of childrenOf(child.pid as number)) peak = Math.max(peak, peakOf(pid));
    }, peekMs);
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(peek);
      if (code !== 0) return reject(new Error(`${name} ended with ${code}: ${errors}`));
      const [seconds = 0, user = 0, system = 0] = (errors.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
      resolve({ seconds, cpuSeconds: user + system, peakMegabytes: peak });
    });
  });

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? Number.NaN) + upper) / 2 : upper;
};

const middle = (runs: readonly Measured[]): Measured => ({
  seconds: median(runs.map(({ seconds }) => seconds)),
  cpuSeconds: median(runs.map(({ cpuSeconds }) => cpuSeconds)),
  peakMegabytes: median(runs.map(({ peakMegabytes }) => peakMegabytes)),
});

/** Runs both in turn, `rounds` times, and prints their medians; the ratio is how many times as fast we are. */
export const compare = async (title: string, us: Contestant, peer: Contestant, rounds: number): Promise<void> => {
  const runs: Record<'us' | 'peer', Measured[]> = { us: [], peer: [] };
  for (let round = 1; round <= rounds; round++) {
    runs.us.push(await once(us));
    runs.peer.push(await once(peer));
    console.log(`  ${title}: round ${round} of ${rounds}`);
  }
  const row = (name: string, { seconds, cpuSeconds, peakMegabytes }: Measured) =>
    `  ${name.padEnd(28)} ${seconds.toFixed(2).padStart(9)} s ${cpuSeconds.toFixed(2).padStart(9)} s CPU ${peakMegabytes.toFixed(0).padStart(7)} MB`;
  const [ours, theirs] = [middle(runs.us), middle(runs.peer)];
  console.log(`${title}, medians of ${rounds}`);
  console.log(row(us.name, ours));
  console.log(row(peer.name, theirs));
  console.log(`  ${us.name} is ${(theirs.seconds / ours.seconds).toFixed(2)} times as fast as ${peer.name}`);
};
