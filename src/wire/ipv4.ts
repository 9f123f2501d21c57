export interface Ipv4Packet {
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly ttl: number;
  readonly identification: number;
  readonly moreFragments: boolean;
  readonly fragmentOffset: number;
  readonly payload: Uint8Array;
}
export declare const ipProtocols: { readonly tcp: 6; readonly udp: 17 };
export declare function decodeIpv4(bytes: Uint8Array): Ipv4Packet | undefined;
/** Header checksum filled in, DF set, payload as given. */
export declare function encodeIpv4(packet: {
  source: string;
  destination: string;
  protocol: number;
  ttl?: number;
  identification?: number;
  payload: Uint8Array;
}): Uint8Array;
export interface UdpDatagram {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly checksum: number;
  readonly payload: Uint8Array;
}
export declare function decodeUdp(bytes: Uint8Array): UdpDatagram | undefined;
/** `checksum: 'none'` writes 0 (RFC 768). */
export declare function encodeUdp(datagram: {
  sourcePort: number;
  destinationPort: number;
  payload: Uint8Array;
  source: string;
  destination: string;
  checksum?: 'computed' | 'none';
}): Uint8Array;
export interface TcpSegment {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly flags: {
    readonly syn: boolean;
    readonly ack: boolean;
    readonly fin: boolean;
    readonly rst: boolean;
    readonly psh: boolean;
  };
  readonly window: number;
  readonly payload: Uint8Array;
}
export declare function decodeTcp(bytes: Uint8Array): TcpSegment | undefined;
export declare function encodeTcp(segment: {
  sourcePort: number;
  destinationPort: number;
  sequence: number;
  acknowledgement: number;
  flags: Partial<TcpSegment['flags']>;
  window?: number;
  payload: Uint8Array;
  source: string;
  destination: string;
}): Uint8Array;
/** RFC 1071 one's-complement sum of everything given, folded and inverted. */
export declare function internetChecksum(...parts: readonly Uint8Array[]): number;
/** The same Ethernet frame with its UDP or TCP (IPv4) checksum computed; other frames unchanged. UDP checksum 0 counts as "to be computed" here. */
export declare function completeChecksum(frame: Uint8Array): Uint8Array;
export declare function ipv4ToNumber(text: string): number;
export declare function numberToIpv4(value: number): string;
export interface ArpPacket {
  readonly operation: 'request' | 'reply';
  readonly senderMac: string;
  readonly senderAddress: string;
  readonly targetMac: string;
  readonly targetAddress: string;
}
export declare function decodeArp(bytes: Uint8Array): ArpPacket | undefined;
export declare function encodeArp(packet: ArpPacket): Uint8Array;
