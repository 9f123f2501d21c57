/** Phones on a station elsewhere: reserves a port, runs there, gives the port back. */
import { readFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { BenchError } from '../errors.js';
import { parseQuantity } from '../plan/quantities.js';
import { exitCodes } from '../stages/exit-code.js';
import { type ThingView, whoHas } from '../station/leases.js';
import { giveBack, keepRemotely, type RemoteLease, takeRemotely } from '../station/remote/remote-lease.js';
import { createRemoteRunner } from '../station/remote/remote-runner.js';
import { openStationApi, type StationApi } from '../station/remote/station-api.js';
import { endLeaseThroughStation } from '../station/station-client.js';
import { runVerb } from './run.js';
import type { Terminal } from './terminal.js';
import type { RegisterVerb, VerbContext } from './verb.js';

interface StationOptions {
  readonly station: string;
  readonly ca?: string;
  readonly tokenFile?: string;
  readonly json: boolean;
}

interface LeaseOptions extends StationOptions {
  readonly port: string;
  readonly wait: number;
  readonly purpose: string;
}

interface RunOptions extends LeaseOptions {
  readonly plan?: string;
  readonly serial?: string;
  readonly labelMac?: string;
  readonly lease: number;
  readonly leaseId?: string;
  readonly strict: boolean;
}

const longestMs = 8 * 3_600_000;
const defaultPort = 8420;

/** `--lease 10m`: ms. Minutes may be written as people write them. */
const readDuration = (text: string): number => {
  const parsed = parseQuantity(text.replace(/m$/, 'min'), 'ms');
  if ('problem' in parsed) throw new InvalidArgumentError('a time such as 30s, 10m, 2h');
  if (parsed.value < 1_000 || parsed.value > longestMs) throw new InvalidArgumentError('from 1s to 8h');
  return Math.round(parsed.value);
};

/** An option that takes a time from 1s to 8h, in ms. */
export const duration = (flags: string, description: string, usual: string): Option =>
  new Option(flags, description).argParser(readDuration).default(usual === '0s' ? 0 : readDuration(usual), usual);

const addressOf = ({ station, ca }: Pick<StationOptions, 'station' | 'ca'>): URL => {
  const written = /^https?:\/\//.test(station) ? station : `${ca === undefined ? 'http' : 'https'}://${station}`;
  const url = URL.canParse(written) ? new URL(written) : undefined;
  if (url === undefined || url.username !== '')
    throw new BenchError(
      'USAGE',
      `"${station}" is no address of a station, such as bench-1:${defaultPort} or https://bench-1`,
    );
  if (url.port === '' && written !== station) url.port = String(defaultPort);
  return new URL(url.origin);
};

const readFile = (path: string, option: string): Buffer => {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new BenchError('USAGE', `${option} ${path} cannot be read (${(cause as Error).message})`, { cause });
  }
};

const tokenOf = ({ tokenFile }: StationOptions): string => {
  const text = tokenFile === undefined ? process.env.LINKPULSE_TOKEN : readFile(tokenFile, '--token-file').toString();
  const token = text?.trim() ?? '';
  if (/^[A-Za-z0-9_-]{1,128}$/.test(token)) return token;
  const where = tokenFile === undefined ? 'LINKPULSE_TOKEN' : tokenFile;
  throw new BenchError('UNAUTHORISED', token === '' ? 'no token was given' : `${where} holds no token`, {
    remedy: 'Put a token of the station’s tokens.json into a file (--token-file), or into LINKPULSE_TOKEN.',
  });
};

const isLoopback = ({ hostname: host }: URL): boolean => /^(127\.|localhost$|\[::1\]$)/.test(host);

const openApi = (options: StationOptions, terminal: Terminal): StationApi => {
  const base = addressOf(options);
  const token = tokenOf(options);
  if (base.protocol === 'http:' && !isLoopback(base))
    terminal.error(`The token travels readable to everybody on the way to ${base.host}: the station can speak https.`);
  return openStationApi({ base, token, ca: options.ca === undefined ? undefined : readFile(options.ca, '--ca') });
};

