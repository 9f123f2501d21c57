import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServedPhone } from '../../src/bench/served-phones.js';
import { setInterfaceUp } from '../../src/os/interface-control.js';
import { systemPath } from '../../src/os/system-tools.js';
import type { Fact, TimelineEvent } from '../../src/timeline/events.js';
import { runIp } from './ip.js';
import { type Invocation, invoke, plansDirectory } from './linkpulse.js';
import { SecondNamespace } from './second-namespace.js';

export const environment = { ...process.env, PATH: systemPath() };

export type ServicesLine =
  | { readonly type: 'started'; readonly interface: string; readonly plan: { readonly name: string } }
  | { readonly type: 'state'; readonly state: string }
  | ({ readonly type: 'event'; readonly phone: string | null } & TimelineEvent)
  | { readonly type: 'summary'; readonly seconds: number; readonly phones: readonly ServedPhone[] };

export interface RunningServices extends Invocation {
  readonly lines: readonly ServicesLine[];
  facts(): readonly Fact[];
  /** Resolves when it is told, rejects when the process ends before. */
  reached(state: string): Promise<void>;
  summary(): readonly ServedPhone[];
}

export interface Said {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A veth pair: `bench` here, for `linkpulse services`; `phone` in a namespace of its own, for a client. */
export interface ServedWire {
  readonly bench: string;
  readonly phone: string;
  readonly far: SecondNamespace;
  readonly directory: string;
  /** A plan of `plans/`, each text replaced, written into the directory. */
  plan(base: string, ...replacements: readonly (readonly [text: string, by: string])[]): string;
  services(...words: readonly string[]): RunningServices;
  /** Starts a program at the phone's end. */
  start(command: string, words: readonly string[]): Promise<ChildProcess>;
  /** Runs a program at the phone's end to its end; killed after `limitMs`. */
  client(command: string, words: readonly string[], limitMs?: number): Promise<Said>;
  close(): Promise<void>;
}

export const openServedWire = async (name: string): Promise<ServedWire> => {
  const [bench, phone] = [`${name}b`, `${name}p`];
  const directory = mkdtempSync(join(tmpdir(), 'linkpulse-wire-'));
  const far = new SecondNamespace();
  const children = new Set<ChildProcess>();
  await runIp('link', 'add', bench, 'type', 'veth', 'peer', 'name', phone);
  await far.takeInterface(phone);
  await far.within(() => {
    setInterfaceUp('lo', true);
    setInterfaceUp(phone, true);
  });

  const start = async (command: string, words: readonly string[]): Promise<ChildProcess> => {
    const child = await far.within(() =>
      spawn(command, words, { env: environment, cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] }),
    );
    children.add(child);
    child.on('exit', () => children.delete(child));
    child.on('error', () => children.delete(child));
    return child;
  };

  return {
    bench,
    phone,
    far,
    directory,
    plan: (base, ...replacements) => {
      let text = readFileSync(join(plansDirectory, base), 'utf8');
      for (const [from, to] of replacements) {
        if (!text.includes(from)) throw new Error(`${base} has no "${from}"`);
        text = text.replaceAll(from, to);
      }
      const path = join(directory, base);
      writeFileSync(path, text);
      return path;
    },
    services: (...words) => {
      const child = runServices(['--interface', bench, ...words]);
      children.add(child.child);
      return child;
    },
    start,
    client: async (command, words, limitMs = 20_000) => {
      const child = await start(command, words);
      const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
      const [stdout, stderr] = [child.stdout, child.stderr].map((stream) => {
        const chunks: Buffer[] = [];
        stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
        return () => Buffer.concat(chunks).toString('utf8');
      });
      const status = await new Promise<number | null>((resolve, reject) => {
        child.on('error', reject);
        child.on('close', (code) => resolve(code));
      });
      clearTimeout(timer);
      return { status, stdout: stdout?.() ?? '', stderr: stderr?.() ?? '' };
    },
    close: async () => {
      for (const child of children) child.kill('SIGKILL');
      await runIp('link', 'delete', 'dev', bench);
      far.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};

const runServices = (words: readonly string[]): RunningServices => {
  const lines: ServicesLine[] = [];
  const waiting = new Set<() => void>();
  const invocation = invoke(['services', '--json', ...words], (text) => {
    lines.push(JSON.parse(text) as ServicesLine);
    for (const look of [...waiting]) look();
  });
  return {
    ...invocation,
    lines,
    facts: () => lines.flatMap((line) => (line.type === 'event' ? [line.fact] : [])),
    reached: (state) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!lines.some((line) => line.type === 'state' && line.state === state)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
        void invocation.exitCode.then((code) =>
          reject(new Error(`ended with ${code} before "${state}"\n${invocation.stderr()}`)),
        );
      }),
    summary: () => lines.flatMap((line) => (line.type === 'summary' ? line.phones : [])),
  };
};
