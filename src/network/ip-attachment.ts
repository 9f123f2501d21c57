import type { Duplex } from 'node:stream';

/**
 * The bench's IP presence on one VLAN (or untagged) of one phone's wire: real kernel sockets bound to that interface
 * alone. Addresses in this contract are always the plan's (logical) addresses and ports; in limited mode they are
 * mapped to loopback underneath and frames are synthesised for the FrameLink's listeners.
 */
export interface UdpPeer {
  readonly address: string;
  readonly port: number;
}

export interface UdpPort {
  readonly port: number;
  onMessage(listener: (data: Uint8Array, peer: UdpPeer) => void): void;
  /** Sends to a peer; 255.255.255.255 broadcasts on this interface. Errors are reported to onError, never thrown. */
  send(data: Uint8Array, peer: UdpPeer): void;
  onError(listener: (error: Error) => void): void;
  close(): void;
}

export interface TcpListener {
  close(): Promise<void>;
}

export interface IpAttachment {
  readonly interfaceName: string;
  /** Port 0 takes any free port (TFTP transfer ids). `address` must be one of the bench's addresses. */
  bindUdp(options: { readonly address?: string; readonly port: number }): UdpPort;
  listenTcp(
    options: { readonly address: string; readonly port: number },
    onConnection: (socket: Duplex, peer: UdpPeer) => void,
  ): Promise<TcpListener>;
  /** This address and port answers a SYN with RST on purpose. */
  refuseTcp(options: { readonly address: string; readonly port: number }): Promise<TcpListener>;
  close(): Promise<void>;
}

export interface AttachOptions {
  /** 802.1Q id, null: untagged. */
  readonly vlan: number | null;
  /** First is the bench's own; others are further CallManagers. */
  readonly addresses: readonly string[];
  readonly prefixLength: number;
}

/** What main builds for a port and hands to the bench: the wire, and how to get an IP presence on it. */
export interface PortNetwork {
  readonly link: import('./frame-link.js').FrameLink;
  attach(options: AttachOptions): Promise<IpAttachment>;
  /** Is it a station of ours, or of those who serve in our place? Its frames do not come from a phone. */
  isBenchSide(mac: string): boolean;
  /** The jack's carrier cannot be seen: link is up with the phone's first frame. */
  readonly hidesCarrier?: boolean;
  /** What cannot be proven on this kind of network (limited mode), in words; empty on a real wire. */
  readonly limited: readonly string[];
  close(): Promise<void>;
}
