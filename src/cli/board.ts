import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import type { BoardChoice, HeldBoard } from '../bench/boards.js';
import { powerTerms } from '../bench/power-terms.js';
import { BenchError } from '../errors.js';
import { loadPlan } from '../plan/load-plan.js';
import { describeFact } from '../reports/describe-fact.js';
import { exitCodes } from '../stages/exit-code.js';
import { stopThroughStation, unlockThroughStation } from '../station/station-client.js';
import { expectWithin } from '../timeline/wait.js';
import { listBoards } from './board-list.js';
import { allOff } from './board-off-all.js';
import { watchBoard } from './board-watch.js';
import type { RegisterVerb, VerbContext } from './verb.js';

interface BoardOptions {
  readonly bench: string;
  readonly port?: string;
  readonly board?: string;
  readonly socket: string;
  readonly json: boolean;
}

interface FlpOptions extends BoardOptions {
  readonly echoes: number;
  readonly bursts: number;
  readonly width: (typeof pulseWidths)[number];
}

interface ProfileOptions extends BoardOptions {
  readonly store?: string;
}

interface OffOptions extends BoardOptions {
  readonly all: boolean;
}

const pulseWidths = [125, 250, 500, 1000] as const;
/** Beyond the bursts themselves: listening first, the relay, a loaded machine. */
const discoveryMarginMs = 8_000;
const burstPeriodMs = 16;
/** Where nothing comes back the board tries once more with its widest pulses. */
const discoveryTries = 2;

export const registerBoard: RegisterVerb = (program, context) => {
  const { composition, done, signal } = context;
  const { terminal, clock } = composition;
  const verb = program.command('board').description('a board by itself: which there are, who it is, what it hears');

  verb
    .command('list')
    .description('every serial port that looks like a board, asked who it is')
    .option('--bench <file>', 'bench file: its boards are asked, too', composition.defaults.benchPath)
    .option('--json', 'one port a line as JSON', false)
    .action(async ({ bench, json }: BoardOptions) => listBoards(terminal, await composition.boards.list(bench), json));

  single(verb, 'info', 'identity, calibration, last reset', context).action((options: BoardOptions) =>
    withBoard(context, options, async ({ path, injector }) => {
      const identity = await injector.identify();
      if (options.json) return tellJson({ path, ...identity });
      terminal.line(`board      ${identity.serial || '(no serial number)'}, revision ${identity.revision}, on ${path}`);
      const shipped = composition.firmware.image().version;
      const age = identity.firmware === shipped ? '' : `; this program came with ${shipped}: linkpulse firmware flash`;
      terminal.line(`firmware   ${identity.firmware} (protocol ${identity.protocol})${age}`);
      terminal.line(`calibrated ${identity.calibratedOn ?? 'no: it refuses to arm (hardware/production-test.md)'}`);
      terminal.line(`last reset ${identity.resetCause}`);
    }),
  );

  single(verb, 'flp', 'discovery alone: sends link pulses and tells what comes back; the jack stays off', context)
    .option('--echoes <n>', 'exact echoes in a row that count', integer(3, 8), 4)
    .option('--bursts <n>', 'bursts at the most', integer(8, 250), 60)
    .option('--width <ns>', 'pulse width: 125, 250, 500 or 1000', pulseWidth, 125)
    .action((options: FlpOptions) =>
      withBoard(context, options, async ({ injector }) => {
        await injector.identify();
        const withinMs = discoveryMarginMs + discoveryTries * options.bursts * burstPeriodMs;
        const outcome = expectWithin<string>(clock, withinMs, 'BOARD_SILENT', 'no outcome of the discovery');
        injector.onReport(({ fact }) => {
          if (fact.kind === 'board-lost') outcome.failed(new BenchError('BOARD_LOST', fact.code));
          if (fact.kind !== 'flp-burst' && fact.kind !== 'discovery') return;
          if (options.json) tellJson(fact);
          else terminal.line(describeFact(fact));
          if (fact.kind === 'discovery') outcome.met(fact.outcome);
        });
        const { echoes, bursts, width } = options;
        await injector.discover({ method: 'prestandard', echoes, maxBursts: bursts, pulseNanoseconds: width });
        if ((await outcome.promise) !== 'loopback') done(exitCodes.wentWrong);
      }),
    );

  single(verb, 'watch', 'what the board reports, until Ctrl-C; waits for it when it is unplugged', context).action(
    (options: BoardOptions) =>
      watchBoard({
        open: (last) => composition.boards.open({ ...choiceOf(options), ...last }),
        terminal,
        clock,
        signal,
        json: options.json,
      }),
  );

  single(verb, 'selftest', 'the board tests itself without a volt on the jack', context).action(
    (options: BoardOptions) =>
      withBoard(context, options, async ({ injector }) => {
        await injector.identify();
        const { checks, ...readings } = await injector.selftest();
        const failed = Object.values(checks).includes('failed');
        if (failed) done(exitCodes.wentWrong);
        if (options.json) return tellJson({ checks, ...readings });
        for (const [name, result] of Object.entries(checks)) {
          const colour = result === 'passed' ? 'green' : result === 'failed' ? 'red' : 'grey';
          const words = name.replace(/[A-Z0-9]+/g, (letter) => ` ${letter.toLowerCase()}`);
          terminal.line(`${words.padEnd(22)} ${terminal.paint(colour, result)}`);
        }
        const { milliamps, jackMillivolts, resetCause } = readings;
        terminal.line(
          terminal.paint('grey', `${milliamps} mA, jack ${jackMillivolts / 1000} V, last reset: ${resetCause}`),
        );
        terminal.line(
          failed
            ? terminal.paint('red', 'the board is not fit: hardware/bring-up.md has the expected readings')
            : terminal.paint('green', 'nothing failed'),
        );
      }),
  );

  single(verb, 'profile', 'what the board powers by when its discrete lines command it', context)
    .option('--store <plan>', "stores that plan's power terms on the board; prints the id for the bench file")
    .action((options: ProfileOptions) =>
      withBoard(context, options, async ({ path, injector }) => {
        const { serial } = await injector.identify();
        if (options.store !== undefined) await injector.storeProfile(powerTerms(loadPlan(options.store).plan));
        tellProfile(context, options, { path, serial, profile: await injector.readProfile() });
      }),
    );

  verb
    .command('unlock')
    .description('lets a station arm a port again that it locked: an engineer has looked at the jack')
    .requiredOption('--port <name>', 'port of the bench file')
    .option('--socket <path>', 'local socket of the station', composition.defaults.socketPath)
    .option('--json', 'JSON instead of text', false)
    .action(async ({ port = '', socket, json }: BoardOptions) => {
      const wasLocked = await unlockThroughStation(socket, port);
      if (json) tellJson({ port, wasLocked });
      else terminal.line(wasLocked ? `${port} may be armed again` : `${port} was not locked`);
    });

  single(verb, 'off', 'power off now; a run on that port ends', context)
    .option('--all', 'every board of the bench file, each of which must then show a dead jack', false)
    .option('--socket <path>', 'local socket of the station', composition.defaults.socketPath)
    .action(async (options: OffOptions) => {
      if (options.all) return allOff(context, options);
      if (options.port !== undefined && (await stopThroughStation(options.socket, options.port))) {
        if (options.json) tellJson({ off: true, port: options.port, by: 'station' });
        else terminal.line(`${options.port}: the station has switched power off and ended the run`);
        return;
      }
      await withBoard(context, options, async ({ path, injector }) => {
        // IDENTIFY alone turns power off; OFF is said nevertheless.
        const { serial } = await injector.identify();
        await injector.off();
        if (options.json) tellJson({ off: true, path, serial });
        else terminal.line(`board ${serial} on ${path}: power is off`);
      });
    });
};

