import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { checked, libc } from '../../src/os/libc.js';
import { systemClock } from '../../src/timeline/clock.js';
import { sleep } from '../../src/timeline/wait.js';
import { invoke, makeImageBench, strict } from '../helpers/linkpulse.js';
import { plugBoard } from '../helpers/serial-things.js';

const folder = mkdtempSync(join(tmpdir(), 'linkpulse-service-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = async (...words: string[]) => {
  const invocation = invoke(words);
  return { exitCode: await invocation.exitCode, stdout: invocation.stdout(), stderr: invocation.stderr() };
};

describe('install-service', () => {
  const unit = join(folder, 'etc/systemd/system/linkpulse.service');
  const bench = join(folder, 'etc/linkpulse/bench.yaml');

  it('writes unit, user and a first bench file, and keeps a bench file that is there', async () => {
    expect((await run('install-service', '--root', folder)).exitCode).toBe(0);
    expect(readFileSync(unit, 'utf8')).not.toMatch(/@[A-Z]+@/);
    expect((await run('doctor', '--bench', bench)).stderr).not.toContain('BENCH_FILE_INVALID');
    writeFileSync(bench, 'mine\n');
    expect((await run('install-service', '--root', folder)).stdout).toContain(`kept     ${bench}`);
    expect(readFileSync(bench, 'utf8')).toBe('mine\n');
  }, 60_000);

  const hasAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0;
  if (!hasAnalyze && !strict) console.log('skipped: the unit before systemd-analyze (package systemd)');
  it.skipIf(!hasAnalyze && !strict)('passes systemd’s own checks, exposed below 4', () => {
    execFileSync('systemd-analyze', ['verify', unit], { stdio: 'pipe' });
    execFileSync('systemd-analyze', ['security', '--offline=yes', '--threshold=40', unit], { stdio: 'pipe' });
  });
});

/** systemd's end of NOTIFY_SOCKET. */
const listen = (path: string) => {
  const [AF_UNIX, SOCK_DGRAM, SOCK_NONBLOCK] = [1, 2, 0o4000];
  const descriptor = checked('socket', libc().socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));
  const address = Buffer.alloc(110);
  address.writeUInt16LE(AF_UNIX, 0);
  address.write(path, 2);
  checked('bind', libc().bind(descriptor, address, address.length));
  const buffer = Buffer.alloc(4096);
  return {
    heard: (): string[] => {
      const texts: string[] = [];
      for (;;) {
        const count = Number(libc().recv(descriptor, buffer, buffer.length, 0));
        if (count <= 0) return texts;
        texts.push(buffer.toString('utf8', 0, count));
      }
    },
    close: () => libc().close(descriptor),
  };
};

describe('a station under a service manager', () => {
  it('says when it is ready, feeds the watchdog from its event loop and not without it, and says when it stops', async () => {
    const bench = makeImageBench();
    const path = join(bench.directory, 'notify.sock');
    const manager = listen(path);
    const until = async (word: string): Promise<string[]> => {
      const all: string[] = [];
      for (let tries = 0; tries < 400; tries += 1) {
        all.push(...manager.heard());
        if (all.some((text) => text.includes(word))) return all;
        await sleep(systemClock, 50);
      }
      throw new Error(`no ${word}; heard: ${all.join(' | ')}`);
    };
    const before = { ...process.env };
    Object.assign(process.env, { NOTIFY_SOCKET: path, WATCHDOG_USEC: '400000' });
    const station = invoke(['station', '--bench', bench.path, '--socket', bench.socketPath]);
    process.env = before;
    try {
      expect((await until('READY=1')).join()).toContain('sim1');
      await until('WATCHDOG=1');
      station.child.kill('SIGSTOP');
      await sleep(systemClock, 300);
      manager.heard();
      await sleep(systemClock, 1000);
      expect(manager.heard(), 'nothing else feeds it').toEqual([]);
      station.child.kill('SIGCONT');
      await until('WATCHDOG=1');
      station.child.kill('SIGTERM');
      await until('STOPPING=1');
      expect(await station.exitCode).toBe(0);
    } finally {
      manager.close();
      bench.remove();
    }
  }, 60_000);
});

describe('board off --all', () => {
  const benchOf = (board: string): string => {
    const path = join(folder, 'boards.yaml');
    const port = `{ kind: hardware, board: ${board}, interface: lp-none }`;
    writeFileSync(path, `station: s\nruns: runs\nports:\n  port1: ${port}\n`);
    return path;
  };

  it('has each board prove that its jack is dead', async () => {
    const board = plugBoard('LP000842');
    try {
      const { exitCode, stdout } = await run('board', 'off', '--all', '--bench', benchOf(board.path));
      expect(stdout).toMatch(/^port1: board LP000842 on \S+: power is off \(0\.\d\d V, 0 mA\)$/m);
      expect(exitCode).toBe(0);
    } finally {
      board.close();
    }
  }, 60_000);

  it('says which board could not be asked', async () => {
    const { exitCode, stdout } = await run('board', 'off', '--all', '--bench', benchOf('/dev/no-such-board'));
    expect(stdout).toMatch(/^port1: cannot be asked \(BOARD_NOT_FOUND/m);
    expect(exitCode).toBe(5);
  }, 60_000);
});
