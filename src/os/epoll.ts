/**
 * The process's one epoll loop. A single `epoll_wait` blocks on one of libuv's four threads, whatever the number of
 * descriptors; nothing else in this room blocks. While something is watched the process stays alive; when nothing is, the
 * thread is released and the process may end.
 */
import koffi from 'koffi';
import { checked, errnos, libc, nativeMemory, systemError } from './libc.js';

const EPOLL_CLOEXEC = 0o2000000;
const EFD_NONBLOCK_CLOEXEC = 0o2004000;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLLIN = 1;
const waitForever = -1;
const eventsPerWait = 64;

/** `struct epoll_event` is packed on x86 only. */
const packed = process.arch === 'x64' || process.arch === 'ia32';
const eventBytes = packed ? 12 : 16;
const dataOffset = packed ? 4 : 8;

interface Loop {
  readonly epoll: number;
  /** Written to when the wait must end although no descriptor is ready. */
  readonly wake: number;
  readonly ready: ReturnType<typeof nativeMemory>;
  readonly watched: Map<number, () => void>;
  waiting: boolean;
}

const readInterest = (descriptor: number): Buffer => {
  const event = Buffer.alloc(eventBytes);
  event.writeUInt32LE(EPOLLIN, 0);
  event.writeUInt32LE(descriptor, dataOffset);
  return event;
};

const openLoop = (): Loop => {
  const epoll = checked('epoll_create1', libc().epollCreate(EPOLL_CLOEXEC));
  const wake = checked('eventfd', libc().eventfd(0, EFD_NONBLOCK_CLOEXEC));
  checked('epoll_ctl', libc().epollControl(epoll, EPOLL_CTL_ADD, wake, readInterest(wake)));
  const loop = { epoll, wake, ready: nativeMemory(eventBytes * eventsPerWait), watched: new Map(), waiting: false };
  // A thread still blocked in epoll_wait would hold up the end of the process.
  process.on('exit', () => wakeUp(loop));
  return loop;
};

const one = Buffer.from(new BigUint64Array([1n]).buffer);
const wakeUp = (loop: Loop): void => {
  libc().write(loop.wake, one, one.length);
};

const wait = (loop: Loop): void => {
  if (loop.waiting || loop.watched.size === 0) return;
  loop.waiting = true;
  libc().epollWait.async(
    loop.epoll,
    loop.ready.address,
    eventsPerWait,
    waitForever,
    (failure: unknown, count: number) => {
      loop.waiting = false;
      if (failure) throw failure;
      const reason = count < 0 ? koffi.errno() : 0;
      if (reason !== 0 && reason !== errnos.EINTR) throw systemError('epoll_wait', reason);
      try {
        dispatch(loop, count);
      } finally {
        wait(loop);
      }
    },
  );
};

const dispatch = (loop: Loop, count: number): void => {
  const descriptors: number[] = [];
  for (let index = 0; index < count; index += 1) {
    descriptors.push(loop.ready.bytes.readUInt32LE(index * eventBytes + dataOffset));
  }
  for (const descriptor of descriptors) {
    if (descriptor === loop.wake) libc().read(loop.wake, Buffer.alloc(one.length), one.length);
    else loop.watched.get(descriptor)?.();
  }
};

let processLoop: Loop | undefined;

/**
 * Calls `onReadable` whenever the non-blocking descriptor has something to read (level-triggered: what is left unread is
 * told again, after other descriptors had their turn). The returned function ends it and must be called before the
 * descriptor is closed; no call follows it.
 */
export const watchReadable = (descriptor: number, onReadable: () => void): (() => void) => {
  processLoop ??= openLoop();
  const loop = processLoop;
  checked('epoll_ctl', libc().epollControl(loop.epoll, EPOLL_CTL_ADD, descriptor, readInterest(descriptor)));
  loop.watched.set(descriptor, onReadable);
  wait(loop);
  let ended = false;
  return () => {
    if (ended) return;
    ended = true;
    loop.watched.delete(descriptor);
    libc().epollControl(loop.epoll, EPOLL_CTL_DEL, descriptor, readInterest(descriptor));
    if (loop.watched.size === 0 && loop.waiting) wakeUp(loop);
  };
};

/** For tests: how many descriptors are watched. */
export const watchedDescriptors = (): number => processLoop?.watched.size ?? 0;
