import { decodeCdp } from '../wire/cdp.js';
import { decodeDhcp } from '../wire/dhcp.js';
import { decodeLldp } from '../wire/lldp.js';
import { isDhcp } from './dhcp.js';
import { takeApart } from './layers.js';
import { actsAsPhone } from './parties.js';
import type { ObservedFrame } from './sighting.js';

/** Phones told of, at most. */
const mostPhones = 1024;
const dhcpReply = 2;

export interface SeenPhone {
  readonly mac: string;
  /** Device id of CDP, system name of LLDP, or host name of DHCP. */
  name: string | null;
  platform: string | null;
  frames: number;
}

/** Every MAC in a capture that does what only a phone does here, in the order they are seen. */
export class PhoneList {
  readonly #phones = new Map<string, SeenPhone>();

  get phones(): readonly SeenPhone[] {
    return [...this.#phones.values()];
  }

  note(bytes: Uint8Array): void {
    const layers = takeApart(bytes);
    if (layers === undefined) return;
    const mac = layers.ethernet.source;
    let phone = this.#phones.get(mac);
    if (phone === undefined && this.#phones.size < mostPhones && actsAsPhone(layers)) {
      phone = { mac, name: null, platform: null, frames: 0 };
      this.#phones.set(mac, phone);
    }
    if (phone === undefined) return;
    phone.frames += 1;
    if (layers.cdp !== undefined) {
      const { deviceId, platform } = decodeCdp(layers.cdp);
      phone.name = deviceId ?? phone.name;
      phone.platform = platform ?? phone.platform;
    } else if (phone.name === null && layers.lldp !== undefined)
      phone.name = decodeLldp(layers.lldp).systemName ?? null;
    else if (phone.name === null && layers.udp !== undefined && isDhcp(layers.udp))
      phone.name = decodeDhcp(layers.udp.payload).hostName ?? null;
  }
}

/**
 * Whose side of one phone's story a frame is: `in` from the phone, `out` to it or to all; undefined: it is about others.
 * An answer of DHCP that goes to all is for the phone it names.
 */
export const sideOf = (bytes: Uint8Array, phone: string, others: ReadonlySet<string>): 'in' | 'out' | undefined => {
  const layers = takeApart(bytes);
  if (layers === undefined) return undefined;
  const { source, destination } = layers.ethernet;
  if (source === phone) return 'in';
  if (destination === phone) return 'out';
  const isForAll = (Number.parseInt(destination.slice(0, 2), 16) & 1) === 1;
  if (!isForAll || others.has(source)) return undefined;
  if (layers.udp === undefined || !isDhcp(layers.udp)) return 'out';
  const { op, clientMac } = decodeDhcp(layers.udp.payload);
  return op === dhcpReply && clientMac === phone ? 'out' : undefined;
};

/** Stations behind the jack that are remembered: a phone, and what hangs on it. */
const mostBehind = 256;

/**
 * On a wire that is bridged to a network with others on it: which frames are about what hangs on the jack. All from there
 * are; from the uplink those to it, and those to all but what other clients say and are answered by DHCP.
 */
export const createBridgedStory = (): { concerns(frame: Pick<ObservedFrame, 'bytes' | 'direction'>): boolean } => {
  const behind = new Set<string>();
  return {
    concerns: ({ bytes, direction }) => {
      const layers = takeApart(bytes);
      if (layers === undefined) return direction === 'in';
      const { source, destination } = layers.ethernet;
      if (direction === 'in') {
        if (behind.size < mostBehind) behind.add(source);
        return true;
      }
      if (behind.has(destination)) return true;
      const isForAll = (Number.parseInt(destination.slice(0, 2), 16) & 1) === 1;
      if (!isForAll || actsAsPhone(layers)) return false;
      if (layers.udp === undefined || !isDhcp(layers.udp)) return true;
      return behind.has(decodeDhcp(layers.udp.payload).clientMac);
    },
  };
};