const withStation = (command: Command): Command =>
  command
    .requiredOption('--station <address>', 'host, host:port or http(s)://host:port of a station')
    .option('--ca <file>', 'certificate (PEM) to trust: the station’s own, or of who signed it; means https')
    .option('--token-file <file>', 'file that holds the token; without it LINKPULSE_TOKEN does')
    .option('--json', 'newline-delimited JSON instead of text', false);

const withPort = (command: Command): Command =>
  withStation(command)
    .requiredOption('--port <name>', 'port of that station')
    .addOption(duration('--wait <time>', 'waits in turn where somebody has the port', '0s'))
    .option('--purpose <text>', 'what others are told', `${userInfo().username}@${hostname()}`.slice(0, 64));

export const registerRemote: RegisterVerb = (program, context) => {
  const { composition, signal, done } = context;
  const { terminal } = composition;
  const verb = program.command('remote').description('a port of a station elsewhere: reserve it, run a phone on it');

  withPort(verb.command('run').description('one phone on a port of that station, which is reserved meanwhile'))
    .option('--plan <name>', 'plan, by its name on the station; left out where it has one')
    .option('--serial <number>', 'serial number on the phone’s label')
    .option('--label-mac <mac>', 'MAC address on the label: the phone must go by it everywhere')
    .addOption(
      duration('--lease <time>', 'how long the station keeps the run going when this machine is not heard of', '2m'),
    )
    .option('--lease-id <id>', 'goes by a reservation that is there (remote lease), which stays')
    .option('--strict', 'marginal counts as fail', false)
    .action(async (options: RunOptions) => done(await orInterrupted(signal, () => remoteRun(context, options))));

  withPort(verb.command('lease').description('reserves a port; nobody else may start a run there'))
    .addOption(duration('--for <time>', 'for so long, at most 8h', '1h'))
    .action(async ({ for: forMs, ...options }: LeaseOptions & { readonly for: number }) =>
      done(
        await orInterrupted(signal, async () => {
          const lease = await reserve(context, openApi(options, terminal), options, forMs);
          if (options.json) terminal.line(JSON.stringify({ type: 'lease', ...lease }));
          else {
            terminal.line(`${options.port} is reserved until ${lease.until}`);
            terminal.line(lease.id);
          }
          return exitCodes.good;
        }),
      ),
    );

  verb
    .command('release')
    .description('gives a reservation back, or ends somebody’s; a run that goes on there ends, power off first')
    .option('--station <address>', 'as above; without it: this machine’s own station, by its local socket')
    .option('--ca <file>', 'certificate (PEM) to trust')
    .option('--token-file <file>', 'file that holds the token; without it LINKPULSE_TOKEN does')
    .option('--lease-id <id>', 'one’s own')
    .option('--port <name>', 'whosever it is')
    .option('--socket <path>', 'local socket of the station', composition.defaults.socketPath)
    .option('--json', 'JSON instead of text', false)
    .action(async (options: Partial<RunOptions> & { readonly socket: string; readonly json: boolean }) => {
      const wasHeld = await release(context, options);
      if (options.json) terminal.line(JSON.stringify({ type: 'released', wasHeld }));
      else terminal.line(wasHeld ? 'free' : 'it was not reserved');
    });

  withStation(verb.command('ports').description('the ports of a station, and who has them')).action(
    async (options: StationOptions) => {
      const { ports, shared } = (await openApi(options, terminal).ask('GET', '/leases')) as Things;
      tellThings(terminal, [...ports, ...shared], options.json);
    },
  );
};

interface Things {
  readonly ports: readonly ThingView[];
  readonly shared: readonly ThingView[];
}

