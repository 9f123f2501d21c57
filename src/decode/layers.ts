/** Where the walker is in a frame, and what it passed on the way down. One object, reused for every frame. */
export interface Layers {
  /** 1-based, in the file. */
  number: number;
  timestampUs: number;
  /** What the MAC addresses and tags were read from. */
  frame: Buffer;
  /** Offsets of the innermost MAC addresses in `frame`; -1: the link has none. */
  sourceMacAt: number;
  destinationMacAt: number;
  /** Every 802.1Q id, outermost first. */
  readonly vlans: number[];
  /** The innermost IP header's addresses: 4 or 16 bytes each, source first, behind one another. */
  addresses: Buffer;
  addressesAt: number;
  addressLength: 0 | 4 | 16;
  /** The packet stands inside an ICMP error, which quotes its start. */
  quoted: boolean;
}

/**
 * Bytes of one layer: `bytes` from `at` to `end`. `missing`: so many more were on the wire and are not in the capture.
 */
export type ReadLayer = (bytes: Buffer, at: number, end: number, missing: number) => void;

/** What the walker finds at the bottom. */
export interface Findings {
  readonly cdp: ReadLayer;
  readonly lldp: ReadLayer;
  udp(sourcePort: number, destinationPort: number, bytes: Buffer, at: number, end: number, missing: number): void;
  /** `at`: the TCP header; `payloadAt`: behind it. */
  tcp(bytes: Buffer, at: number, payloadAt: number, end: number, missing: number): void;
}

export const createLayers = (): Layers => ({
  number: 0,
  timestampUs: 0,
  frame: Buffer.alloc(0),
  sourceMacAt: -1,
  destinationMacAt: -1,
  vlans: [],
  addresses: Buffer.alloc(0),
  addressesAt: 0,
  addressLength: 0,
  quoted: false,
});