const single = (verb: Command, name: string, description: string, { composition }: VerbContext): Command =>
  verb
    .command(name)
    .description(description)
    .option('--port <name>', 'port of the bench file; a simulated one gets a board for this question')
    .option('--board <path>', "path of the board's serial port")
    .option('--bench <file>', 'bench file', composition.defaults.benchPath)
    .option('--json', 'JSON instead of text', false);

const choiceOf = ({ bench, port, board }: BoardOptions): BoardChoice => ({ bench, port, board });

const withBoard = async (
  { composition }: VerbContext,
  options: BoardOptions,
  work: (board: HeldBoard) => Promise<void>,
): Promise<void> => {
  const board = await composition.boards.open(choiceOf(options));
  try {
    await work(board);
  } finally {
    await board.close();
  }
};

const tellProfile = (
  { composition: { terminal } }: VerbContext,
  { json }: BoardOptions,
  {
    path,
    serial,
    profile,
  }: {
    readonly path: string;
    readonly serial: string;
    readonly profile: Awaited<ReturnType<HeldBoard['injector']['readProfile']>>;
  },
): void => {
  if (json) {
    tellJson({ path, serial, profile: profile ?? null });
    return;
  }
  if (profile === undefined) {
    terminal.line(`board ${serial} has no profile: its lines power nothing (--store PLAN gives it one)`);
    return;
  }
  const { id, feed, ...terms } = profile;
  terminal.line(`board ${serial} has profile ${terminal.paint('bold', String(id))}; for the bench file:`);
  terminal.line(`    driver: lines\n    profile: ${id}`);
  const shown = { pairs: feed === null ? 'spare, by the method' : `${feed.pairs} ${feed.pins}`, ...terms };
  for (const [name, value] of Object.entries(shown))
    terminal.line(terminal.paint('grey', `${name.padEnd(20)} ${value}`));
};

const tellJson = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

const integer =
  (lowest: number, highest: number) =>
  (text: string): number => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= lowest && value <= highest) return value;
    throw new InvalidArgumentError(`It takes ${lowest} to ${highest}.`);
  };

const pulseWidth = (text: string): number => {
  const width = pulseWidths.find((known) => String(known) === text);
  if (width !== undefined) return width;
  throw new InvalidArgumentError(`It takes ${pulseWidths.join(', ')}.`);
};
