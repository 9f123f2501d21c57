/**
 * A listening TCP socket that outlives this process's replacement by itself in a private network namespace: it stays in
 * the namespace where it was made, so that a simulated bench can be seen from outside.
 */
import { openDeviceSocket } from './device-socket.js';
import { checked, libc } from './libc.js';

const F_SETFD = 2;
const FD_CLOEXEC = 1;
const backlog = 128;

export interface InheritedListener {
  readonly descriptor: number;
  readonly port: number;
}

const mark = (address: string, port: number): string => `LINKPULSE_LISTENER_${address.replaceAll('.', '_')}_${port}`;

/**
 * Opens a listener on an IPv4 address, or finds the one that this process opened before it replaced itself. `environment`
 * is what the replacement will be given; the descriptor stands there. Throws BenchError SYSTEM_CALL.
 */
export const inheritListener = (address: string, port: number, environment: NodeJS.ProcessEnv): InheritedListener => {
  const name = mark(address, port);
  const [pid, descriptor, opened] = (environment[name] ?? '').split(':').map(Number);
  if (pid === process.pid && descriptor !== undefined && opened !== undefined) {
    // Not for the children of this process.
    checked('fcntl', libc().fcntl(descriptor, F_SETFD, 'int', FD_CLOEXEC));
    delete environment[name];
    return { descriptor, port: opened };
  }
  const socket = openDeviceSocket({ kind: 'tcp', interfaceName: null, address, port });
  checked('listen', libc().listen(socket.descriptor, backlog));
  checked('fcntl', libc().fcntl(socket.descriptor, F_SETFD, 'int', 0));
  environment[name] = `${process.pid}:${socket.descriptor}:${socket.port}`;
  return socket;
};
