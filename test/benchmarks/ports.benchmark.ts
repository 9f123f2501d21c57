/**
 * Many phones at once in one daemon, on modelled boards; then some real images among them. What the daemon and the simulator cost is
 * told apart: on a real station the second is not there. Said besides: how long the daemon's loop was held, how soon phones were
 * answered, and what the bench added to the phone's own time (run-figures.ts). BENCH_PLOT=FILE.svg draws the growth.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'vitest';
import { systemClock } from '../../src/timeline/clock.js';
import { sleep } from '../../src/timeline/wait.js';
import { invoke, plansDirectory } from '../helpers/linkpulse.js';
import { growthPlot } from './growth-plot.js';
import { median } from './measure.js';
import { figuresOf, percentile, type RunFigures, services } from './run-figures.js';

const plan = join(plansDirectory, 'cp-7960g.yaml');
const counts = (process.env.BENCH_PORTS ?? '1,4,16,64').split(',').map(Number);
const mixed = { images: 4, modelled: 12 } as const;
const clockTicksPerSecond = 100;
const kibibytesPerMebibyte = 1024;
const barWidth = 40;
/** The daemon is started, and has loaded what it has. */
const settleMs = 1500;
const base = tmpdir();

interface Outcome {
  readonly runId: string;
  readonly verdict: string;
  readonly cause: string;
  readonly seconds: number;
}

interface Cost {
  readonly cpuSeconds: number;
  readonly residentMebibytes: number;
}

interface Measured {
  readonly title: string;
  readonly count: number;
  readonly wallSeconds: number;
  readonly daemon: Cost;
  readonly simulator: Cost;
  readonly outcomes: readonly Outcome[];
  readonly loopDelay: LoopDelay;
  readonly runs: readonly RunFigures[];
}

/** Milliseconds between two turns of the daemon's loop, while the phones ran. */
interface LoopDelay {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

const statOf = (pid: number): Cost => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    const resident = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
    return {
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / clockTicksPerSecond,
      residentMebibytes: resident / kibibytesPerMebibyte,
    };
  } catch {
    return { cpuSeconds: 0, residentMebibytes: 0 };
  }
};

/** Simulators of this bench: its daemon's temporary files stand in their command lines. */
const simulatorsOf = (temporary: string): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        return words.includes('/sim/main.js') && words.includes(temporary);
      } catch {
        return false;
      }
    });

/** As little as a client can be: a whole one for each port would take the processor from what is measured. */
const runOn = (socketPath: string, port: string): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const began = performance.now();
    const socket = connect(socketPath);
    let text = '';
    socket.write(`${JSON.stringify({ type: 'run', port, planPath: plan, faults: [] })}\n`);
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        const line = text.slice(0, end);
        text = text.slice(end + 1);
        if (line.startsWith('{"type":"error"')) reject(new Error(line));
        if (!line.startsWith('{"type":"done"')) continue;
        const { runId, verdict, cause } = JSON.parse(line).outcome.record;
        resolve({ runId, verdict, cause, seconds: (performance.now() - began) / 1000 });
      }
    });
    socket.on('error', reject);
  });

const baseOf = (said: string) => /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0];

/** Of the metrics: what was since they were asked before. */
const askLoopDelay = async (said: string, state: string): Promise<LoopDelay> => {
  const { tokens } = JSON.parse(readFileSync(join(state, 'tokens.json'), 'utf8'));
  const { token } = tokens.find(({ role }: { readonly role: string }) => role === 'viewer');
  const text = await (await fetch(`${baseOf(said)}/metrics`, { headers: { authorization: `Bearer ${token}` } })).text();
  const milliseconds = (name: string) =>
    1000 * Number(new RegExp(`^nodejs_eventloop_lag_${name}_seconds (\\S+)$`, 'm').exec(text)?.[1]);
  return { p50: milliseconds('p50'), p99: milliseconds('p99'), max: milliseconds('max') };
};

const measure = async (title: string, firmwares: readonly string[]): Promise<Measured> => {
  const temporary = mkdtempSync(join(base, 'linkpulse-ports-'));
  const [benchPath, socketPath] = [join(temporary, 'bench.yaml'), join(temporary, 'station.sock')];
  const names = firmwares.map((_, index) => `sim${index + 1}`);
  const ports = firmwares.map((firmware, index) => {
    const mac = `00:0f:24:5a:79:${(0x61 + index).toString(16)}`;
    return `  ${names[index]}: { kind: simulated, firmware: ${firmware}, phone: { mac: "${mac}", load: P00308010200, model: CP-7960G } }`;
  });
  writeFileSync(benchPath, ['station: bench', 'runs: runs', 'ports:', ...ports, ''].join('\n'));
  // Simulators keep their sockets there: by that they are found.
  process.env.TMPDIR = temporary;
  const state = join(temporary, 'state');
  const words = ['station', '--bench', benchPath, '--socket', socketPath, '--state', state, '--http', '0'];
  const station = invoke(words);
  try {
    for (let tries = 0; tries < 600 && baseOf(station.stdout()) === undefined; tries += 1) await sleep(systemClock, 50);
    await sleep(systemClock, settleMs);
    await askLoopDelay(station.stdout(), state);
    const began = performance.now();
    let simulators: readonly Cost[] = [];
    const watching = systemClock.every(500, () => {
      const now = simulatorsOf(temporary).map(statOf);
      if (now.length >= simulators.length) simulators = now;
    });
    const outcomes = await Promise.all(names.map((name) => runOn(socketPath, name)));
    watching.cancel();
    const wallSeconds = (performance.now() - began) / 1000;
    const loopDelay = await askLoopDelay(station.stdout(), state);
    const runs: RunFigures[] = [];
    for (const { runId } of outcomes) runs.push(await figuresOf(join(temporary, 'runs', runId)));
    return {
      ...{ title, count: names.length, wallSeconds, outcomes, loopDelay, runs },
      daemon: statOf(Number(station.child.pid)),
      simulator: {
        cpuSeconds: simulators.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
        residentMebibytes: simulators.reduce((sum, { residentMebibytes }) => sum + residentMebibytes, 0),
      },
    };
  } finally {
    station.child.kill('SIGTERM');
    await station.exitCode;
    process.env.TMPDIR = base;
    rmSync(temporary, { recursive: true, force: true });
  }
};

