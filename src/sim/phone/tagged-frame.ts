import { type EthernetFrame, encodeEthernet } from '../../wire/ethernet.js';

/** CoS that a phone gives its signalling on the voice VLAN. */
export const signallingPriority = 3;
export const broadcastMac = 'ff:ff:ff:ff:ff:ff';

/** An Ethernet II frame of the phone on the VLAN it lives on (null: untagged). */
export const phoneFrame = (options: {
  readonly vlan: number | null;
  readonly source: string;
  readonly destination: string;
  readonly etherType: number;
  readonly payload: Uint8Array;
}): Uint8Array => {
  const { vlan, source, destination, etherType, payload } = options;
  const tag = vlan === null ? {} : { vlan: { id: vlan, priority: signallingPriority } };
  return encodeEthernet({ destination, source, etherType, payload, ...tag });
};

/** Whether a frame came on the VLAN the phone lives on; an untagged phone takes priority-tagged frames too. */
export const isOnVlan = (frame: EthernetFrame, vlan: number | null): boolean =>
  (frame.vlans[0]?.id ?? 0) === (vlan ?? 0);
