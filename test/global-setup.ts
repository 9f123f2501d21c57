import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * The simulator and the command line run as processes of their own: build them once before the tests. A type error is
 * reported and left to `npm run typecheck`: it must not hide what the tests of other rooms say.
 */
export const setup = (): void => {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const built = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, encoding: 'utf8' });
  if (built.status !== 0) process.stderr.write(`The build reports errors; tests run on what it emitted.\n`);
};
