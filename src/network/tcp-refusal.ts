import { openSilentTcpPort } from '../os/device-socket.js';
import { closeDescriptor } from '../os/libc.js';
import { decodeEthernet, type EthernetFrame, encodeEthernet, etherTypes } from '../wire/ethernet.js';
import { decodeIpv4, decodeTcp, encodeIpv4, encodeTcp, ipProtocols } from '../wire/ipv4.js';
import type { FrameLink } from './frame-link.js';
import type { TcpListener } from './ip-attachment.js';
import type { SocketPlace } from './socket-ports.js';

const sequences = 2 ** 32;

/**
 * Answers every SYN to `place` with RST (RFC 9293, 3.5.2) on the wire it came from. The kernel's own RST is not used: with
 * equal addresses on two wires it goes out on either.
 *
 * @throws BenchError SYSTEM_CALL when the port is taken
 */
export const refuseOnWire = (link: FrameLink, vlan: number | null, place: SocketPlace): TcpListener => {
  const silent = openSilentTcpPort(place);
  const unlisten = link.onFrame(({ bytes, direction }) => {
    const answer = direction === 'in' ? resetFor(bytes, link.macAddress, vlan, place) : undefined;
    if (answer === undefined) return;
    try {
      link.send(answer);
    } catch {
      // The wire went down meanwhile; the phone asks again.
    }
  });
  let closed = false;
  return {
    close: async () => {
      if (closed) return;
      closed = true;
      unlisten();
      closeDescriptor(silent);
    },
  };
};

const belongs = (frame: EthernetFrame, mac: string, vlan: number | null): boolean =>
  frame.destination === mac &&
  frame.body.kind === 'ethertype' &&
  frame.body.etherType === etherTypes.ipv4 &&
  (frame.vlans[0]?.id ?? 0) === (vlan ?? 0);

const resetFor = (
  bytes: Uint8Array,
  mac: string,
  vlan: number | null,
  { address, port }: SocketPlace,
): Uint8Array | undefined => {
  const frame = decodeEthernet(bytes);
  if (frame === undefined || !belongs(frame, mac, vlan)) return undefined;
  const packet = decodeIpv4(frame.payload);
  if (packet?.protocol !== ipProtocols.tcp || packet.destination !== address) return undefined;
  const segment = decodeTcp(packet.payload);
  if (segment?.destinationPort !== port || !segment.flags.syn || segment.flags.ack) return undefined;
  const ends = { source: packet.destination, destination: packet.source };
  const reset = encodeTcp({
    ...ends,
    sourcePort: segment.destinationPort,
    destinationPort: segment.sourcePort,
    sequence: 0,
    acknowledgement: (segment.sequence + 1 + segment.payload.length) % sequences,
    flags: { rst: true, ack: true },
    window: 0,
    payload: new Uint8Array(0),
  });
  return encodeEthernet({
    source: mac,
    destination: frame.source,
    ...(vlan === null ? {} : { vlan: { id: vlan, priority: 0 } }),
    etherType: etherTypes.ipv4,
    payload: encodeIpv4({ ...ends, protocol: ipProtocols.tcp, payload: reset }),
  });
};
