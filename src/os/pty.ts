/**
 * A pseudo-terminal that stands for a USB serial cable: `path` is what a host opens, this side is what the board is
 * wired to. Raw mode; nothing here ever blocks or throws away the host's bytes.
 */
import { closeSync, openSync } from 'node:fs';
import { BenchError } from '../errors.js';
import { errno, errnos, errnoText, libc } from './libc.js';

export interface Pty {
  /** The slave's path, for the host to open. */
  readonly path: string;
  /** What the host has written since the last call, 4 KiB or `maximumBytes` at most; empty when nothing came. */
  read(maximumBytes?: number): Uint8Array;
  /**
   * Queues bytes towards the host and sends what fits now; call `flush` later for the rest. While nobody has the
   * port open they go nowhere, as on a real cable. Past `bufferLimit` bytes waiting they are dropped and counted.
   */
  write(bytes: Uint8Array): void;
  flush(): void;
  /** Whether a host has the port open, as of the last `read`. */
  readonly held: boolean;
  readonly waitingBytes: number;
  readonly droppedBytes: number;
  /** Pulls the cable: the host's port reports an error or closes. Safe to call again. */
  close(): void;
}

// Values of asm-generic/fcntl.h, the same on x86-64 and ARM.
const O_RDWR = 0o2;
const O_NOCTTY = 0o400;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const TCSANOW = 0;

const pathBytes = 64;
/** More than sizeof(struct termios) of any glibc. */
const termiosBytes = 128;
const readBytes = 4096;
const bufferLimit = 256 * 1024;

const checked = (what: string, result: number): number => {
  if (result < 0) throw new BenchError('SYSTEM_CALL', `${what}: ${errnoText(errno())}`);
  return result;
};

/** @throws BenchError SYSTEM_CALL */
export const openPty = (): Pty => {
  const calls = libc();
  const master = checked('posix_openpt', calls.posixOpenpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  let path: string;
  try {
    checked('grantpt', calls.grantpt(master));
    checked('unlockpt', calls.unlockpt(master));
    const name = Buffer.alloc(pathBytes);
    checked('ptsname_r', calls.ptsname(master, name, pathBytes));
    path = name.toString('utf8', 0, name.indexOf(0));
    // The terminal keeps its settings while the master is open, whoever opens and closes the slave. Having been
    // opened once, it answers EIO to the master as long as nobody holds it: that is how `held` is known.
    const slave = openSync(path, O_RDWR | O_NOCTTY);
    try {
      const termios = Buffer.alloc(termiosBytes);
      checked('tcgetattr', calls.tcgetattr(slave, termios));
      calls.cfmakeraw(termios);
      checked('tcsetattr', calls.tcsetattr(slave, TCSANOW, termios));
    } finally {
      closeSync(slave);
    }
  } catch (cause) {
    closeSync(master);
    throw cause;
  }

  const incoming = Buffer.alloc(readBytes);
  const nothing = new Uint8Array(0);
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let droppedBytes = 0;
  let held = false;
  let open = true;

  const forget = () => {
    waiting = [];
    waitingBytes = 0;
  };

  const flush = () => {
    while (open && waiting.length > 0) {
      const chunk = waiting[0] as Uint8Array;
      const written = Number(calls.write(master, chunk, chunk.length));
      if (written <= 0) return;
      waitingBytes -= written;
      if (written === chunk.length) waiting.shift();
      else waiting[0] = chunk.subarray(written);
    }
  };

  return {
    path,
    get held() {
      return held;
    },
    get waitingBytes() {
      return waitingBytes;
    },
    get droppedBytes() {
      return droppedBytes;
    },
    read: (maximumBytes = readBytes) => {
      if (!open) return nothing;
      const count = Number(calls.read(master, incoming, Math.min(maximumBytes, readBytes)));
      if (count > 0) {
        held = true;
        return Uint8Array.prototype.slice.call(incoming, 0, count);
      }
      const number = errno();
      if (count < 0 && (number === errnos.EAGAIN || number === errnos.EINTR)) held = true;
      else if (count === 0 || number === errnos.EIO) {
        held = false;
        forget();
      } else throw new BenchError('SYSTEM_CALL', `read from the pty: ${errnoText(number)}`);
      return nothing;
    },
    write: (bytes) => {
      if (!open || !held || bytes.length === 0) return;
      const room = bufferLimit - waitingBytes;
      const kept = bytes.length <= room ? bytes : bytes.subarray(0, room);
      droppedBytes += bytes.length - kept.length;
      if (kept.length > 0) {
        waiting.push(kept.slice());
        waitingBytes += kept.length;
      }
      flush();
    },
    flush,
    close: () => {
      if (!open) return;
      open = false;
      held = false;
      forget();
      closeSync(master);
    },
  };
};
