import type { Socket } from 'node:net';
import { BenchError } from '../errors.js';
import { decodeEthernet, etherTypes } from '../wire/ethernet.js';
import { decodeIpv4, decodeUdp, ipProtocols } from '../wire/ipv4.js';
import type { AttachOptions, IpAttachment, TcpListener, UdpPeer, UdpPort } from './ip-attachment.js';
import { firstUnshiftedPort, logicalAddress, logicalPort, loopbackAddress, loopbackPort } from './limited-addresses.js';
import type { LimitedLink } from './limited-link.js';
import { broadcastAddress, FrameMaker, TcpMirror } from './limited-mirror.js';
import { MirroredSocket } from './mirrored-socket.js';
import { openTcpListener, openUdpPort } from './socket-ports.js';

/** DHCP servers listen here; the phone has no address yet, so it travels as whole frames. */
const dhcpServerPort = 67;
const ephemeralAttempts = 8;

/** IP presence where there is no network of our own. Same contract, other means; what it cannot prove is listed by limited-network.ts. */
export const openLimitedAttachment = (
  link: LimitedLink,
  portOffset: number,
  { vlan, addresses }: AttachOptions,
): IpAttachment => {
  const own = addresses[0];
  if (own === undefined) throw new BenchError('NETWORK_FAILED', 'an attachment needs an address');
  const frames = new FrameMaker(link, vlan);
  const open = new Set<{ close(): unknown }>();
  const ours = (address: string): string => {
    if (!addresses.includes(address))
      throw new BenchError('NETWORK_FAILED', `${address} is not an address of the bench`);
    return address;
  };
  const place = (address: string, port: number) => ({
    interfaceName: null,
    address: loopbackAddress(address),
    port: loopbackPort(port, portOffset),
  });
  const logicalPeer = ({ address, port }: UdpPeer): UdpPeer => ({
    address: logicalAddress(address, own),
    port: logicalPort(port, portOffset),
  });

  /** Port 0 must not be given a port that looks like a shifted service. */
  const openLoopbackUdp = (address: string, port: number): UdpPort => {
    for (let attempt = 1; ; attempt += 1) {
      const udp = openUdpPort(place(address, port));
      if (port !== 0 || udp.port >= firstUnshiftedPort || attempt >= ephemeralAttempts) return udp;
      udp.close();
    }
  };

  const bindLoopback = (address: string, port: number): UdpPort => {
    const udp = openLoopbackUdp(address, port);
    const here: UdpPeer = { address, port: port === 0 ? udp.port : port };
    const listeners = new Set<(data: Uint8Array, peer: UdpPeer) => void>();
    udp.onMessage((data, from) => {
      const peer = logicalPeer(from);
      link.mirror(frames.udp('in', peer, here, data), 'in');
      for (const listener of listeners) listener(data, peer);
    });
    return {
      port: here.port,
      onMessage: (listener) => void listeners.add(listener),
      onError: udp.onError,
      send: (data, peer) => {
        link.mirror(frames.udp('out', here, peer, data), 'out');
        // Nobody has an address to hear a broadcast at.
        if (peer.address === broadcastAddress) return;
        udp.send(data, { address: loopbackAddress(peer.address), port: loopbackPort(peer.port, portOffset) });
      },
      close: udp.close,
    };
  };

  const bindFrames = (address: string, port: number): UdpPort => {
    const here: UdpPeer = { address, port };
    const listeners = new Set<(data: Uint8Array, peer: UdpPeer) => void>();
    const errorListeners = new Set<(error: Error) => void>();
    const unlisten = link.onFrame(({ bytes, direction, synthesised }) => {
      if (direction !== 'in' || synthesised) return;
      const found = readDatagram(bytes, vlan, port);
      if (found) for (const listener of listeners) listener(found.data, found.peer);
    });
    return {
      port,
      onMessage: (listener) => void listeners.add(listener),
      onError: (listener) => void errorListeners.add(listener),
      send: (data, peer) => {
        try {
          link.sendSynthesised(frames.udp('out', here, peer, data));
        } catch (reason) {
          const failure = new BenchError('NETWORK_FAILED', String(reason), { cause: reason });
          for (const listener of errorListeners) listener(failure);
        }
      },
      close: unlisten,
    };
  };

  const listen = async (
    address: string,
    port: number,
    onConnection: (socket: Socket, peer: UdpPeer, mirror: TcpMirror) => void,
  ): Promise<TcpListener> => {
    const here: UdpPeer = { address: ours(address), port };
    const listener = await openTcpListener(place(address, port), (socket, from) => {
      const peer = logicalPeer(from);
      onConnection(socket, peer, new TcpMirror(link, frames, peer, here));
    });
    open.add(listener);
    return listener;
  };

  let closed: Promise<void> | undefined;
  return {
    interfaceName: `${link.name}${vlan === null ? '' : `.${vlan}`}`,
    bindUdp: ({ address, port }) => {
      const at = address === undefined ? own : ours(address);
      const udp = port === dhcpServerPort ? bindFrames(at, port) : bindLoopback(at, port);
      open.add(udp);
      return udp;
    },
    listenTcp: ({ address, port }, onConnection) =>
      listen(address, port, (socket, peer, mirror) => onConnection(new MirroredSocket(socket, mirror), peer)),
    refuseTcp: ({ address, port }) =>
      listen(address, port, (socket, _peer, mirror) => {
        mirror.refused();
        socket.resetAndDestroy();
      }),
    close: () => {
      closed ??= Promise.all([...open].map((one) => one.close())).then(() => {});
      return closed;
    },
  };
};

/** The datagram for `port` in a frame of that VLAN; undefined for every other frame. */
const readDatagram = (
  frame: Uint8Array,
  vlan: number | null,
  port: number,
): { readonly data: Uint8Array; readonly peer: UdpPeer } | undefined => {
  const ethernet = decodeEthernet(frame);
  if (ethernet?.body.kind !== 'ethertype' || ethernet.body.etherType !== etherTypes.ipv4) return undefined;
  if ((ethernet.vlans[0]?.id ?? 0) !== (vlan ?? 0)) return undefined;
  const packet = decodeIpv4(ethernet.payload);
  if (packet?.protocol !== ipProtocols.udp || packet.moreFragments || packet.fragmentOffset !== 0) return undefined;
  const datagram = decodeUdp(packet.payload);
  if (datagram?.destinationPort !== port) return undefined;
  return { data: datagram.payload, peer: { address: packet.source, port: datagram.sourcePort } };
};
