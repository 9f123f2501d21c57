import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import type { IpAttachment, TcpListener, UdpPeer, UdpPort } from '../../src/network/ip-attachment.js';

const loopback = '127.0.0.1';
type Address = { readonly address?: string; readonly port: number };
const keyOf = (kind: 'udp' | 'tcp', { address, port }: Address): string => `${kind} ${address ?? '*'}:${port}`;

/**
 * The plan's addresses and ports on real sockets of 127.0.0.1: each bound port gets a free one underneath. A peer's
 * loopback address stands for itself; everything else that is sent goes to `phonePort` and is noted in `destinations`.
 */
export class LoopbackAttachment implements IpAttachment {
  readonly interfaceName = 'loopback';
  phonePort = 0;
  readonly destinations: UdpPeer[] = [];
  /** UDP ports that are open now, by the plan's numbers. */
  readonly openUdp = new Set<UdpPort>();
  readonly #real = new Map<string, Promise<number>>();

  realPort(kind: 'udp' | 'tcp', address: string | undefined, port: number): Promise<number> {
    const found = this.#real.get(keyOf(kind, address === undefined ? { port } : { address, port }));
    if (found === undefined) throw new Error(`nothing bound on ${kind} ${address ?? '*'}:${port}`);
    return found;
  }

  bindUdp(options: Address): UdpPort {
    const socket = dgram.createSocket('udp4');
    const listening = once(socket, 'listening').then(() => socket.address().port);
    socket.bind(0, loopback);
    if (options.port !== 0) this.#real.set(keyOf('udp', options), listening);
    let closed = false;
    const port: UdpPort = {
      port: options.port,
      onMessage: (listener) => {
        socket.on('message', (data, from) => {
          if (!closed) listener(new Uint8Array(data), { address: from.address, port: from.port });
        });
      },
      send: (data, peer) => {
        if (closed) throw new Error('sent on a closed port');
        this.destinations.push(peer);
        const real = peer.address === loopback ? peer.port : this.phonePort;
        socket.send(data, real, loopback, () => {});
      },
      onError: (listener) => {
        socket.on('error', listener);
      },
      close: () => {
        if (closed) return;
        closed = true;
        this.openUdp.delete(port);
        socket.close();
      },
    };
    this.openUdp.add(port);
    return port;
  }

  async listenTcp(
    options: { readonly address: string; readonly port: number },
    onConnection: (socket: Duplex, peer: UdpPeer) => void,
  ): Promise<TcpListener> {
    const server = net.createServer({ allowHalfOpen: true }, (socket) =>
      onConnection(socket, { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 }),
    );
    server.listen(0, loopback);
    await once(server, 'listening');
    const { port } = server.address() as net.AddressInfo;
    this.#real.set(keyOf('tcp', options), Promise.resolve(port));
    return {
      close: async () => {
        server.close();
        await once(server, 'close');
      },
    };
  }

  /** A port that was bound and let go: the kernel answers with RST. */
  async refuseTcp(options: { readonly address: string; readonly port: number }): Promise<TcpListener> {
    const listener = await this.listenTcp(options, () => {});
    await listener.close();
    return { close: async () => {} };
  }

  async close(): Promise<void> {
    for (const port of this.openUdp) port.close();
  }
}
