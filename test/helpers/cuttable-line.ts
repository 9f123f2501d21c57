import { connect, createServer, type Socket } from 'node:net';

export interface CuttableLine {
  readonly port: number;
  /** Every connection at once; `refuses`: and no new one until `mend`. */
  cut(refuses: boolean): void;
  mend(): void;
  close(): Promise<void>;
}

/** TCP on a port of its own, to a port of this machine: the network between a station and whoever is elsewhere. */
export const openLine = async (to: number, from = 0): Promise<CuttableLine> => {
  const sockets = new Set<Socket>();
  let refuses = false;
  const server = createServer((near) => {
    if (refuses) return near.destroy();
    const far = connect(to, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far);
    far.pipe(near);
    return undefined;
  });
  await new Promise<void>((resolve) => server.listen(from, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    cut: (andRefuse) => {
      refuses = andRefuse;
      for (const socket of sockets) socket.destroy();
    },
    mend: () => {
      refuses = false;
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
};
