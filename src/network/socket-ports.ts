import { createSocket, type SocketOptions } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import { BenchError } from '../errors.js';
import { openDeviceSocket, receiveDatagram, sendDatagram, socketAddress } from '../os/device-socket.js';
import type { TcpListener, UdpPeer, UdpPort } from './ip-attachment.js';

/** Where a socket sits in the system: its interface (null: any), address and port. */
export interface SocketPlace {
  readonly interfaceName: string | null;
  readonly address: string;
  readonly port: number;
}

const anyAddress = '0.0.0.0';
/** Of a service's own port: a burst of many phones waits while others are served, some 1300 datagrams; more would only grow old. */
const serviceBufferBytes = 1024 * 1024;

/**
 * Of a service's own port: datagrams that wait are read at once, each into memory of its own size, where `dgram` takes 64 KiB
 * of fresh memory for each. A transfer's port has one at a time: there another look would only cost.
 */
const readAtOnce = 64;

/** Addresses are numbers already: nobody is asked for them. */
const lookup: NonNullable<SocketOptions['lookup']> = (address, _, found) => found(null, address, 4);

/** Bound when it returns. Throws BenchError SYSTEM_CALL. */
export const openUdpPort = (place: SocketPlace): UdpPort => {
  const buffer = place.port === 0 ? {} : { receiveBufferBytes: serviceBufferBytes };
  const { descriptor, port } = openDeviceSocket({ kind: 'udp', ...place, ...buffer });
  const socket = createSocket({ type: 'udp4', lookup });
  const errorListeners = new Set<(error: Error) => void>();
  const tellError = (error: Error): void => {
    for (const listener of errorListeners) listener(error);
  };
  socket.on('error', tellError);
  socket.bind({ fd: descriptor, exclusive: true });
  let closed = false;
  let lastPeer: { readonly peer: UdpPeer; readonly address: Buffer } | undefined;
  /** Most datagrams go where the one before went. */
  const addressOf = (peer: UdpPeer): Buffer => {
    if (lastPeer === undefined || lastPeer.peer.address !== peer.address || lastPeer.peer.port !== peer.port)
      lastPeer = { peer, address: socketAddress(peer.address, peer.port) };
    return lastPeer.address;
  };
  return {
    port,
    onMessage: (listener) => {
      socket.on('message', (data, from) => {
        listener(data, { address: from.address, port: from.port });
        if (place.port === 0) return;
        for (let count = 0; count < readAtOnce && !closed; count += 1) {
          const next = receiveDatagram(descriptor);
          if (next === undefined) return;
          listener(next.data, next);
        }
      });
    },
    send: (data, peer) => {
      if (closed) return;
      try {
        if (sendDatagram(descriptor, data, addressOf(peer))) return;
        socket.send(data, peer.port, peer.address, (failure) => {
          if (failure && !closed) tellError(new BenchError('NETWORK_FAILED', failure.message, { cause: failure }));
        });
      } catch (reason) {
        // A port or address no datagram can be sent to.
        tellError(new BenchError('NETWORK_FAILED', String(reason), { cause: reason }));
      }
    },
    onError: (listener) => {
      errorListeners.add(listener);
    },
    close: () => {
      if (closed) return;
      closed = true;
      socket.close();
    },
  };
};

/** Listening when it resolves; `close` ends its connections too. Throws BenchError SYSTEM_CALL. */
export const openTcpListener = async (
  place: SocketPlace,
  onConnection: (socket: Socket, peer: UdpPeer) => void,
): Promise<TcpListener> => {
  const { descriptor } = openDeviceSocket({ kind: 'tcp', ...place });
  const connections = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    // A phone that loses power leaves a reset behind: the reader sees the close, nobody needs the error.
    socket.on('error', () => {});
    onConnection(socket, { address: socket.remoteAddress ?? anyAddress, port: socket.remotePort ?? 0 });
  });
  await listening(server, descriptor);
  let closed: Promise<void> | undefined;
  return {
    close: () => {
      closed ??= new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of connections) socket.destroy();
      });
      return closed;
    },
  };
};

const listening = (server: Server, descriptor: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ fd: descriptor, exclusive: true }, () => {
      server.off('error', reject);
      // A connection that could not be accepted (out of descriptors) is the peer's to try again.
      server.on('error', () => {});
      resolve();
    });
  });
