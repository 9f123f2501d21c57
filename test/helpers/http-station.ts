import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/timeline/clock.js';
import { sleep } from '../../src/timeline/wait.js';
import { type Bench, type Invocation, invoke } from './linkpulse.js';

export interface HttpStation {
  readonly invocation: Invocation;
  /** `http://127.0.0.1:40123`. */
  readonly base: string;
  readonly token: (role: string) => string;
  /** Lines of audit.ndjson so far. */
  audit(): readonly Record<string, unknown>[];
  stop(): Promise<void>;
}

/** A station with its page and API on a port of its own. */
export const startHttpStation = async (bench: Bench, more: readonly string[] = []): Promise<HttpStation> => {
  const state = join(bench.directory, 'state');
  const words = ['station', '--bench', bench.path, '--socket', bench.socketPath, '--state', state, '--http', '0'];
  const invocation = invoke([...words, ...more]);
  let base = '';
  for (let tries = 0; tries < 600 && base === '' && invocation.child.exitCode === null; tries += 1) {
    await sleep(systemClock, 50);
    base = /https?:\/\/127\.0\.0\.1:\d+/.exec(invocation.stdout())?.[0] ?? '';
  }
  // What it said may still be on its way.
  if (base === '' && invocation.child.exitCode !== null) await invocation.exitCode;
  if (base === '') throw new Error(`no station\n${invocation.stdout()}\n${invocation.stderr()}`);
  const { tokens } = JSON.parse(readFileSync(join(state, 'tokens.json'), 'utf8')) as {
    readonly tokens: readonly { readonly role: string; readonly token: string }[];
  };
  return {
    invocation,
    base,
    token: (role) => tokens.find((token) => token.role === role)?.token ?? role,
    audit: () =>
      readFileSync(join(state, 'audit.ndjson'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    stop: async () => {
      invocation.child.kill('SIGTERM');
      await invocation.exitCode;
    },
  };
};
