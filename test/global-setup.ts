import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The simulator and the command line run as processes of their own: build them once before the tests. */
export const setup = (): void => {
  const root = fileURLToPath(new URL('..', import.meta.url));
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' });
};
