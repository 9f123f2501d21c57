import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { BenchError } from '../errors.js';
import type { BenchPort } from '../plan/bench-file.js';
import { loadBenchFile } from '../plan/load-bench-file.js';
import { exitCodes } from '../stages/exit-code.js';
import { distributionOf, histogram } from './distribution.js';
import { killTrial, type Trial, waysToDie } from './kill-trial.js';
import { killTrialOnHardware, waysToDieOnHardware } from './kill-trial-hardware.js';
import type { Terminal } from './terminal.js';
import { type BenchOptions, type RegisterVerb, type VerbContext, withBench } from './verb.js';

/** Design: heartbeat time-out 500 ms and what the switches take; then 500 ms for the bleeder (802.3 33.2.9). */
const limits = { switchOpenMs: 550, jackSafeMs: 1050 };
/** A quick simulated run is powered for some 3 s. */
const strikeWithinMs = 2_500;
const triesPerTrial = 5;

interface KillOptions extends BenchOptions {
  readonly port: string;
  readonly plan: string;
  readonly times: number;
  readonly seed: number;
  readonly powersTheJack: boolean;
}

export const registerSelftest: RegisterVerb = (program, context) => {
  const verb = program.command('selftest').description('proofs that power goes off');
  withBench(
    verb
      .command('kill')
      .description('kills the daemon at random moments under power and measures when the jack was off')
      .option('--times <n>', 'how often', times, 100)
      .option('--port <name>', 'port of the bench file; a real one wants a dummy load and --powers-the-jack', 'sim1')
      .option('--powers-the-jack', 'a real jack is powered and its daemon killed, again and again', false)
      .option('--plan <file>', 'test plan', context.composition.defaults.quickPlanPath)
      .option('--seed <n>', 'of the random moments; printed', times, randomInt(1, 1_000_000)),
    context,
  )
    .addHelpText(
      'after',
      `\nWays to die, in turn: ${waysToDie.join(', ')} (no cable on a real board). Times count from the last valid heartbeat, by the board's own clock; on a simulated bench the simulator watches its switches.\nExit codes: 0 all within the limits, 6 one is not, 5 one could not be measured`,
    )
    .action((options: KillOptions) => killVerb(options, context));
};

const times = (text: string): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 1_000_000) return value;
  throw new InvalidArgumentError('It takes a whole number from 1 on.');
};

