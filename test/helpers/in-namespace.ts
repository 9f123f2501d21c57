import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { setInterfaceUp } from '../../src/os/interface-control.js';
import { canUnshare } from '../../src/os/namespace.js';

const mark = 'LINKPULSE_TEST_NAMESPACE';
const root = fileURLToPath(new URL('../..', import.meta.url));
const vitestEntry = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));
const configuration = fileURLToPath(new URL('./in-namespace.config.ts', import.meta.url));
const wholeFileMs = 180_000;

const permission = (): ReturnType<typeof canUnshare> => {
  try {
    return canUnshare();
  } catch (reason) {
    return { permitted: false, reason: String(reason) };
  }
};

const runFileInside = (
  words: readonly [string, ...string[]],
  file: string,
  signal: AbortSignal,
): Promise<{ status: number; said: string }> =>
  new Promise((resolve, reject) => {
    const [command, ...before] = words;
    const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST')));
    const child = spawn(
      command,
      [...before, process.execPath, vitestEntry, 'run', '--config', configuration, '--root', root, file],
      {
        env: { ...environment, [mark]: '1', NO_COLOR: '1' },
        stdio: ['ignore', 'pipe', 'pipe'],
        signal,
      },
    );
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
    }
    child.on('error', reject);
    child.on('close', (code) => resolve({ status: code ?? -1, said }));
  });

/**
 * Tests that make their own interfaces: the file runs itself once more in a private network namespace, where `body` is
 * declared for real. Skipped with the reason where the machine forbids namespaces, unless LINKPULSE_STRICT=1.
 */
export const describeInNamespace = (fileUrl: string, title: string, body: () => void): void => {
  if (process.env[mark] === '1') {
    describe(title, () => {
      beforeAll(() => setInterfaceUp('lo', true));
      body();
    });
    return;
  }
  describe(title, () => {
    test(
      'passes in a private network namespace',
      async (context) => {
        const allowed = permission();
        if (!allowed.permitted) {
          if (process.env.LINKPULSE_STRICT === '1') expect.fail(allowed.reason);
          return context.skip(allowed.reason);
        }
        const { status, said } = await runFileInside(allowed.words, fileURLToPath(fileUrl), context.signal);
        if (status !== 0) expect.fail(said);
        if (process.env.LINKPULSE_SHOW === '1') process.stdout.write(said);
      },
      wholeFileMs,
    );
  });
};
