/**
 * Many phones at once in one daemon, on modelled boards; then some real images among them. What the daemon and the simulator cost is
 * told apart: on a real station the second is not there.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'vitest';
import { findStation } from '../../src/station/station-client.js';
import { systemClock } from '../../src/timeline/clock.js';
import { sleep } from '../../src/timeline/wait.js';
import { invoke, plansDirectory } from '../helpers/linkpulse.js';

const plan = join(plansDirectory, 'cp-7960g.yaml');
const counts = (process.env.BENCH_PORTS ?? '1,4,16,64').split(',').map(Number);
const mixed = { images: 4, modelled: 12 } as const;
const clockTicksPerSecond = 100;
const kibibytesPerMebibyte = 1024;
const barWidth = 40;
const base = tmpdir();

interface Outcome {
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
        const { verdict, cause } = JSON.parse(line).outcome.record;
        resolve({ verdict, cause, seconds: (performance.now() - began) / 1000 });
      }
    });
    socket.on('error', reject);
  });

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
  const station = invoke(['station', '--bench', benchPath, '--socket', socketPath]);
  try {
    for (let tries = 0; tries < 200 && (await findStation(socketPath)) === undefined; tries += 1)
      await sleep(systemClock, 50);
    const began = performance.now();
    let simulators: readonly Cost[] = [];
    const watching = systemClock.every(500, () => {
      const now = simulatorsOf(temporary).map(statOf);
      if (now.length >= simulators.length) simulators = now;
    });
    const outcomes = await Promise.all(names.map((name) => runOn(socketPath, name)));
    watching.cancel();
    return {
      ...{ title, count: names.length, wallSeconds: (performance.now() - began) / 1000, outcomes },
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

const tell = ({ title, wallSeconds, daemon, simulator, outcomes }: Measured, alone: number) => {
  const passed = outcomes.filter(({ verdict }) => verdict === 'pass').length;
  const cost = ({ cpuSeconds, residentMebibytes }: Cost) =>
    `${cpuSeconds.toFixed(1).padStart(6)} s CPU ${residentMebibytes.toFixed(0).padStart(5)} MiB`;
  console.log(
    `  ${title.padEnd(24)} ${`${passed}/${outcomes.length}`.padStart(6)} pass ${wallSeconds.toFixed(1).padStart(6)} s, ${(wallSeconds / alone).toFixed(2)} of one alone; daemon ${cost(daemon)}; simulator ${cost(simulator)}`,
  );
  for (const { verdict, cause } of outcomes.filter((outcome) => outcome.verdict !== 'pass').slice(0, 3))
    console.log(`    ${verdict}: ${cause}`);
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
  const firmwares = [
    ...Array.from({ length: mixed.images }, () => 'image'),
    ...Array.from({ length: mixed.modelled }, () => 'modelled'),
  ];
  tell(await measure(`${mixed.images} images, ${mixed.modelled} modelled`, firmwares), alone);
});
