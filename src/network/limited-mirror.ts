import { encodeEthernet, etherTypes } from '../wire/ethernet.js';
import { encodeIpv4, encodeTcp, encodeUdp, ipProtocols, type TcpSegment } from '../wire/ipv4.js';
import type { LinkFrame } from './frame-link.js';
import type { UdpPeer } from './ip-attachment.js';
import type { LimitedLink } from './limited-link.js';

const broadcastMac = 'ff:ff:ff:ff:ff:ff';
export const broadcastAddress = '255.255.255.255';
const segmentBytes = 1460;
const identifications = 0x1_0000;
const sequences = 2 ** 32;
/** Where made-up conversations start to count; any value will do (RFC 9293, 3.4.1). */
const initialSequence = { phone: 100_000, bench: 500_000 };

const nothing = new Uint8Array(0);

type Direction = LinkFrame['direction'];

/** Makes the frames that a real wire would have carried. */
export class FrameMaker {
  readonly #link: LimitedLink;
  readonly #vlan: number | null;
  #identification = 0;

  constructor(link: LimitedLink, vlan: number | null) {
    this.#link = link;
    this.#vlan = vlan;
  }

  udp(direction: Direction, from: UdpPeer, to: UdpPeer, payload: Uint8Array): Uint8Array {
    const datagram = encodeUdp({
      sourcePort: from.port,
      destinationPort: to.port,
      payload,
      source: from.address,
      destination: to.address,
    });
    return this.#frame(direction, from.address, to.address, ipProtocols.udp, datagram);
  }

  tcp(direction: Direction, from: UdpPeer, to: UdpPeer, segment: Omit<TcpSegment, 'sourcePort' | 'destinationPort'>) {
    const bytes = encodeTcp({
      ...segment,
      sourcePort: from.port,
      destinationPort: to.port,
      source: from.address,
      destination: to.address,
    });
    return this.#frame(direction, from.address, to.address, ipProtocols.tcp, bytes);
  }

  #frame(direction: Direction, source: string, destination: string, protocol: number, payload: Uint8Array): Uint8Array {
    const phone = this.#link.phoneMac();
    const receiver = direction === 'in' ? this.#link.macAddress : phone;
    this.#identification = (this.#identification + 1) % identifications;
    return encodeEthernet({
      source: direction === 'in' ? phone : this.#link.macAddress,
      destination: destination === broadcastAddress ? broadcastMac : receiver,
      ...(this.#vlan === null ? {} : { vlan: { id: this.#vlan, priority: 0 } }),
      etherType: etherTypes.ipv4,
      payload: encodeIpv4({ source, destination, protocol, payload, identification: this.#identification }),
    });
  }
}

/** One TCP conversation shown on the wire: handshake, data in segments, and its end, with sequence numbers that add up. */
export class TcpMirror {
  readonly #link: LimitedLink;
  readonly #frames: FrameMaker;
  readonly #phone: UdpPeer;
  readonly #bench: UdpPeer;
  #next = { ...initialSequence };
  #ended = false;
  readonly #finished = { phone: false, bench: false };

  constructor(link: LimitedLink, frames: FrameMaker, phone: UdpPeer, bench: UdpPeer) {
    this.#link = link;
    this.#frames = frames;
    this.#phone = phone;
    this.#bench = bench;
  }

  connected(): void {
    this.#tell('phone', { syn: true }, 1);
    this.#tell('bench', { syn: true, ack: true }, 1);
    this.#tell('phone', { ack: true }, 0);
  }

  refused(): void {
    this.#tell('phone', { syn: true }, 1);
    this.#next.bench = 0;
    this.#tell('bench', { rst: true, ack: true }, 0);
    this.#ended = true;
  }

  data(from: 'phone' | 'bench', bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += segmentBytes) {
      const payload = bytes.subarray(at, at + segmentBytes);
      this.#tell(from, { ack: true, psh: at + segmentBytes >= bytes.length }, payload.length, payload);
    }
  }

  /** That side sends no more; the other one acknowledges. */
  finished(from: 'phone' | 'bench'): void {
    if (this.#finished[from]) return;
    this.#tell(from, { fin: true, ack: true }, 1);
    this.#finished[from] = true;
    this.#tell(from === 'phone' ? 'bench' : 'phone', { ack: true }, 0);
    this.#ended = this.#finished.phone && this.#finished.bench;
  }

  reset(from: 'phone' | 'bench'): void {
    this.#tell(from, { rst: true, ack: true }, 0);
    this.#ended = true;
  }

  #tell(from: 'phone' | 'bench', flags: Partial<TcpSegment['flags']>, takes: number, payload: Uint8Array = nothing) {
    if (this.#ended) return;
    const byPhone = from === 'phone';
    const sequence = this.#next[from];
    const acknowledgement = flags.ack ? this.#next[byPhone ? 'bench' : 'phone'] : 0;
    const all = { syn: false, ack: false, fin: false, rst: false, psh: false, ...flags };
    const frame = this.#frames.tcp(
      byPhone ? 'in' : 'out',
      byPhone ? this.#phone : this.#bench,
      byPhone ? this.#bench : this.#phone,
      { sequence, acknowledgement, flags: all, window: 65_535, payload },
    );
    this.#next[from] = (sequence + takes) % sequences;
    this.#link.mirror(frame, byPhone ? 'in' : 'out');
  }
}