/** One a line: who has it, until when, who waits. */
export const tellThings = (terminal: Terminal, things: readonly ThingView[], json: boolean): void => {
  const width = Math.max(...things.map(({ name }) => name.length)) + 2;
  for (const { name, lease, waiting } of things) {
    if (json) {
      terminal.line(JSON.stringify({ name, lease, waiting }));
      continue;
    }
    const has = lease === null ? terminal.paint('green', 'free') : whoHas(lease);
    const next = waiting.map(({ owner, purpose }) => `${owner}${purpose === '' ? '' : ` (${purpose})`}`).join(', ');
    terminal.line(`${name.padEnd(width)}${has}${next === '' ? '' : `; then ${next}`}`);
  }
};

const orInterrupted = async (signal: AbortSignal, act: () => Promise<number>): Promise<number> => {
  try {
    return await act();
  } catch (error) {
    if (signal.aborted && error === signal.reason) return exitCodes.interrupted;
    throw error;
  }
};

const reserve = (
  { composition: { terminal, clock }, signal }: VerbContext,
  api: StationApi,
  { port, wait: waitMs, purpose, json }: LeaseOptions,
  forMs: number,
): Promise<RemoteLease> =>
  takeRemotely(api, clock, { port, purpose, waitMs, forMs }, signal, (refusal) => {
    if (json) terminal.line(JSON.stringify({ type: 'waiting', for: port, message: refusal.message }));
    else terminal.line(`waits: ${refusal.message}`);
  });

const release = async (
  { composition: { terminal, clock } }: VerbContext,
  options: Partial<RunOptions> & { readonly socket: string; readonly json: boolean },
): Promise<boolean> => {
  const { station, leaseId, port } = options;
  if ((leaseId === undefined) === (port === undefined))
    throw new BenchError('USAGE', 'release takes --lease-id ID (one’s own) or --port NAME (whosever)');
  if (station === undefined) {
    if (port === undefined) throw new BenchError('USAGE', 'without --station a reservation is ended by --port NAME');
    return endLeaseThroughStation(options.socket, { kind: 'port', name: port });
  }
  const api = openApi({ ...options, station }, terminal);
  if (leaseId !== undefined) return giveBack(api, clock, leaseId);
  const { wasHeld } = (await api.ask('DELETE', `/leases?port=${port}`, { withinMs: null })) as {
    readonly wasHeld: boolean;
  };
  return wasHeld;
};

const choosePlan = async (api: StationApi, wanted: string | undefined): Promise<string> => {
  if (wanted !== undefined) return wanted;
  const plans = (await api.ask('GET', '/plans')) as readonly { readonly name: string }[];
  const [only, ...others] = plans;
  if (only !== undefined && others.length === 0) return only.name;
  throw new BenchError('USAGE', `name a plan with --plan; there are: ${plans.map(({ name }) => name).join(', ')}`);
};

const remoteRun = async (context: VerbContext, options: RunOptions): Promise<number> => {
  const { composition, signal } = context;
  const { terminal, clock } = composition;
  const { port, json, strict, leaseId } = options;
  const api = openApi(options, terminal);
  const plan = await choosePlan(api, options.plan);
  const { ports } = (await api.ask('GET', '/leases')) as Things;
  const own = leaseId === undefined ? await reserve(context, api, options, options.lease) : undefined;
  const lease =
    own === undefined
      ? { id: leaseId ?? '', endsUs: Number.POSITIVE_INFINITY, stop: () => {} }
      : keepRemotely(api, clock, own, options.lease);
  const runner = createRemoteRunner(
    {
      ...{ api, clock, lease },
      stop: () => (own === undefined ? api.ask('POST', `/ports/${port}/off`) : giveBack(api, clock, lease.id)),
      onLine: (text) => terminal.error(text),
    },
    ports.map(({ name }) => name),
  );
  try {
    const request = {
      ...{ port, planPath: plan, faults: [], serial: options.serial ?? null, labelMac: options.labelMac ?? null },
      isAttended: terminal.isInteractive && !json,
    };
    return await runVerb({ runner, request, terminal, json, strict, signal });
  } finally {
    lease.stop();
    if (own !== undefined) await giveBack(api, clock, own.id).catch((error) => terminal.error(String(error.message)));
  }
};
