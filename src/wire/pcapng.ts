/** pcapng (draft-ietf-opsawg-pcapng): one section, one Ethernet interface, microsecond stamps, direction in epb_flags, optional comment per packet. */
export interface CapturedFrame {
  readonly bytes: Uint8Array;
  readonly timestampUs: number;
  readonly direction?: 'in' | 'out';
  readonly comment?: string;
  readonly originalLength?: number;
  readonly linkType: number;
}
export declare function pcapngHeader(options: {
  readonly application: string;
  readonly interfaceName: string;
  readonly comment?: string;
}): Uint8Array;
export declare function pcapngPacket(frame: Omit<CapturedFrame, 'linkType'>): Uint8Array;
/** Reads pcapng (both byte orders, several interfaces, any tsresol) and classic pcap (us and ns, both byte orders). Never throws on bad bytes: ends with `malformed`. */
export declare function readCapture(bytes: Uint8Array): {
  readonly frames: readonly CapturedFrame[];
  readonly malformed?: { readonly offset: number; readonly reason: string };
};
