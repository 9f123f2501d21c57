import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import type { RunStarted } from '../../src/bench/runner.js';
import type { RunRecord } from '../../src/records/record.js';
import { findStation } from '../../src/station/station-client.js';
import { systemClock } from '../../src/timeline/clock.js';
import type { TimelineEvent } from '../../src/timeline/events.js';
import { sleep } from '../../src/timeline/wait.js';
import { closedProblems } from './record-schema.js';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const plansDirectory = join(root, 'plans');
export const quickPlan = join(plansDirectory, 'quick.yaml');
export const changePlan = join(plansDirectory, 'quick-change.yaml');
export const program = join(root, 'dist/main.js');

export interface Bench {
  readonly path: string;
  readonly directory: string;
  readonly runsDirectory: string;
  readonly socketPath: string;
  remove(): void;
}

const phones = {
  prestandard: '{ mac: "00:0f:24:5a:79:60", load: P00308010200, model: CP-7960G }',
  sip: '{ mac: "00:0f:24:5a:79:63", load: SIP41.8-3-3S, model: CP-7961G, power: 802.3af }',
  '802.3af': '{ mac: "00:0f:24:5a:79:61", load: SCCP41.8-3-3S, model: CP-7961G, power: 802.3af }',
};

/** `more`: further lines of the port; `whole`: of the file. */
type MakeBench = (phone?: keyof typeof phones, more?: readonly string[], whole?: readonly string[]) => Bench;

/**
 * A bench file with one simulated port and a runs folder of its own; its board runs the committed image. For tests of power and
 * its safety.
 */
export const makeImageBench: MakeBench = (phone = 'prestandard', more = [], whole = []) => {
  const directory = mkdtempSync(join(tmpdir(), 'linkpulse-e2e-'));
  const path = join(directory, 'bench.yaml');
  writeFileSync(
    path,
    [
      'station: e2e',
      'runs: runs',
      ...whole,
      'ports:',
      '  sim1:',
      '    kind: simulated',
      `    phone: ${phones[phone]}`,
      ...more.map((line) => `    ${line}`),
      '',
    ].join('\n'),
  );
  return {
    path,
    directory,
    runsDirectory: join(directory, 'runs'),
    socketPath: join(directory, 'station.sock'),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
};

/** The same with a modelled board, which takes a third of the processor's time. For tests of what comes after power. */
export const makeBench: MakeBench = (phone, more = [], whole) =>
  makeImageBench(phone, ['firmware: modelled', ...more], whole);

export interface Invocation {
  readonly child: ChildProcess;
  readonly exitCode: Promise<number | null>;
  readonly stdout: () => string;
  readonly stderr: () => string;
}

/** What a failed test left running would go on opening serial ports that other tests get the names of. */
const running = new Set<ChildProcess>();
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts the built program as its user would. */
export const invoke = (words: readonly string[], onLine: (line: string) => void = () => {}): Invocation => {
  const child = spawn(process.execPath, [program, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const lines: string[] = [];
  let errors = '';
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    onLine(line);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const exitCode = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));
  return { child, exitCode, stdout: () => lines.join('\n'), stderr: () => errors };
};

/** A station that answers on its socket. */
export const invokeStation = async (benchPath: string, socketPath: string): Promise<Invocation> => {
  const station = invoke(['station', '--bench', benchPath, '--socket', socketPath]);
  for (let tries = 0; tries < 400 && (await findStation(socketPath)) === undefined; tries += 1)
    await sleep(systemClock, 50);
  return station;
};

export interface Run {
  readonly exitCode: number | null;
  readonly started: RunStarted | undefined;
  readonly events: readonly TimelineEvent[];
  readonly record: RunRecord;
  readonly folder: string;
  readonly stderr: string;
}

type Line =
  | ({ readonly type: 'started' } & RunStarted)
  | ({ readonly type: 'event' } & TimelineEvent)
  /** Of an attempt that another one follows; its record stands in its folder. */
  | { readonly type: 'attempt' }
  | { readonly type: 'result'; readonly folder: string; readonly record: RunRecord };

/** Runs to the end with --json and reads what it said. `onEvent` may act on the run while it goes. */
export const runJson = async (
  words: readonly string[],
  onEvent: (event: TimelineEvent, child: ChildProcess, started: RunStarted | undefined) => void = () => {},
): Promise<Run> => {
  const events: TimelineEvent[] = [];
  let started: RunStarted | undefined;
  let result: Extract<Line, { type: 'result' }> | undefined;
  const run = invoke([...words, '--json'], (text) => {
    const line = JSON.parse(text) as Line;
    if (line.type === 'started') started = line;
    else if (line.type === 'result') result = line;
    else if (line.type === 'event') {
      events.push(line);
      onEvent(line, run.child, started);
    }
  });
  const exitCode = await run.exitCode;
  if (result === undefined)
    throw new Error(`no result; exit ${exitCode}\n${run.stderr()}\n${run.stdout().slice(-2000)}`);
  const problems = closedProblems(result.record);
  if (problems.length > 0) throw new Error(`the record is not as its schema says: ${problems.join('; ')}`);
  return { exitCode, started, events, record: result.record, folder: result.folder, stderr: run.stderr() };
};

export const stageOf = (record: RunRecord, name: string) => {
  const stage = record.stages.find((candidate) => candidate.stage === name);
  if (stage === undefined) throw new Error(`the record has no stage ${name}`);
  return stage;
};

/** Under the gate nothing may be skipped; the long suite counts further. */
export const strict = process.env.LINKPULSE_STRICT === '1';
export const long = process.env.LINKPULSE_LONG === '1';
