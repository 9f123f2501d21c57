/** A wire that can be cut: a TCP proxy on loopback. */

import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';

export interface TcpProxy {
  readonly port: number;
  /** Every connection ends in the middle of what goes over it next: half of it arrives, then nothing more. Counts them. */
  cut(): number;
  close(): Promise<void>;
}

export const startProxy = async (targetPort: number): Promise<TcpProxy> => {
  const pairs = new Set<{ readonly sockets: readonly Socket[]; isCut: boolean }>();
  const server = createServer((near) => {
    const far = connect(targetPort, '127.0.0.1');
    const pair = { sockets: [near, far], isCut: false };
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    const pass = (from: Socket, to: Socket) => {
      from.on('data', (bytes) => {
        if (pair.isCut) {
          to.write(bytes.subarray(0, bytes.length / 2), end);
          from.pause();
        } else if (!to.write(bytes)) {
          from.pause();
          to.once('drain', () => from.resume());
        }
      });
      from.on('error', end);
      from.on('close', end);
    };
    pass(near, far);
    pass(far, near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    cut: () => {
      const count = pairs.size;
      for (const pair of pairs) pair.isCut = true;
      return count;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const { sockets } of pairs) for (const socket of sockets) socket.destroy();
      }),
  };
};
