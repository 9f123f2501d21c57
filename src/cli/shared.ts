/** Things that the ports of a bench have in common: who has them, taking one, holding one for a command. */
import { spawn } from 'node:child_process';
import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { BenchError } from '../errors.js';
import { exitCodes } from '../stages/exit-code.js';
import { type HeldThing, listThings, takeShared, withHeldLease } from '../station/lease-client.js';
import { whoHas } from '../station/leases.js';
import { endLeaseThroughStation } from '../station/station-client.js';
import { waitWords } from './progress.js';
import { duration, tellThings } from './remote.js';
import type { RegisterVerb, VerbContext } from './verb.js';

interface SharedOptions {
  readonly socket: string;
  readonly json: boolean;
}

interface TakeOptions extends SharedOptions {
  readonly wait: number;
  readonly as: string;
  readonly purpose: string;
}

const longestWordLetters = 64;
/** As a shell has it for a command that a signal ended, or that is not there. */
const signalExitCodes: Readonly<Record<string, number>> = { SIGHUP: 129, SIGINT: 130, SIGKILL: 137, SIGTERM: 143 };
const notFoundExitCode = 127;

export const registerShared: RegisterVerb = (program, context) => {
  const { composition, done } = context;
  const { terminal, defaults } = composition;
  const verb = program
    .command('shared')
    .description('what the ports have in common (label printer, golden phone): one user at a time');
  const withSocket = (command: Command) =>
    command
      .option('--socket <path>', 'local socket of the station', defaults.socketPath)
      .option('--json', 'JSON instead of text', false);
  const withTaking = (command: Command) =>
    withSocket(command)
      .addOption(duration('--wait <time>', 'waits in turn where somebody has it', '0s'))
      .option('--as <name>', 'who has it, as others are told', process.env.SUDO_USER ?? userInfo().username)
      .option('--purpose <text>', 'what for', '');

  withSocket(verb.command('ls').description('who has what, until when, who waits')).action(
    async ({ socket, json }: SharedOptions) => {
      const { shared } = await listThings(socket);
      if (shared.length === 0 && !json) terminal.line('The bench file names nothing that is shared (shared: [...]).');
      else tellThings(terminal, shared, json);
    },
  );
  withTaking(verb.command('take').description('takes one, until it is released or its time is over').argument('<name>'))
    .addOption(duration('--for <time>', 'for so long, at most 8h', '1h'))
    .action(async (name: string, { for: forMs, ...options }: TakeOptions & { readonly for: number }) => {
      const { lease } = await take(context, name, forMs, options);
      if (options.json) terminal.line(JSON.stringify({ name, lease }));
      else terminal.line(`${name}: ${whoHas(lease)}`);
    });
  withSocket(verb.command('release').description('makes one free, whoever took it').argument('<name>')).action(
    async (name: string, { socket, json }: SharedOptions) => {
      const wasHeld = await endLeaseThroughStation(socket, { kind: 'shared', name });
      if (json) terminal.line(JSON.stringify({ name, wasHeld }));
      else terminal.line(wasHeld ? `${name} is free` : `nobody had ${name}`);
    },
  );
  withTaking(
    verb
      .command('with')
      .description('holds one as long as a command goes on: linkpulse shared with golden-phone -- linkpulse golden')
      .argument('<name>')
      .argument('<command...>'),
  ).action(async (name: string, [command = '', ...words]: readonly string[], options: TakeOptions) => {
    const purpose = options.purpose === '' ? `${command}, process ${process.pid}` : options.purpose;
    const held = await take(context, name, null, { ...options, purpose: purpose.slice(0, longestWordLetters) });
    try {
      done(await run(context, command, words, held, name));
    } finally {
      await held.giveBack();
    }
  });
};

const take = async (
  { composition: { terminal, clock }, signal }: VerbContext,
  shared: string,
  forMs: number | null,
  { socket, wait, as: owner, purpose }: TakeOptions,
): Promise<HeldThing> => {
  const over = new AbortController();
  let has = '';
  const alarm = wait > 0 ? clock.alarm(wait, () => over.abort()) : undefined;
  const wanted = { shared, owner: owner.slice(0, longestWordLetters), purpose, forMs, waits: wait > 0 };
  try {
    return await takeShared(socket, wanted, AbortSignal.any([signal, over.signal]), (note) => {
      has = whoHas(note);
      terminal.error(waitWords({ shared, ...note }));
    });
  } catch (error) {
    if (over.signal.aborted && !signal.aborted) throw new BenchError('SHARED_TAKEN', `${shared}, still by ${has}`);
    throw error;
  } finally {
    alarm?.cancel();
  }
};

/** Resolves with its exit code. What ends us ends it first: the thing is free when nobody uses it any longer. */
const run = (
  { composition: { terminal }, signal }: VerbContext,
  command: string,
  words: readonly string[],
  held: HeldThing,
  name: string,
): Promise<number> =>
  new Promise((resolve) => {
    const child = spawn(command, words, { stdio: 'inherit', env: withHeldLease(held.id) });
    // A terminal's Ctrl-C goes to the command as well.
    const end = () => void (terminal.isInteractive || child.kill(signal.reason as NodeJS.Signals));
    signal.addEventListener('abort', end, { once: true });
    let hasEnded = false;
    void held.over.then(() => {
      if (!hasEnded) terminal.error(`The station went away: ${name} is no longer held, and the command goes on.`);
    });
    child.on('error', (error) => {
      hasEnded = true;
      terminal.error(`${command} cannot be run (${error.message})`);
      resolve(notFoundExitCode);
    });
    child.on('exit', (code, endedBy) => {
      hasEnded = true;
      signal.removeEventListener('abort', end);
      resolve(code ?? signalExitCodes[endedBy ?? ''] ?? exitCodes.internalError);
    });
  });
