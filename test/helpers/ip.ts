/** Runs `ip` (package iproute2) and says what it said: what a test looks at is set up by other means than ours. */
import { execFile } from 'node:child_process';
import { BenchError } from '../../src/errors.js';
import { systemPath, toolMissing } from '../../src/os/system-tools.js';

/** Resolves with what `ip` printed. Throws BenchError TOOL_MISSING (iproute2) or NETWORK_FAILED with its words. */
export const runIp = (...words: readonly string[]): Promise<string> => runIpCommands([words]);

/** Several commands in one process; the first that fails ends it. */
export const runIpCommands = (commands: readonly (readonly string[])[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = execFile(
      'ip',
      ['-batch', '-'],
      { env: { ...process.env, PATH: systemPath() } },
      (failure, out, err) => {
        if (failure === null) return resolve(out);
        if ((failure.code as unknown) === 'ENOENT') return reject(toolMissing('ip', 'iproute2'));
        const said = err.trim().split('\n')[0] ?? failure.message;
        const asked = commands.map((words) => words.join(' ')).join('; ');
        reject(new BenchError('NETWORK_FAILED', `ip ${asked}: ${said}`, { cause: failure }));
      },
    );
    child.stdin?.on('error', () => {});
    child.stdin?.end(`${commands.map((words) => words.join(' ')).join('\n')}\n`);
  });