const killVerb = async (options: KillOptions, { composition, signal, done }: VerbContext): Promise<void> => {
  const { terminal, clock, simulatorCommand } = composition;
  const isReal = portOf(options).kind === 'hardware';
  if (isReal && !options.powersTheJack)
    throw new BenchError(
      'USAGE',
      `port ${options.port} is real: put a dummy load on its jack and say --powers-the-jack`,
    );
  // In its private network first: a simulated bench starts this program anew there.
  await composition.openRunner(options.bench, options);
  const folder = mkdtempSync(join(tmpdir(), 'linkpulse-kill-'));
  try {
    const benchPath = ownBench(options, folder);
    const runner = await composition.openRunner(benchPath, options);
    const words = [
      'run',
      '--no-station',
      '--bench',
      benchPath,
      '--port',
      options.port,
      '--plan',
      options.plan,
      '--json',
    ];
    const [node, ...rest] = composition.commandLine(options.limited ? [...words, '--limited'] : words);
    const holdLoop = new URL('./hold-loop.js', import.meta.url).href;
    const parts = {
      runner,
      clock,
      folder,
      signal,
      simulatorCommand,
      command: [node, '--import', holdLoop, ...rest] as const,
    };
    const moment = randomMoments(options.seed);
    const tell = options.json ? tellJson : (trial: Trial, at: number) => tellTrial(terminal, trial, at, options.times);
    if (!options.json) terminal.line(`${options.times} daemons, seed ${options.seed}`);
    const trials: Trial[] = [];
    while (trials.length < options.times && !signal.aborted) {
      const strikeOnce = () => {
        const afterMs = moment() * strikeWithinMs;
        const turn = trials.length;
        return isReal
          ? killTrialOnHardware(inTurn(waysToDieOnHardware, turn), afterMs, parts)
          : killTrial(inTurn(waysToDie, turn), afterMs, parts);
      };
      const trial = await untilStruck(strikeOnce, signal);
      if (trial === undefined) break;
      trials.push(trial);
      tell(trial, trials.length);
    }
    const outside = trials.filter(isOutside).length;
    if (options.json) process.stdout.write(`${JSON.stringify({ type: 'result', ...summary(trials), outside })}\n`);
    else tellSummary(terminal, trials, outside);
    done(outside > 0 ? exitCodes.safetyTrip : signal.aborted ? exitCodes.interrupted : exitCodes.good);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const inTurn = <T>(all: readonly [T, ...T[]], turn: number): T => all[turn % all.length] ?? all[0];

const portOf = ({ bench, port }: KillOptions): BenchPort => {
  const { ports } = loadBenchFile(bench);
  const chosen = ports.find(({ name }) => name === port);
  if (chosen !== undefined) return chosen;
  throw new BenchError('PORT_UNKNOWN', `"${port}"; there are: ${ports.map(({ name }) => name).join(', ')}`);
};

/** The same ports with a runs folder that goes away afterwards: a hundred cut runs are no record of a phone. */
const ownBench = (options: KillOptions, folder: string): string => {
  const { station } = loadBenchFile(options.bench);
  const chosen = portOf(options);
  const { port } = options;
  if (chosen.kind === 'hardware' && chosen.driver === 'lines')
    throw new BenchError('USAGE', `port ${port} has no serial line: the board’s own times cannot be read`);
  const { name, ...entry } = chosen;
  const path = join(folder, 'bench.yaml');
  // JSON is YAML.
  writeFileSync(path, JSON.stringify({ station, runs: join(folder, 'runs'), ports: { [name]: entry } }));
  return path;
};

const untilStruck = async (
  attempt: () => ReturnType<typeof killTrial>,
  signal: AbortSignal,
): Promise<Trial | undefined> => {
  let reason = '';
  for (let tries = 0; tries < triesPerTrial; tries += 1) {
    const trial = await attempt();
    if (signal.aborted) return undefined;
    if (!('missed' in trial)) return trial;
    reason = trial.missed;
  }
  throw new BenchError('SIMULATOR_FAILED', `no run could be struck under power: ${reason}`);
};

/** Mulberry32: the same moments for the same seed. */
const randomMoments = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

const isOutside = ({ off }: Trial): boolean =>
  off === undefined || off.switchOpenMs > limits.switchOpenMs || off.jackSafeMs > limits.jackSafeMs;

const tellJson = ({ way, struckAfterMs, off }: Trial): void => {
  const { switchOpenMs = null, jackSafeMs = null } = off ?? {};
  process.stdout.write(`${JSON.stringify({ type: 'trial', way, struckAfterMs, switchOpenMs, jackSafeMs })}\n`);
};

const oneDecimal = (ms: number): string => ms.toFixed(1).padStart(7);

const tellTrial = (terminal: Terminal, trial: Trial, at: number, of: number): void => {
  const { way, struckAfterMs, off } = trial;
  const times =
    off === undefined ? 'STILL ON' : `open${oneDecimal(off.switchOpenMs)} ms  safe${oneDecimal(off.jackSafeMs)} ms`;
  const place = `${String(at).padStart(String(of).length)}/${of}`;
  const line = `  ${place}  ${way.padEnd(12)} ${(struckAfterMs / 1000).toFixed(2)} s after power-on   ${times}`;
  terminal.line(isOutside(trial) ? terminal.paint('red', line) : line);
};

const values = (trials: readonly Trial[], of: keyof typeof limits): readonly number[] =>
  trials.flatMap(({ off }) => (off === undefined ? [] : [off[of]]));

const summary = (trials: readonly Trial[]) => ({
  limits,
  switchOpenMs: distributionOf(values(trials, 'switchOpenMs')) ?? null,
  jackSafeMs: distributionOf(values(trials, 'jackSafeMs')) ?? null,
});

const titles = {
  switchOpenMs: 'last valid heartbeat -> both switches not conducting',
  jackSafeMs: 'last valid heartbeat -> jack below 2.8 V',
} as const;
const binMs = 10;

const tellSummary = (terminal: Terminal, trials: readonly Trial[], outside: number): void => {
  const { line, paint } = terminal;
  for (const of of ['switchOpenMs', 'jackSafeMs'] as const) {
    line('');
    line(paint('bold', `${titles[of]}, limit ${limits[of]} ms`));
    line(
      paint(
        'grey',
        `  ${''.padEnd(13)}${['n', 'min', 'median', 'p95', 'max'].map((head) => head.padStart(8)).join('')}`,
      ),
    );
    for (const way of [...waysToDie, 'all'] as const) {
      const found = distributionOf(values(way === 'all' ? trials : trials.filter((trial) => trial.way === way), of));
      if (found === undefined) continue;
      const { count, min, median, p95, max } = found;
      line(
        `  ${way.padEnd(13)}${String(count).padStart(8)}${[min, median, p95, max].map((ms) => ` ${oneDecimal(ms)}`).join('')}`,
      );
    }
    for (const row of histogram(values(trials, of), limits[of], binMs)) {
      if (row === 'gap') line(paint('grey', `  ${'...'.padStart(13)}`));
      else {
        const text = `  ${row.label.padStart(13)} ${String(row.count).padStart(7)}  ${row.bar}`;
        line(row.isOver ? paint(row.count > 0 ? 'red' : 'grey', text) : text);
      }
    }
  }
  line('');
  const within = trials.length - outside;
  line(paint(outside > 0 ? 'red' : 'green', `${within} of ${trials.length} within both limits`));
};
