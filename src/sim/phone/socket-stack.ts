import { createSocket } from 'node:dgram';
import { connect, Socket, type SocketConstructorOpts } from 'node:net';
import { openDeviceSocket } from '../../os/device-socket.js';
import type { Alarm, Clock } from '../../timeline/clock.js';
import type { PhoneStack } from '../contracts.js';

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** How the phone's addresses and ports lie on this system's: the same on a real wire, loopback in limited mode. */
export interface EndpointMap {
  toSystem(logical: Endpoint): Endpoint;
  toLogical(system: Endpoint): Endpoint;
}

export const sameEndpoints: EndpointMap = { toSystem: (endpoint) => endpoint, toLogical: (endpoint) => endpoint };

export interface SocketStack extends PhoneStack {
  /** All sockets are gone when it returns: UDP closed, TCP reset. */
  close(): void;
  /** Sockets not yet closed. */
  readonly openSockets: number;
}

const goneError = (): Error => Object.assign(new Error('the phone has no address any more'), { code: 'ENETDOWN' });
const timeoutError = (): Error => Object.assign(new Error('connect was not answered'), { code: 'ETIMEDOUT' });

/**
 * Kernel sockets with `address` as their source. `interfaceName`: they are that interface's alone, so that another phone may
 * have the same address; null on loopback.
 */
export const createSocketStack = (
  address: string,
  map: EndpointMap,
  clock: Clock,
  interfaceName: string | null = null,
): SocketStack => {
  /** How to close each open socket at once. */
  const open = new Set<() => void>();
  let closed = false;

  return {
    udp: (port) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(goneError());
        const socket = createSocket('udp4');
        let alive = true;
        const shut = (): void => {
          if (!alive) return;
          alive = false;
          open.delete(shut);
          socket.close();
        };
        open.add(shut);
        socket.once('error', (error) => {
          shut();
          reject(error);
        });
        const local = map.toSystem({ address, port });
        const bound = () => {
          if (!alive) return reject(goneError());
          // From here on an error is a lost datagram, as on any wire.
          socket.on('error', () => {});
          let unsent = 0;
          let closing = false;
          const shutWhenSent = (): void => {
            if (closing && unsent === 0) shut();
          };
          resolve({
            port: map.toLogical(socket.address()).port,
            send: (data, peerAddress, peerPort) => {
              const peer = map.toSystem({ address: peerAddress, port: peerPort });
              if (!alive || closing) return;
              unsent += 1;
              socket.send(data, peer.port, peer.address, () => {
                unsent -= 1;
                shutWhenSent();
              });
            },
            onMessage: (listener) => {
              socket.on('message', (data, from) => {
                if (alive && !closing) listener(data, map.toLogical(from));
              });
            },
            // Node sends in a later turn: what was sent before must not be lost with the socket.
            close: () => {
              closing = true;
              shutWhenSent();
            },
          });
        };
        if (interfaceName === null) return socket.bind(local.port, local.address, bound);
        try {
          socket.bind({ fd: openDeviceSocket({ kind: 'udp', interfaceName, ...local }).descriptor });
          bound();
        } catch (error) {
          shut();
          reject(error);
        }
      }),

    connect: (peerAddress, peerPort, timeoutMs) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(goneError());
        const peer = map.toSystem({ address: peerAddress, port: peerPort });
        const source = map.toSystem({ address, port: 0 });
        let socket: Socket;
        try {
          socket = connecting(peer, source.address, interfaceName);
        } catch (error) {
          return reject(error);
        }
        const shut = (): void => {
          settle();
          destroyNow(socket);
          reject(goneError());
        };
        const overdue: Alarm = clock.alarm(timeoutMs, () => {
          destroyNow(socket);
          reject(timeoutError());
        });
        const settle = (): void => overdue.cancel();
        open.add(shut);
        socket.once('close', () => open.delete(shut));
        socket.once('connect', () => {
          settle();
          resolve(socket);
        });
        // Stays: a reset after the promise is settled is the user's `close` event, never an uncaught error.
        socket.on('error', (error) => {
          settle();
          reject(error);
        });
      }),

    close: () => {
      closed = true;
      for (const shut of open) shut();
      open.clear();
    },
    get openSockets() {
      return open.size;
    },
  };
};

/** Node makes no socket that belongs to a device: it is given one that waits to be connected. */
const connecting = ({ address: host, port }: Endpoint, localAddress: string, interfaceName: string | null): Socket => {
  if (interfaceName === null) return connect({ host, port, localAddress });
  const { descriptor } = openDeviceSocket({ kind: 'tcp', interfaceName, address: localAddress, port: 0 });
  const unconnected: SocketConstructorOpts & { readonly manualStart: true } = {
    fd: descriptor,
    readable: true,
    writable: true,
    manualStart: true,
  };
  return new Socket(unconnected).connect({ host, port });
};

/** Without a FIN that the kernel would repeat for minutes. */
const destroyNow = (socket: Socket): void => {
  if (socket.connecting) socket.destroy();
  else socket.resetAndDestroy();
};
