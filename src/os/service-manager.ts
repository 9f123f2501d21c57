/** What systemd is told of this process (sd_notify(3)): one datagram each to the socket that it named. */
import { checked, libc } from './libc.js';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const SOCK_NONBLOCK = 0o4000;
/** sizeof(sun_path), unix(7). */
const longestPath = 108;

export interface ServiceManager {
  /** Half of `WatchdogSec`, as sd_watchdog_enabled(3) advises; null: it does not watch this process. */
  readonly feedEveryMs: number | null;
  /** Lines such as `READY=1`. Never throws and never waits: a full socket loses one word. */
  tell(...lines: readonly string[]): void;
}

const nobody: ServiceManager = { feedEveryMs: null, tell: () => {} };

/**
 * The service manager that started this process, by its environment; without one `tell` goes nowhere. Throws BenchError
 * SYSTEM_CALL where NOTIFY_SOCKET names no socket.
 */
export const findServiceManager = (environment: NodeJS.ProcessEnv): ServiceManager => {
  const { NOTIFY_SOCKET: path, WATCHDOG_USEC: usec, WATCHDOG_PID: pid } = environment;
  if (path === undefined || path === '' || Buffer.byteLength(path) >= longestPath) return nobody;
  const descriptor = checked('socket', libc().socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const address = Buffer.alloc(2 + Buffer.byteLength(path) + 1);
  address.writeUInt16LE(AF_UNIX, 0);
  address.write(path, 2);
  // An abstract name begins with a NUL, written as @, and has none at its end.
  if (path.startsWith('@')) address[2] = 0;
  const length = path.startsWith('@') ? address.length - 1 : address.length;
  checked('connect to NOTIFY_SOCKET', libc().connect(descriptor, address, length));
  const isWatched = Number(usec) > 0 && (pid === undefined || Number(pid) === process.pid);
  return {
    feedEveryMs: isWatched ? Number(usec) / 2000 : null,
    tell: (...lines) => {
      const text = Buffer.from(lines.join('\n'));
      libc().send(descriptor, text, text.length, 0);
    },
  };
};
