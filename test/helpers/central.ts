/** `linkpulse central` as its user starts it, on a port of its own. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/timeline/clock.js';
import { sleep } from '../../src/timeline/wait.js';
import { type Invocation, invoke } from './linkpulse.js';

export interface RunningCentral {
  readonly invocation: Invocation;
  /** `http://127.0.0.1:40123`. */
  readonly base: string;
  readonly token: (role: string) => string;
  get(path: string, role?: string): Promise<{ status: number; headers: Headers; text: string; body: never }>;
  close(): Promise<number | null>;
}

export const startCentral = async (given: {
  readonly broker: string;
  readonly database: string;
}): Promise<RunningCentral> => {
  const state = mkdtempSync(join(tmpdir(), 'linkpulse-central-'));
  const words = ['--broker', given.broker, '--database', given.database, '--plant', 'north', '--state', state];
  const invocation = invoke(['central', ...words, '--http', '0', '--host-name', 'plant.example']);
  let base = '';
  for (let tries = 0; tries < 400 && base === '' && invocation.child.exitCode === null; tries += 1) {
    await sleep(systemClock, 25);
    base = /http:\/\/127\.0\.0\.1:\d+/.exec(invocation.stdout())?.[0] ?? '';
  }
  if (base === '') throw new Error(`no page\n${invocation.stdout()}\n${invocation.stderr()}`);
  const { tokens } = JSON.parse(readFileSync(join(state, 'tokens.json'), 'utf8')) as {
    readonly tokens: readonly { readonly role: string; readonly token: string }[];
  };
  const token = (role: string) => tokens.find((each) => each.role === role)?.token ?? role;
  return {
    ...{ invocation, base, token },
    get: async (path, role = 'viewer') => {
      const headers = role === '' ? {} : { authorization: `Bearer ${token(role)}` };
      const response = await fetch(`${base}${path}`, { headers });
      const text = await response.text();
      const body = /^[[{]/.test(text) ? JSON.parse(text) : null;
      return { status: response.status, headers: response.headers, text, body: body as never };
    },
    close: async () => {
      invocation.child.kill('SIGTERM');
      const code = await invocation.exitCode;
      rmSync(state, { recursive: true, force: true });
      return code;
    },
  };
};
