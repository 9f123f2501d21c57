import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canUnshare, enterPrivateNetwork } from '../../src/os/namespace.js';

const moduleUrl = new URL('../../dist/os/namespace.js', import.meta.url).href;
const script = `
import { readFileSync, readlinkSync } from 'node:fs';
import { enterPrivateNetwork } from ${JSON.stringify(moduleUrl)};
const outcome = enterPrivateNetwork([...process.execArgv, ...process.argv.slice(1)], { ...process.env, OUTER: process.env.OUTER ?? readlinkSync('/proc/self/ns/net') });
process.stdin.on('data', (chunk) => {
  process.stderr.write('complaint');
  console.log(JSON.stringify({
    outcome, pid: process.pid, heard: String(chunk), words: process.argv.slice(2),
    elsewhere: readlinkSync('/proc/self/ns/net') !== process.env.OUTER,
    interfaces: readFileSync('/proc/net/dev', 'utf8').split('\\n').length - 3,
  }));
});
process.stdin.on('end', () => { process.exitCode = 23; });
`;

const permission = (): ReturnType<typeof canUnshare> => {
  try {
    return canUnshare();
  } catch (reason) {
    return { permitted: false, reason: String(reason) };
  }
};

interface Ended {
  readonly pid: number;
  readonly code: number | null;
  readonly signal: string | null;
  readonly out: string;
  readonly err: string;
}

describe('entering a private network', () => {
  const folder = mkdtempSync(join(tmpdir(), 'linkpulse-namespace-'));
  const file = join(folder, 'enter.mjs');
  beforeAll(() => writeFileSync(file, script));
  afterAll(() => rmSync(folder, { recursive: true }));

  const start = (words: readonly string[], env: NodeJS.ProcessEnv = process.env) => {
    const child = spawn(process.execPath, [file, ...words], { env, stdio: 'pipe' });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString();
    });
    const ended = new Promise<Ended>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => resolve({ pid: child.pid ?? 0, code, signal, out, err }));
    });
    return { child, ended, heard: () => out };
  };

  const requireNamespaces = (skip: (reason: string) => void): void => {
    const allowed = permission();
    if (allowed.permitted) return;
    if (process.env.LINKPULSE_STRICT === '1') expect.fail(allowed.reason);
    skip(allowed.reason);
  };

  test('keeps process id, arguments, standard streams and exit code', async (context) => {
    requireNamespaces(context.skip);
    const { child, ended } = start(['first word', '--second']);
    child.stdin.end('hello');
    const { pid, code, out, err } = await ended;
    expect(err).toBe('complaint');
    expect(JSON.parse(out)).toEqual({
      outcome: { kind: 'inside' },
      pid,
      heard: 'hello',
      words: ['first word', '--second'],
      elsewhere: true,
      interfaces: 1,
    });
    expect(code).toBe(23);
  });

  test('a SIGKILL to the process id hits the process inside', async (context) => {
    requireNamespaces(context.skip);
    const { child, ended, heard } = start([]);
    child.stdin.write('hello');
    await expect.poll(heard, { timeout: 10_000 }).toContain('inside');
    child.kill('SIGKILL');
    expect((await ended).signal).toBe('SIGKILL');
  });

  test('a child that inherits the environment does not take itself for being inside', async (context) => {
    requireNamespaces(context.skip);
    const { child, ended } = start([], { ...process.env, LINKPULSE_PRIVATE_NETWORK: '1' });
    child.stdin.end('hello');
    expect(JSON.parse((await ended).out).elsewhere).toBe(true);
  });

  test('where unshare is refused the reason comes back in words', () => {
    const tools = join(folder, 'tools');
    const path = process.env.PATH;
    try {
      mkdirWithTools(tools);
      process.env.PATH = tools;
      expect(enterPrivateNetwork([], {})).toEqual({
        kind: 'forbidden',
        reason: 'network namespaces are not permitted here (unshare: unshare failed: Operation not permitted)',
      });
    } finally {
      process.env.PATH = path;
    }
  });
});

const mkdirWithTools = (folder: string): void => {
  mkdirSync(folder);
  for (const [tool, says] of [
    ['unshare', 'echo "unshare: unshare failed: Operation not permitted" >&2; exit 1'],
  ] as const) {
    writeTool(folder, tool, says);
  }
};

const writeTool = (folder: string, tool: string, body: string): void => {
  const file = join(folder, tool);
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
};
