import { BenchError } from '../errors.js';
import { ByteReader, ByteWriter, readOrUndefined } from './cursor.js';

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
  /** Outermost first. */
  readonly vlans: readonly VlanTag[];
  readonly body: EthernetBody;
  /** Cut to the 802.3 length where there is one; Ethernet II padding still there. */
  readonly payload: Uint8Array;
}

export const etherTypes = { ipv4: 0x0800, arp: 0x0806, vlan: 0x8100, lldp: 0x88cc } as const;

const macLength = 6;
const tagLength = 4;
/** 802.3: up to this the field is a length, above 0x05ff it is a type. */
const longestLengthField = 1500;
const shortestFrame = 60;
/** 802.1Q, 802.1ad, and the old double-tag type. */
const tagTypes: ReadonlySet<number> = new Set([etherTypes.vlan, 0x88a8, 0x9100]);
const snap = { dsap: 0xaa, ssap: 0xaa, control: 0x03, headerLength: 5 } as const;

/** undefined: too short to be a frame. Never throws. */
export function decodeEthernet(bytes: Uint8Array): EthernetFrame | undefined {
  return readOrUndefined(() => {
    const reader = new ByteReader(bytes);
    const destination = macToText(reader.bytes(macLength, 'destination'));
    const source = macToText(reader.bytes(macLength, 'source'));
    const vlans: VlanTag[] = [];
    let type = reader.u16('type');
    while (tagTypes.has(type)) {
      const control = reader.u16('tag control');
      vlans.push({ id: control & 0x0fff, priority: control >>> 13, tpid: type });
      type = reader.u16('type');
    }
    if (type > longestLengthField) {
      const body = { kind: 'ethertype', etherType: type } as const;
      return { destination, source, vlans, body, payload: reader.rest() };
    }
    return { destination, source, vlans, ...readLlc(reader.part(Math.min(type, reader.remaining), 'LLC'), type) };
  });
}

function readLlc(reader: ByteReader, lengthField: number): Pick<EthernetFrame, 'body' | 'payload'> {
  const dsap = reader.u8('DSAP');
  const ssap = reader.u8('SSAP');
  const control = reader.u8('LLC control');
  const isSnap = dsap === snap.dsap && ssap === snap.ssap && control === snap.control;
  if (isSnap && reader.remaining >= snap.headerLength) {
    const oui = reader.u24('OUI');
    const protocol = reader.u16('SNAP protocol');
    return { body: { kind: 'snap', oui, protocol, lengthField }, payload: reader.rest() };
  }
  return { body: { kind: 'llc', dsap, ssap, control, lengthField }, payload: reader.rest() };
}

/** Ethernet II; adds a tag when `vlan` is given; pads to 60 bytes (64 tagged). */
export function encodeEthernet(frame: {
  destination: string;
  source: string;
  vlan?: { id: number; priority: number };
  etherType: number;
  payload: Uint8Array;
}): Uint8Array {
  const writer = new ByteWriter().bytes(macToBytes(frame.destination)).bytes(macToBytes(frame.source));
  const bare = writer.u16(frame.etherType).bytes(frame.payload).padTo(shortestFrame).finish();
  return frame.vlan ? addVlanTag(bare, frame.vlan) : bare;
}

/** 802.3 with LLC/SNAP; the length field counts from the LLC on; pads to 60 bytes. */
export function encodeSnap(frame: {
  destination: string;
  source: string;
  oui: number;
  protocol: number;
  payload: Uint8Array;
}): Uint8Array {
  const llc = new ByteWriter().u8(snap.dsap).u8(snap.ssap).u8(snap.control).u24(frame.oui).u16(frame.protocol);
  const body = llc.bytes(frame.payload).finish();
  const writer = new ByteWriter().bytes(macToBytes(frame.destination)).bytes(macToBytes(frame.source));
  return writer.u16(body.length).bytes(body).padTo(shortestFrame).finish();
}

/** Tag handling for user-space VLANs: the same frame with an 802.1Q tag put in outermost. */
export function addVlanTag(frame: Uint8Array, tag: { id: number; priority: number }): Uint8Array {
  const reader = new ByteReader(frame);
  const addresses = reader.remaining < 2 * macLength ? reader.rest() : reader.bytes(2 * macLength, 'addresses');
  const control = ((tag.priority & 7) << 13) | (tag.id & 0x0fff);
  return new ByteWriter().bytes(addresses).u16(etherTypes.vlan).u16(control).bytes(reader.rest()).finish();
}

/** The same frame with the outermost tag taken out; an untagged frame as it is. */
export function stripVlanTag(frame: Uint8Array): Uint8Array {
  const tagged = (decodeEthernet(frame)?.vlans.length ?? 0) > 0;
  if (!tagged) return frame;
  const reader = new ByteReader(frame);
  const addresses = reader.bytes(2 * macLength, 'addresses');
  reader.skip(tagLength, 'tag');
  return new ByteWriter().bytes(addresses).bytes(reader.rest()).finish();
}

/** Six pairs of hexadecimal digits with colons, or BenchError INTERNAL: texts from outside are checked where they come in. */
export function macToBytes(mac: string): Uint8Array {
  if (!/^[\da-f]{2}(:[\da-f]{2}){5}$/i.test(mac)) throw new BenchError('INTERNAL', `not a MAC address: ${mac}`);
  return Uint8Array.from(mac.split(':'), (pair) => Number.parseInt(pair, 16));
}

const octets = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, '0'));

/** Lower case with colons. Joined from a table: every frame's addresses pass here several times. */
export function macToText(bytes: Uint8Array): string {
  let text = '';
  for (let index = 0; index < bytes.length; index += 1) text += (index === 0 ? '' : ':') + octets[bytes[index] ?? 0];
  return text;
}

/** To many at once, as CDP, LLDP and broadcasts are: one look at the first byte (IEEE 802, individual/group bit). */
export const isForGroup = (frame: Uint8Array): boolean => ((frame[0] ?? 0) & 1) === 1;
