/** A broker and a database as a plant runs them: real processes of the test's own, on loopback, in a folder that goes away. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { needs } from './tools.js';

export interface Engine {
  readonly port: number;
  readonly url: string;
  /** Of its first process; 0: it does not run. */
  readonly pid: number;
  /** Again after `stop` or `kill`, on the same port with the same folder; resolves when it takes connections. */
  start(): Promise<void>;
  /** As a service manager would. */
  stop(): Promise<void>;
  /** SIGKILL: whatever was not on the disk is gone. */
  kill(): Promise<void>;
  /** Stops it and removes its folder. */
  close(): Promise<void>;
}

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });

const until = async (what: string, isSo: () => Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 600; tries += 1) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what} did not come within 30 s`);
};

const ended = (process: ChildProcess): Promise<void> =>
  process.exitCode !== null || process.signalCode !== null
    ? Promise.resolve()
    : new Promise((resolve) => process.once('exit', () => resolve()));

/** What both have in common: a process that is started, stopped and killed on one port. */
const engine = (
  port: number,
  folder: string,
  url: string,
  parts: {
    spawn(): ChildProcess;
    isUp(): Promise<boolean>;
    readonly stopSignal: NodeJS.Signals;
    kill?(process: ChildProcess): Promise<void>;
  },
): Engine => {
  let running: ChildProcess | undefined;
  const end = async (signal: NodeJS.Signals) => {
    const process = running;
    running = undefined;
    if (process === undefined) return;
    if (signal === 'SIGKILL' && parts.kill !== undefined) await parts.kill(process);
    else process.kill(signal);
    await ended(process);
  };
  return {
    port,
    url,
    get pid() {
      return running?.pid ?? 0;
    },
    start: async () => {
      running = parts.spawn();
      await until(url, parts.isUp);
    },
    stop: () => end(parts.stopSignal),
    kill: () => end('SIGKILL'),
    close: async () => {
      await end(parts.stopSignal);
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

/** With the configuration that `linesFor` gives for a port; its state is kept. Skips the test where it is not installed. */
export const startMosquittoWith = async (
  context: TestContext,
  linesFor: (port: number) => readonly string[],
  scheme: 'mqtt' | 'mqtts' = 'mqtt',
): Promise<Engine> => {
  needs(context, 'mosquitto', 'mosquitto');
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'linkpulse-mosquitto-'));
  const configuration = join(folder, 'mosquitto.conf');
  const asRoot = process.getuid?.() === 0 ? ['user root'] : [];
  const persistence = ['persistence true', `persistence_location ${folder}/`];
  writeFileSync(configuration, [...linesFor(port), ...persistence, ...asRoot, ''].join('\n'));
  const broker = engine(port, folder, `${scheme}://127.0.0.1:${port}`, {
    spawn: () => spawn('mosquitto', ['-c', configuration], { stdio: 'ignore' }),
    isUp: () => answers(port),
    stopSignal: 'SIGTERM',
  });
  await broker.start();
  return broker;
};

/** Listens on loopback for anybody; `settings` are further lines of its configuration. */
export const startMosquitto = (context: TestContext, settings: readonly string[] = []): Promise<Engine> =>
  startMosquittoWith(context, (port) => [`listener ${port} 127.0.0.1`, 'allow_anonymous true', ...settings]);

const postgresDirectory = (): string | undefined => {
  try {
    const [newest] = readdirSync('/usr/lib/postgresql').sort((a, b) => Number(b) - Number(a));
    return newest === undefined ? undefined : `/usr/lib/postgresql/${newest}/bin`;
  } catch {
    return undefined;
  }
};

/** An empty cluster, its database `postgres` open to user `linkpulse` without a password on loopback. Skips the test where it is not installed. */
export const startPostgres = async (context: TestContext): Promise<Engine> => {
  const bin = postgresDirectory();
  needs(context, bin === undefined ? 'postgres' : 'psql', 'postgresql');
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'linkpulse-postgres-'));
  const data = join(folder, 'data');
  mkdirSync(data);
  const asPostgres =
    process.getuid?.() === 0 ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups'] : [];
  if (asPostgres.length > 0) {
    const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
    chmodSync(folder, 0o755);
    chownSync(data, id('-u'), id('-g'));
  }
  const command = (program: string, ...words: string[]): [string, string[]] => {
    const [first = '', ...rest] = [...asPostgres, join(bin ?? '', program), ...words];
    return [first, rest];
  };
  execFileSync(...command('initdb', '-D', data, '-U', 'linkpulse', '-A', 'trust', '--no-instructions', '-N'), {
    stdio: 'ignore',
    cwd: '/',
  });
  const database = engine(port, folder, `postgres://linkpulse@127.0.0.1:${port}/postgres`, {
    spawn: () =>
      spawn(...command('postgres', '-D', data, '-h', '127.0.0.1', '-p', String(port), '-k', ''), {
        stdio: 'ignore',
        cwd: '/',
      }),
    isUp: async () => {
      try {
        execFileSync(join(bin ?? '', 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port), '-q']);
        return true;
      } catch {
        return false;
      }
    },
    stopSignal: 'SIGINT',
    // SIGKILL of the first process alone would leave those it forked; this is PostgreSQL's own way to die at once.
    kill: async (process) => {
      process.kill('SIGQUIT');
    },
  });
  await database.start();
  return database;
};
