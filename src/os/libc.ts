/**
 * The one place that calls into the C library. Every call made here returns at once (descriptors are non-blocking); the
 * single blocking one is the epoll loop's, on a thread of its own (epoll.ts).
 */
import { getSystemErrorMap } from 'node:util';
import koffi from 'koffi';
import { BenchError } from '../errors.js';

// asm-generic/errno-base.h, the same on x86-64 and ARM.
export const errnos = {
  EPERM: 1,
  EINTR: 4,
  EIO: 5,
  EAGAIN: 11,
  EBUSY: 16,
  ENETDOWN: 100,
  ENOBUFS: 105,
} as const;

const load = () => {
  const timespec = koffi.struct({ seconds: 'long', nanoseconds: 'long' });
  const library = koffi.load('libc.so.6');
  return {
    socket: library.func('int socket(int, int, int)'),
    bind: library.func('int bind(int, const uint8_t*, uint32_t)'),
    connect: library.func('int connect(int, const uint8_t*, uint32_t)'),
    listen: library.func('int listen(int, int)'),
    getsockname: library.func('int getsockname(int, _Out_ uint8_t*, _Inout_ uint8_t*)'),
    setsockopt: library.func('int setsockopt(int, int, int, const uint8_t*, uint32_t)'),
    getsockopt: library.func('int getsockopt(int, int, int, _Out_ uint8_t*, _Inout_ uint8_t*)'),
    send: library.func('intptr_t send(int, const uint8_t*, size_t, int)'),
    sendto: library.func('intptr_t sendto(int, const uint8_t*, size_t, int, const uint8_t*, uint32_t)'),
    recvfrom: library.func('intptr_t recvfrom(int, _Out_ uint8_t*, size_t, int, _Out_ uint8_t*, _Inout_ uint8_t*)'),
    recv: library.func('intptr_t recv(int, _Out_ uint8_t*, size_t, int)'),
    recvmsg: library.func('intptr_t recvmsg(int, void*, int)'),
    read: library.func('intptr_t read(int, _Out_ uint8_t*, size_t)'),
    write: library.func('intptr_t write(int, const uint8_t*, size_t)'),
    close: library.func('int close(int)'),
    ioctl: library.func('int ioctl(int, unsigned long, void*)'),
    fcntl: library.func('int fcntl(int, int, ...)'),
    ifNameToIndex: library.func('uint32_t if_nametoindex(const char*)'),
    epollCreate: library.func('int epoll_create1(int)'),
    epollControl: library.func('int epoll_ctl(int, int, int, const uint8_t*)'),
    epollWait: library.func('int epoll_wait(int, void*, int, int)'),
    eventfd: library.func('int eventfd(unsigned int, int)'),
    clockGettime: library.func('clock_gettime', 'int', ['int', koffi.out(koffi.pointer(timespec))]),
    endProcess: library.func('void _exit(int)'),
    adjtimex: library.func('int adjtimex(void*)'),
    posixOpenpt: library.func('int posix_openpt(int)'),
    grantpt: library.func('int grantpt(int)'),
    unlockpt: library.func('int unlockpt(int)'),
    ptsname: library.func('int ptsname_r(int, _Out_ uint8_t*, size_t)'),
    tcgetattr: library.func('int tcgetattr(int, _Out_ uint8_t*)'),
    tcsetattr: library.func('int tcsetattr(int, int, const uint8_t*)'),
    cfmakeraw: library.func('void cfmakeraw(_Inout_ uint8_t*)'),
    execve: library.func('int execve(const char*, const char**, const char**)'),
  };
};

let loaded: ReturnType<typeof load> | undefined;

/** The C library's functions, loaded at the first use. */
export const libc = (): ReturnType<typeof load> => {
  loaded ??= load();
  return loaded;
};

/** The error number of the last call that failed. */
export const errno = (): number => koffi.errno();

/** `EPERM: operation not permitted`. */
export const errnoText = (number: number): string => {
  const [name, meaning] = getSystemErrorMap().get(-number) ?? [`errno ${number}`, 'unknown error'];
  return `${name}: ${meaning}`;
};

export const systemError = (call: string, number = errno()): BenchError =>
  new BenchError('SYSTEM_CALL', `${call} failed with ${errnoText(number)}`);

/** Passes a result on; throws BenchError SYSTEM_CALL with the call's name and the system's reason when it is negative. */
export const checked = (call: string, result: number): number => {
  if (result < 0) throw systemError(call);
  return result;
};

export const closeDescriptor = (descriptor: number): void => {
  libc().close(descriptor);
};

export const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
};

/** Memory that stays where it is, so that the kernel may be given its address; freed with the process. */
export interface NativeMemory {
  readonly address: bigint;
  readonly bytes: Buffer;
}

export const nativeMemory = (size: number): NativeMemory => {
  const address: bigint = koffi.alloc('uint8_t', size);
  return { address, bytes: Buffer.from(koffi.view(address, size)) };
};

export const freeNativeMemory = (memory: NativeMemory): void => koffi.free(memory.address);

export const pointerBytes = koffi.sizeof('void*');

export const writePointer = (memory: Buffer, offset: number, pointer: bigint): void => {
  if (pointerBytes === 8) memory.writeBigUInt64LE(pointer, offset);
  else memory.writeUInt32LE(Number(pointer), offset);
};

const CLOCK_REALTIME = 0;

/** CLOCK_REALTIME in microseconds: only for turning the kernel's packet stamps into the Clock's time base. */
export const realTimeUs = (): number => {
  const now = { seconds: 0, nanoseconds: 0 };
  checked('clock_gettime', libc().clockGettime(CLOCK_REALTIME, now));
  return now.seconds * 1_000_000 + Math.floor(now.nanoseconds / 1000);
};