/** What of the time was the bench's: its loop, its services' answers, and what it added to each phone's own time. */
const tellBench = ({ loopDelay, runs }: Measured) => {
  const { p50, p99, max } = loopDelay;
  console.log(
    `    the daemon's loop: p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, at most ${max.toFixed(0)} ms`,
  );
  const answers = runs.flatMap((run) => run.answers);
  const latency = services.flatMap((service) => {
    const taken = answers.filter((answer) => answer.service === service).map(({ ms }) => ms);
    if (taken.length === 0) return [];
    return [`${service} ${percentile(taken, 0.99).toFixed(1)} ms (median ${median(taken).toFixed(1)})`];
  });
  console.log(`    answers, p99: ${latency.join(', ')}`);
  const added = runs.flatMap((run) => run.added ?? []);
  const parts = ['begin', 'answers', 'off', 'record'] as const;
  const sums = added.map((one) => parts.reduce((sum, part) => sum + one[part], 0));
  const medians = parts.map((part) => `${part} ${median(added.map((one) => one[part])).toFixed(0)}`);
  console.log(
    `    added to a phone's own time: median ${median(sums).toFixed(0)} ms (${medians.join(', ')}), p99 ${percentile(sums, 0.99).toFixed(0)} ms`,
  );
};

const tell = (measured: Measured, alone: number) => {
  const { title, wallSeconds, daemon, simulator, outcomes } = measured;
  const passed = outcomes.filter(({ verdict }) => verdict === 'pass').length;
  const cost = ({ cpuSeconds, residentMebibytes }: Cost) =>
    `${cpuSeconds.toFixed(1).padStart(6)} s CPU ${residentMebibytes.toFixed(0).padStart(5)} MiB`;
  console.log(
    `  ${title.padEnd(24)} ${`${passed}/${outcomes.length}`.padStart(6)} pass ${wallSeconds.toFixed(1).padStart(6)} s, ${(wallSeconds / alone).toFixed(2)} of one alone; daemon ${cost(daemon)}; simulator ${cost(simulator)}`,
  );
  for (const { verdict, cause } of outcomes.filter((outcome) => outcome.verdict !== 'pass').slice(0, 3))
    console.log(`    ${verdict}: ${cause}`);
  tellBench(measured);
};

test('phones at once', async () => {
  const measured: Measured[] = [];
  for (const count of counts) {
    const one = await measure(
      `${count} modelled`,
      Array.from({ length: count }, () => 'modelled'),
    );
    measured.push(one);
    tell(one, measured[0]?.wallSeconds ?? one.wallSeconds);
  }
  const alone = measured[0]?.wallSeconds ?? Number.NaN;
  const [first, last] = [measured[0], measured.at(-1)];
  if (first !== undefined && last !== undefined && last.count > first.count) {
    const growth = (last.daemon.residentMebibytes - first.daemon.residentMebibytes) / (last.count - first.count);
    console.log(`  the daemon grows by ${growth.toFixed(1)} MiB a port`);
    const longest = Math.max(...measured.map(({ wallSeconds }) => wallSeconds));
    for (const { count, wallSeconds } of measured)
      console.log(
        `  ${String(count).padStart(3)} ${'█'.repeat(Math.round((wallSeconds / longest) * barWidth)).padEnd(barWidth)} ${wallSeconds.toFixed(1)} s`,
      );
  }
  const points = measured.map(({ count, wallSeconds, daemon, simulator }) => ({
    ports: count,
    wallSeconds,
    daemonMebibytes: daemon.residentMebibytes,
    daemonCpuSeconds: daemon.cpuSeconds,
    simulatorCpuSeconds: simulator.cpuSeconds,
  }));
  if (process.env.BENCH_PLOT !== undefined) writeFileSync(process.env.BENCH_PLOT, growthPlot(points));
  const firmwares = [
    ...Array.from({ length: mixed.images }, () => 'image'),
    ...Array.from({ length: mixed.modelled }, () => 'modelled'),
  ];
  tell(await measure(`${mixed.images} images, ${mixed.modelled} modelled`, firmwares), alone);
});
