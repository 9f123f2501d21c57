import { spawn } from 'node:child_process';
import { closeSync, writeSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import koffi from 'koffi';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { watchedDescriptors, watchReadable } from '../../src/os/epoll.js';
import { closeDescriptor, libc } from '../../src/os/libc.js';

const pipe2 = koffi.load('libc.so.6').func('int pipe2(_Out_ int*, int)');
const O_NONBLOCK_CLOEXEC = 0o2004000;

const openPipe = (): { reader: number; writer: number } => {
  const ends = new Int32Array(2);
  expect(pipe2(ends, O_NONBLOCK_CLOEXEC)).toBe(0);
  return { reader: ends[0] ?? -1, writer: ends[1] ?? -1 };
};

const drain = (descriptor: number): number => Number(libc().read(descriptor, Buffer.alloc(64), 64));

describe('the epoll loop', () => {
  const cleanUp: (() => void)[] = [];
  afterEach(() => {
    for (const step of cleanUp.splice(0)) step();
    expect(watchedDescriptors()).toBe(0);
  });

  const watchedPipe = (onReadable: (reader: number) => void) => {
    const { reader, writer } = openPipe();
    const unwatch = watchReadable(reader, () => onReadable(reader));
    cleanUp.push(() => {
      unwatch();
      closeDescriptor(reader);
      closeSync(writer);
    });
    return { reader, writer, unwatch };
  };

  test('a descriptor is told as often as something comes, and no more after it is taken off', async () => {
    let told = 0;
    const { writer, unwatch } = watchedPipe((reader) => {
      told += 1;
      drain(reader);
    });
    writeSync(writer, 'one');
    await vi.waitFor(() => expect(told).toBe(1));
    writeSync(writer, 'two');
    await vi.waitFor(() => expect(told).toBe(2));
    writeSync(writer, 'three');
    unwatch();
    await stat('/');
    expect(told).toBe(2);
  });

  test('a descriptor added while the loop is waiting is told without another event', async () => {
    watchedPipe(() => {});
    await stat('/');
    let told = 0;
    const { writer } = watchedPipe((reader) => {
      told += 1;
      drain(reader);
    });
    writeSync(writer, 'x');
    await vi.waitFor(() => expect(told).toBe(1));
  });

  test('what is left unread is told again, and the others have their turn in between', async () => {
    const order: string[] = [];
    const greedy = watchedPipe((reader) => {
      order.push('greedy');
      libc().read(reader, Buffer.alloc(1), 1);
    });
    const modest = watchedPipe((reader) => {
      order.push('modest');
      drain(reader);
    });
    writeSync(greedy.writer, 'abcdef');
    writeSync(modest.writer, 'x');
    await vi.waitFor(() => expect(order.length).toBe(7));
    expect(order.indexOf('modest')).toBeLessThan(3);
  });

  test('sixty-four idle descriptors leave file access its threads', async () => {
    for (let count = 0; count < 64; count += 1) watchedPipe(() => {});
    const turns: Promise<unknown>[] = [];
    for (let count = 0; count < 200; count += 1) turns.push(stat('/'));
    await expect(Promise.all(turns)).resolves.toHaveLength(200);
  });

  const epollPath = new URL('../../dist/os/epoll.js', import.meta.url).href;
  const script = (ending: string) => `
    import koffi from 'koffi';
    import { watchReadable } from ${JSON.stringify(epollPath)};
    const ends = new Int32Array(2);
    koffi.load('libc.so.6').func('int pipe2(_Out_ int*, int)')(ends, ${O_NONBLOCK_CLOEXEC});
    const unwatch = watchReadable(ends[0], () => {});
    setTimeout(() => { ${ending} }, 50);
  `;
  const exitOf = (ending: string): Promise<{ code: number | null; signal: string | null }> =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script(ending)], { stdio: 'inherit' });
      const limit = AbortSignal.timeout(15_000);
      limit.addEventListener('abort', () => child.kill('SIGKILL'));
      child.on('error', reject);
      child.on('exit', (code, signal) => resolve({ code, signal }));
    });

  test('the process ends by itself when nothing is watched any more', async () => {
    await expect(exitOf('unwatch()')).resolves.toEqual({ code: 0, signal: null });
  });

  test('process.exit is not held up by the wait', async () => {
    await expect(exitOf('process.exit(7)')).resolves.toEqual({ code: 7, signal: null });
  });
});
