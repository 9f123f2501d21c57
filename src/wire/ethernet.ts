export interface VlanTag {
  readonly id: number;
  readonly priority: number;
  readonly tpid: number;
}
export type EthernetBody =
  | { readonly kind: 'ethertype'; readonly etherType: number }
  | { readonly kind: 'snap'; readonly oui: number; readonly protocol: number; readonly lengthField: number }
  | {
      readonly kind: 'llc';
      readonly dsap: number;
      readonly ssap: number;
      readonly control: number;
      readonly lengthField: number;
    };
export interface EthernetFrame {
  readonly destination: string;
  readonly source: string;
  readonly vlans: readonly VlanTag[];
  readonly body: EthernetBody /** Cut to the 802.3 length where there is one; Ethernet II padding still there. */;
  readonly payload: Uint8Array;
}
/** undefined: too short to be a frame. Never throws. */
export declare function decodeEthernet(bytes: Uint8Array): EthernetFrame | undefined;
/** Ethernet II; adds a tag when `vlan` is given; pads to 60 bytes (64 tagged). */
export declare function encodeEthernet(frame: {
  destination: string;
  source: string;
  vlan?: { id: number; priority: number };
  etherType: number;
  payload: Uint8Array;
}): Uint8Array;
export declare const etherTypes: {
  readonly ipv4: 0x0800;
  readonly arp: 0x0806;
  readonly vlan: 0x8100;
  readonly lldp: 0x88cc;
};
/** Tag handling for user-space VLANs: same frame with a tag put in / the outermost tag taken out. */
export declare function addVlanTag(frame: Uint8Array, tag: { id: number; priority: number }): Uint8Array;
export declare function stripVlanTag(frame: Uint8Array): Uint8Array;
export declare function macToBytes(mac: string): Uint8Array;
export declare function macToText(bytes: Uint8Array): string;
